"""Shifts as a desk's own program asks for them: it signs as a terminal, and its teller says who they are with each deed.

A terminal sees and moves only the shifts of its own workstation, and only people of its outlet work at it. What is sent again,
because no answer came, is answered as the first time.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.ledger.states import ShiftState
from cardsvc.service.books.reports import day_bounds
from cardsvc.service.cash.shifts import begin_close, close_shift, listed_shifts, open_shift, shift_view
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.terminals.tellers import Teller, teller_at
from cardsvc.store import Store
from cardsvc.store.records import Shift

_SHIFTS = uuid.UUID("0c3f1d52-6a0b-4b58-9d43-7b1f0f2f4c1d")


def open_by(
    store: Store, actor: Actor, key: str, teller: Teller, pieces: Mapping[str, int], now: dt.datetime
) -> tuple[dict[str, Any], bool]:
    """Open a shift at the terminal that asks; ``key`` tells this opening from every other. True: it was opened before.

    Raises as ``open_shift`` does, and RequestError ``sign_in_wrong``, ``sign_in_locked``, ``password_once``.
    """
    by = teller_at(store, actor, teller, now)
    identifier = str(uuid.uuid5(_SHIFTS, f"{actor.id} {key}"))
    with store.read() as uow:
        known = uow.shifts.get(identifier)
    shift = open_shift(store, (actor.kind, actor.id), pieces, by=by, now=now, shift_id=identifier)
    return shift_view(shift), known is not None


def close_by(
    store: Store, actor: Actor, shift_id: str, teller: Teller, pieces: Mapping[str, int] | None, now: dt.datetime
) -> dict[str, Any]:
    """Stop taking cash (no ``pieces``), or close with a count. Raises as ``close_shift`` does, and as ``open_by``."""
    shift, by = _own(store, actor, shift_id), teller_at(store, actor, teller, now)
    if pieces is None:
        return shift_view(begin_close(store, shift_id, by=by))
    if shift.state == ShiftState.CLOSED and shift.closing_count == dict(pieces) and by.staff_id == shift.staff_id:
        return shift_view(shift)
    return shift_view(close_shift(store, shift_id, pieces, by=by, now=now))


def own_shift(store: Store, actor: Actor, shift_id: str) -> dict[str, Any]:
    """A shift of this workstation. Raises RequestError ``shift_unknown``."""
    return shift_view(_own(store, actor, shift_id))


def shifts_of_day(store: Store, day: dt.date, outlet_id: str | None) -> list[dict[str, Any]]:
    """Shifts that ran on a day, of an outlet or of all, newest first."""
    with store.read() as uow:
        found = uow.shifts.within(*day_bounds(day))
        return listed_shifts(uow, [shift for shift in found if outlet_id in (None, shift.outlet_id)])


def _own(store: Store, actor: Actor, shift_id: str) -> Shift:
    with store.read() as uow:
        shift = uow.shifts.get(shift_id)
    if shift is None or (shift.actor_kind, shift.actor_id) != (actor.kind, actor.id):
        raise RequestError("shift_unknown")
    return shift
