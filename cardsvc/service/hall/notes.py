"""Notes of a hall's day: the morning's checklist, patrols through the hall, incidents. Nothing is taken back."""

import datetime as dt
import uuid
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.rules import RuleSet
from cardsvc.rules.hall import checklist
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import HallNote, Staff

KINDS = ("checklist", "patrol", "incident")
STAFF_OF_HALL = ("clerk", "cashier", "supervisor", "stock_keeper")


def write_note(
    store: Store,
    rules: RuleSet,
    kind: str,
    text: str,
    *,
    by: Staff,
    now: dt.datetime,
    item: str | None = None,
    good: bool = True,
    key: str | None = None,
) -> HallNote:
    """Keep a note. One of the checklist names its item; one that is not good, and every incident, says why. The same ``key``
    again keeps nothing more.

    Raises RequestError ``hall_note_wrong``, ``not_permitted``.
    """
    require_role(by, *STAFF_OF_HALL)
    day = local_day(now)
    known = {code for code, _zh, _en in checklist(rules, day)}
    fits = (item in known) if kind == "checklist" else item is None
    wanted = kind != "checklist" or not good
    if kind not in KINDS or not fits or len(text) > 400 or (wanted and not text.strip()):
        raise RequestError("hall_note_wrong")
    note = HallNote(key or str(uuid.uuid4()), by.outlet_id, day, kind, good, text, by.staff_id, now, item)

    def work(uow: UnitOfWork) -> HallNote:
        uow.outlets.lock(by.outlet_id)
        return uow.hall_notes.get(note.note_id) or uow.hall_notes.add(note)

    return store.transact(work)


def day_notes(uow: UnitOfWork, rules: RuleSet, outlet_id: str, day: dt.date) -> dict[str, Any]:
    """The notes of a day, and what of the checklist nobody has gone through yet."""
    notes = uow.hall_notes.of_day(outlet_id, day)
    seen = {note.item for note in notes if note.kind == "checklist"}
    return {
        "outlet_id": outlet_id,
        "day": day.isoformat(),
        "missing": [code for code, _zh, _en in checklist(rules, day) if code not in seen],
        "notes": [
            {
                "kind": n.kind,
                "item": n.item,
                "good": n.good,
                "text": n.text,
                "by": n.by,
                "at": n.at.isoformat(timespec="seconds"),
            }
            for n in notes
        ],
    }
