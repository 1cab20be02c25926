"""Drawers whose tellers do not close them: somebody who was suspended, or moved, in the middle of a shift.

The drawer stands still from the moment of the suspension and is counted by a supervisor of its outlet; a second
supervisor agrees, also when nothing differs (shifts.py), so no drawer is forgiven by one person.
"""

from typing import Any

from cardsvc.errors import RequestError
from cardsvc.ledger.states import SHIFT_ALLOWED, ShiftState, advance
from cardsvc.service.cash.shifts import shift_view
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Staff


def freeze_drawer(uow: UnitOfWork, teller: Staff) -> None:
    """No more money moves in the drawer of somebody who is suspended, in the transaction that suspends them: their colleague at
    the desk opens one of their own."""
    for found in uow.shifts.of_teller(teller.staff_id):
        shift = uow.shifts.for_update(found.shift_id)
        if shift is not None and shift.state == ShiftState.OPEN:  # its teller may have begun to close it meanwhile
            uow.shifts.change(shift, state=advance(SHIFT_ALLOWED, ShiftState(shift.state), ShiftState.CLOSING))


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
