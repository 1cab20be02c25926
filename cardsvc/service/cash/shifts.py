"""Teller shifts: a counted drawer is opened, takes the cash of its workstation, and is closed by another count.

The count at the close is blind: what the ledger expects is told only after it was made. A drawer that differs waits for its
explanation and a second person. From the moment a shift starts to close no money moves in its drawer: a top-up holds the
shift's row while it books into it, so what is expected stands still while people count.
"""

import datetime as dt
import re
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.ledger import cash
from cardsvc.ledger.postings import Posting, drawer_account
from cardsvc.ledger.states import SHIFT_ALLOWED, ShiftState, advance
from cardsvc.service.cash.drawer import locked_shift, refuse_more_than_the_vault_holds
from cardsvc.service.machines import SHIFT
from cardsvc.service.staff.accounts import not_permitted, require_role
from cardsvc.service.staff.approvals import ApprovalKind, Kinds, propose
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Shift, Staff
from cardsvc.units import LOCAL

TELLERS = ("clerk", "cashier", "supervisor")


def open_shift(
    store: Store,
    workstation: tuple[str, str],
    pieces: Mapping[str, int],
    *,
    by: Staff,
    now: dt.datetime,
    shift_id: str | None = None,
) -> Shift:
    """Open a shift at a workstation (kind and id of its actor) with a counted float from the vault of the teller's outlet.
    ``shift_id``: of whoever asks again when no answer came; the same again is the shift that was opened then.

    Raises RequestError: ``count_wrong``, ``not_permitted``, ``idempotency_key_reused``, ``terminal_unknown``; OperationError:
    ``day_ended``, ``vault_short``, ``shift_open_elsewhere`` for the teller, ``workstation_taken``.
    """
    require_role(by, *TELLERS)
    amount = cash.counted(pieces)
    identifier = shift_id or str(uuid.uuid4())
    shift = Shift(identifier, by.outlet_id, by.staff_id, *workstation, ShiftState.OPEN, dict(pieces), amount, now)

    def work(uow: UnitOfWork) -> Shift:
        uow.outlets.lock(by.outlet_id)
        if (known := uow.shifts.get(identifier)) is not None:
            if (known.staff_id, known.opening_count) != (shift.staff_id, shift.opening_count):
                raise RequestError("idempotency_key_reused")
            return known
        if uow.day_seals.of_day(by.outlet_id, now.astimezone(LOCAL).date()) is not None:
            raise OperationError("day_ended")
        if shift.actor_kind == "terminal" and uow.terminals.get(shift.actor_id) is None:
            raise RequestError("terminal_unknown")
        refuse_more_than_the_vault_holds(uow, by.outlet_id, amount)
        uow.shifts.add(shift)
        if amount:
            _post(uow, shift, cash.drawer_filled(shift.shift_id, shift.outlet_id, amount), now)
        return shift

    return store.transact(work)


def _post(uow: UnitOfWork, shift: Shift, posting: Posting, now: dt.datetime) -> None:
    uow.ledger.post(cash.shift_chain(shift.shift_id), posting, shift.shift_id, now)


def begin_close(store: Store, shift_id: str, *, by: Staff) -> Shift:
    """No more money moves in the drawer; it can be counted. Done before already, nothing happens.

    Raises RequestError ``shift_unknown``, ``not_permitted``; OperationError ``state_not_allowed``.
    """

    def work(uow: UnitOfWork) -> Shift:
        shift = _mine(uow, shift_id, by)
        if shift.state == ShiftState.CLOSING:
            return shift
        return uow.shifts.change(shift, state=advance(SHIFT_ALLOWED, ShiftState(shift.state), ShiftState.CLOSING))

    return store.transact(work)


def count_drawer(store: Store, shift_id: str, pieces: Mapping[str, int], *, by: Staff, now: dt.datetime) -> Shift:
    """The count at the close. A drawer that agrees with its teller's count is emptied into the vault; another, and any that
    somebody else counts, waits for a second person and may be counted again.

    Raises RequestError ``count_wrong``, ``shift_unknown``, ``not_permitted``, ``approval_open`` when its difference was
    explained already; OperationError ``state_not_allowed``.
    """
    amount = cash.counted(pieces)

    def work(uow: UnitOfWork) -> Shift:
        shift = _mine(uow, shift_id, by)
        if uow.approvals.open_on(SHIFT_DIFFERENCE.name, shift_id):
            raise RequestError("approval_open", subject=shift_id)
        expected = uow.ledger.balance_of(drawer_account(shift_id))
        counted = {"closing_count": dict(pieces), "counted": amount, "counted_by": by.staff_id, "expected": expected}
        if amount == expected and by.staff_id == shift.staff_id:  # a drawer whose teller is not there takes two people
            return _closed(uow, shift, now, **counted)
        if shift.state != ShiftState.DIFFERENCE_PENDING:
            counted["state"] = advance(SHIFT_ALLOWED, ShiftState(shift.state), ShiftState.DIFFERENCE_PENDING)
        return uow.shifts.change(shift, **counted)

    return store.transact(work)


def close_shift(store: Store, shift_id: str, pieces: Mapping[str, int], *, by: Staff, now: dt.datetime) -> Shift:
    """Stop taking cash where that was not done yet, and count. Raises as ``begin_close`` and ``count_drawer`` do."""
    with store.read() as uow:
        shift = uow.shifts.get(shift_id)
    if shift is not None and shift.state == ShiftState.OPEN:
        begin_close(store, shift_id, by=by)
    return count_drawer(store, shift_id, pieces, by=by, now=now)


def workstation_of(text: str) -> tuple[str, str]:
    """``kind:id`` of a workstation. Raises RequestError ``workstation_wrong``."""
    kind, _, identifier = text.partition(":")
    if kind not in ("local", "desk", "terminal") or not re.fullmatch(r"[A-Za-z0-9._-]{1,64}", identifier):
        raise RequestError("workstation_wrong", workstation=text[:80])
    return kind, identifier


def _closed(uow: UnitOfWork, shift: Shift, now: dt.datetime, **values: Any) -> Shift:
    """Book the difference, empty the drawer into the vault, and end the shift."""
    state = advance(SHIFT_ALLOWED, ShiftState(shift.state), ShiftState.CLOSED)
    closed = uow.shifts.change(shift, state=state, closed_at=now, **values)
    if closed.difference:
        _post(uow, closed, cash.drawer_differs(closed.shift_id, closed.outlet_id, closed.difference), now)
    if closed.counted:
        _post(uow, closed, cash.drawer_emptied(closed.shift_id, closed.outlet_id, closed.counted), now)
    return closed


def _mine(uow: UnitOfWork, shift_id: str, by: Staff) -> Shift:
    """The shift, locked, for its teller or a supervisor of its outlet."""
    shift = locked_shift(uow, shift_id)
    if by.staff_id != shift.staff_id and (by.role, by.outlet_id) != ("supervisor", shift.outlet_id):
        raise not_permitted(shift.staff_id, "supervisor", outlet=shift.outlet_id)
    return shift


def explain_difference(store: Store, kinds: Kinds, shift_id: str, reason: str, *, by: Staff, now: dt.datetime) -> Approval:
    """Say why the drawer differs, and ask a second person to agree; of one that agrees and that somebody else than its teller
    counted there is nothing to explain. Raises as ``approvals.propose`` does, and RequestError ``shift_unknown``,
    ``not_permitted``, ``shift_agrees``."""
    shift = store.transact(lambda uow: _mine(uow, shift_id, by))
    if shift.counted is not None and not shift.difference:
        reason = (
            reason or f"点数与账相符，由 {shift.counted_by} 代点 · The count agrees; {shift.counted_by} counted for the teller"
        )
    payload = {"counted": shift.counted, "expected": shift.expected}
    return propose(store, kinds, SHIFT_DIFFERENCE.name, shift_id, payload, reason, by=by, now=now)


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    shift = locked_shift(uow, subject)
    same = payload == {"counted": shift.counted, "expected": shift.expected}
    if shift.state != ShiftState.DIFFERENCE_PENDING or not same:
        raise RequestError("shift_agrees", state=SHIFT.words[shift.state])


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    shift = locked_shift(uow, approval.subject)
    # whoever proposed it: nobody confirms their own drawer or count
    if approval.decided_by in (shift.staff_id, shift.counted_by):
        raise RequestError("approval_own")
    closed = _closed(uow, shift, now, approval_id=approval.approval_id)
    return {"shift_id": closed.shift_id, "state": str(closed.state), "difference": closed.difference}


SHIFT_DIFFERENCE = ApprovalKind(
    "shift_difference",
    proposers=frozenset(TELLERS),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)


def shift_at(store: Store, workstation: tuple[str, str]) -> dict[str, Any] | None:
    """The shift that is not closed at a workstation (kind and id of its actor), as ``shift_view`` shows it."""
    with store.read() as uow:
        shift = uow.shifts.unfinished_at(*workstation)
    return shift_view(shift) if shift else None


def closed_shift(store: Store, shift_id: str, *, by: Staff) -> dict[str, Any] | None:
    """A shift that this person closed, as ``shift_view`` shows it; None for one that is not closed, or another's."""
    with store.read() as uow:
        shift = uow.shifts.get(shift_id)
    return shift_view(shift) if shift and shift.staff_id == by.staff_id and shift.state == ShiftState.CLOSED else None


def listed_shifts(uow: UnitOfWork, shifts: Collection[Shift]) -> list[dict[str, Any]]:
    """Shifts as a list shows them: with the ``change`` that went back to who paid, in fen. What was handed over with it is not
    told here: both would say, before the count, what the drawer took."""
    change = uow.cash_given.change_of([drawer_account(shift.shift_id) for shift in shifts])
    return [{**shift_view(shift), "change": change.get(drawer_account(shift.shift_id), 0)} for shift in shifts]


def shift_view(shift: Shift) -> dict[str, Any]:
    """A shift as it is shown. What the ledger expects is not told before the drawer was counted."""
    return {
        "shift_id": shift.shift_id,
        "outlet_id": shift.outlet_id,
        "staff_id": shift.staff_id,
        "workstation": f"{shift.actor_kind}:{shift.actor_id}",
        "state": str(shift.state),
        "opening_float": shift.opening_float,
        "opened_at": shift.opened_at.isoformat(),
        "counted": shift.counted,
        "counted_by": shift.counted_by,
        "expected": shift.expected,
        "difference": None if shift.counted is None else shift.difference,
        "closed_at": shift.closed_at.isoformat() if shift.closed_at else None,
    }
