"""What the library's system is told of cards with its application: opened, closed, lost, found, replaced, cancelled.

Each is queued in the transaction that makes it true, and goes out in order for each reader (outbox.py). A reader is known by
the card's number; no name leaves the service. After a replacement borrowing comes back by itself: ``replaced`` names both
numbers as soon as the new card is issued.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.service.messages.outbox import Outbox
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Card, CardApplication, LibraryNotice, Staff
from cardsvc.store.states import NoticeState
from cardsvc.units import LOCAL

APPLICATION = "library"
MAY_TRY_AGAIN = ("supervisor", "administrator")
SHOWN = 100


def tell_library(uow: UnitOfWork, card_no: str, event: str, now: dt.datetime, **body: Any) -> None:
    """Queue a notice about a card, where the library knows it: its application is, or was until now, open on it."""
    card = uow.cards.get(card_no)
    if card is None or (event != "closed" and not _reader(uow, card_no)):
        return
    _queue(uow, card, event, body, now)


def tell_opened(uow: UnitOfWork, row: CardApplication, now: dt.datetime) -> None:
    """The library's application was opened or closed, as its row says."""
    until = row.valid_to.isoformat() if row.valid_to else None
    tell_library(uow, row.card_no, "opened" if row.state == "open" else "closed", now, valid_to=until)


def tell_replaced(uow: UnitOfWork, old_card_no: str, card: Card, now: dt.datetime) -> None:
    """The new card of a reader is issued: the library lends to it from now on, and no longer to the old one."""
    if _reader(uow, old_card_no):
        _queue(uow, card, "replaced", {"old_card_no": old_card_no, "valid_to": card.expiry_date.isoformat()}, now)


def _reader(uow: UnitOfWork, card_no: str) -> bool:
    """Whether the library lends to this card: its application is open on it, or was on the card that it replaces."""
    row = uow.applications.get(card_no, APPLICATION)
    if row is not None:
        return row.state in ("open", "blocked")
    replaced = uow.replacements.by_new_card(card_no)
    return replaced is not None and _reader(uow, replaced.old_card_no)


def _queue(uow: UnitOfWork, card: Card, event: str, body: Mapping[str, Any], now: dt.datetime) -> None:
    citizen_id, number = card.citizen_id, uow.library_notices.highest(card.citizen_id) + 1
    uow.library_notices.add(
        LibraryNotice(citizen_id, number, card.card_no, event, dict(body), NoticeState.WAITING, 0, now, now)
    )


def _told(notice: LibraryNotice) -> dict[str, Any]:
    """What goes out: ``id`` is the same at every attempt."""
    at = notice.queued_at.astimezone(LOCAL).isoformat(timespec="seconds")
    return {"id": notice.notice_id, "event": notice.event, "card_no": notice.card_no, "at": at, **notice.body}


LIBRARY: Outbox[LibraryNotice] = Outbox(
    rows=lambda uow: uow.library_notices,
    due=lambda uow, now, limit: uow.library_notices.due(now, limit),
    key=lambda notice: (notice.citizen_id, notice.number),
    told=_told,
)


def list_library(store: Store, *, failed: bool = False) -> list[dict[str, Any]]:
    """The newest notices, or those alone that were tried as often as may be (dead letters)."""
    with store.read() as uow:
        rows = uow.library_notices.in_state(NoticeState.FAILED, SHOWN) if failed else uow.library_notices.latest(SHOWN)
    return [
        {
            **_told(row),
            "citizen_id": row.citizen_id,
            "number": row.number,
            "state": str(row.state),
            "attempts": row.attempts,
            "next_at": row.next_at.astimezone(LOCAL).isoformat(timespec="minutes"),
            "error": row.error,
        }
        for row in rows
    ]


def try_library_again(store: Store, citizen_id: str, number: int, *, by: Staff, now: dt.datetime) -> None:
    """A dead letter is tried anew, and what waits behind it follows. Raises RequestError ``not_permitted``,
    ``notice_not_failed``."""
    require_role(by, *MAY_TRY_AGAIN)
    store.transact(lambda uow: LIBRARY.try_again(uow, (citizen_id, number), now))
