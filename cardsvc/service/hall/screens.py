"""Screens of the hall: a ticket machine, a display, the second screen of a desk are browsers that somebody of the staff paired.

A browser that nobody paired shows a code; a supervisor types it on a page of their own and says what stands there. The cookie
holds a random token and the database its hash only. Who appraises a desk stands before its screen, not behind the desk.
"""

import datetime as dt
import hashlib
import secrets
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.service.desk.workstations import WORKSTATION
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import HallScreen, Staff

APPRAISE = "appraise"
PAPER = "tickets_paper"
PURPOSES = ("display", "tickets", PAPER, APPRAISE)
NOTE_EVERY = dt.timedelta(seconds=20)
"""That a screen asked is written at most so often."""
SHOWN_FOR = dt.timedelta(minutes=2)
"""A code ends with the page that shows it."""
MOST_WAITING = 50
"""Whoever opens the page of the screens writes a row: so many at a time."""


def screen_of(store: Store, token: str, now: dt.datetime) -> HallScreen | None:
    """The screen with this cookie; None where there is none, or it is one no more."""
    with store.read() as uow:
        found = uow.hall_screens.get(_hashed(token))
    if found is None or found.ended_at is not None:
        return None
    return found if now < found.seen_at + NOTE_EVERY else store.transact(lambda uow: _seen(uow, found, now))


def _seen(uow: UnitOfWork, screen: HallScreen, now: dt.datetime) -> HallScreen | None:
    """It may have been forgotten meanwhile, or paired."""
    found = uow.hall_screens.for_update(screen.screen_id)
    return uow.hall_screens.change(found, seen_at=max(now, found.seen_at)) if found else None


def introduce(store: Store, now: dt.datetime) -> tuple[str, HallScreen]:
    """A browser that is no screen yet: the token for its cookie, and the screen with the code that it shows.

    Raises OperationError ``screens_many``.
    """
    token = secrets.token_urlsafe(32)

    def work(uow: UnitOfWork) -> HallScreen:
        uow.hold("codes of screens")
        uow.hall_screens.forget(now - SHOWN_FOR)
        if uow.hall_screens.waiting() >= MOST_WAITING:
            raise OperationError("screens_many")
        while uow.hall_screens.with_code(code := f"{secrets.randbelow(1_000_000):06d}"):
            pass
        return uow.hall_screens.add(HallScreen(_hashed(token), code, now, now))

    return token, store.transact(work)


def pair(
    store: Store, code: str, purpose: str, outlet_id: str, desk: str | None = None, *, by: Staff, now: dt.datetime
) -> HallScreen:
    """Say what the screen with this code is. Raises RequestError ``not_permitted``, ``screen_elsewhere``, ``outlet_unknown``,
    ``screen_desk_wrong``, ``screen_code_wrong``."""
    _may(by, outlet_id)

    def work(uow: UnitOfWork) -> HallScreen:
        if uow.outlets.get(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id[:32])
        if purpose not in PURPOSES or (purpose == APPRAISE) != (desk in desks_of(uow, outlet_id)):
            raise RequestError("screen_desk_wrong")
        shown = uow.hall_screens.with_code(code)
        found = uow.hall_screens.for_update(shown.screen_id) if shown else None
        if found is None or found.code != code or found.seen_at + SHOWN_FOR < now:
            raise RequestError("screen_code_wrong", shown=code[:16])
        about = {"outlet_id": outlet_id, "purpose": purpose, "desk": desk}
        return uow.hall_screens.change(found, code=None, paired_by=by.staff_id, paired_at=now, **about)

    return store.transact(work)


def desks_of(uow: UnitOfWork, outlet_id: str) -> dict[str, str]:
    """The desks of an outlet that a second screen may stand at, with their names, as the queue knows them."""
    places = [one for one in uow.terminals.all() if (one.role, one.outlet_id) == (WORKSTATION, outlet_id)]
    return {one.terminal_id[:16]: one.name for one in sorted(places, key=lambda one: one.terminal_id)}


def unpair(store: Store, screen_id: str, *, by: Staff, now: dt.datetime) -> None:
    """This is no screen any more: it shows a code again. Done before, nothing happens.

    Raises RequestError ``not_permitted``, ``screen_elsewhere``, ``screen_unknown``.
    """

    def work(uow: UnitOfWork) -> None:
        found = uow.hall_screens.for_update(screen_id)
        if found is None or found.outlet_id is None:
            raise RequestError("screen_unknown")
        _may(by, found.outlet_id)
        if found.ended_at is None:
            uow.hall_screens.change(found, ended_by=by.staff_id, ended_at=now)

    store.transact(work)


def screens_of(store: Store, outlet_id: str, now: dt.datetime) -> list[dict[str, Any]]:
    """The screens of an outlet: ``screen_id``, ``purpose``, ``desk``, who paired it when, ``seen_at``, and whether
    it is ``online``."""
    with store.read() as uow:
        rows, names = uow.hall_screens.paired_at(outlet_id), desks_of(uow, outlet_id)
    return [
        {
            "screen_id": row.screen_id,
            "purpose": row.purpose,
            "desk": row.desk,
            "desk_name": names.get(row.desk or "") or row.desk,
            "paired_by": row.paired_by,
            "paired_at": row.paired_at,
            "seen_at": row.seen_at,
            "online": now < row.seen_at + 3 * NOTE_EVERY,
        }
        for row in rows
    ]


def _may(by: Staff, outlet_id: str) -> None:
    require_role(by, "supervisor", "administrator")
    if by.role == "supervisor" and by.outlet_id != outlet_id:
        raise RequestError("screen_elsewhere")


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
