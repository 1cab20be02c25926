"""Drawers whose tellers do not close them: somebody who was suspended, or moved, in the middle of a shift.

The drawer stands still from the moment of the suspension and is counted by a supervisor of its outlet; a difference takes a
second supervisor, as always (shifts.py), so no drawer is forgiven by one person.
"""

from typing import Any

from cardsvc.errors import RequestError
from cardsvc.ledger.states import ShiftState
from cardsvc.service.cash.shifts import begin_close, shift_view
from cardsvc.store import Store
from cardsvc.store.records import Staff


def freeze_drawer(store: Store, teller: Staff) -> None:
    """No more money moves in the drawer of somebody who was suspended: their colleague at the desk opens one of their own."""
    with store.read() as uow:
        found = [shift for shift in uow.shifts.of_teller(teller.staff_id) if shift.state == ShiftState.OPEN]
    for shift in found:
        begin_close(store, shift.shift_id, by=teller)  # for its teller, who cannot do it any more


def drawer_left(store: Store, shift_id: str) -> dict[str, Any]:
    """A shift that is not closed, as ``shift_view`` shows it, with its teller's ``name`` and ``teller_state``.

    Raises RequestError ``shift_unknown``.
    """
    with store.read() as uow:
        shift = uow.shifts.get(shift_id)
        teller = uow.staff.get(shift.staff_id) if shift else None
    if shift is None or teller is None or shift.state == ShiftState.CLOSED:
        raise RequestError("shift_unknown")
    return {**shift_view(shift), "name": teller.name, "teller_state": teller.state}


def drawers_of(store: Store, staff_id: str) -> list[dict[str, Any]]:
    """A person's shifts that are not closed, as ``shift_view`` shows them."""
    with store.read() as uow:
        return [shift_view(shift) for shift in uow.shifts.of_teller(staff_id)]
