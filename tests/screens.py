"""A screen of a hall, paired as a supervisor pairs it, for tests that stand before one."""

import datetime as dt

from cardsvc.service.hall.screens import introduce, pair
from cardsvc.store import Store

COOKIE = "cardsvc_screen"


def paired(store: Store, path: str, now: dt.datetime) -> str:
    """What the cookie of a new screen holds that stands at this page of the hall: ``display``, ``appraise/ws-1``."""
    purpose, _, desk = path.split("/live", maxsplit=1)[0].partition("/")
    with store.read() as uow:
        chief = uow.staff.get("chief")
    assert chief
    token, screen = introduce(store, now)
    pair(store, str(screen.code), purpose, "hall", desk or None, by=chief, now=now)
    return token
