"""What is in a teller's drawer: cash leaves it only when it is there; more comes from the vault, or goes back, by two people.

Of the cash in a drawer some is promised: a refund that was authorised is paid when its card proves it, and a load that broke
off is paid back when its card proves that it does not have it. Only the rest may be paid out, so a drawer never owes. What a
drawer has promised the vault promises from the moment the drawer begins to close, for its cash goes there.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from cardsvc.errors import OperationError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.ledger import cash
from cardsvc.ledger.postings import drawer_account
from cardsvc.ledger.states import ShiftState
from cardsvc.service.machines import SHIFT
from cardsvc.service.operations.kinds import Actor, Params
from cardsvc.service.purse.payments import money_source
from cardsvc.service.staff.accounts import not_permitted
from cardsvc.service.staff.approvals import ApprovalKind, Kinds, propose
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Shift, Staff
from cardsvc.units import MAX_AMOUNT, format_yuan

CASH: Mapping[str, Any] = {"method": "cash", "reference": None}
Direction = Literal["in", "out"]


def cash_out(uow: UnitOfWork, actor: Actor, amount: int, teller: Staff | None = None) -> str:
    """The account that cash is paid out of at this workstation: its open drawer, held until the transaction ends.

    ``teller``: who pays where the command is not bound to a desk; then it is their own open drawer, at whatever desk it stands.

    Where no shift is open it is what the workstation has taken, as for money that comes in. Raises OperationError
    ``drawer_holds_less``, ``drawer_of_another`` where the workstation's is somebody else's and the teller has none.
    """
    shift = uow.shifts.own_for_paying(teller.staff_id) if teller else None
    if shift is None:
        shift = uow.shifts.open_for_paying(actor.kind, actor.id)
        if teller is not None:
            refuse_drawer_of_another(shift)
    if shift is None:
        return money_source(uow, actor, CASH)
    refuse_more_than_there_is(uow, shift, amount)
    return drawer_account(shift.shift_id)


def cash_in(uow: UnitOfWork, actor: Actor, teller: Staff) -> str:
    """The account that cash lies in which ``teller`` takes by a command that is bound to no desk: their own open drawer, at
    whatever desk it stands, else as ``money_source``. Raises OperationError ``drawer_of_another``."""
    shift = uow.shifts.own_for_paying(teller.staff_id)
    if shift is not None:
        return drawer_account(shift.shift_id)
    refuse_drawer_of_another(uow.shifts.open_on(actor.kind, actor.id))
    return money_source(uow, actor, CASH)


def refuse_drawer_of_another(shift: Shift | None) -> None:
    """Raise OperationError ``drawer_of_another`` for the drawer at a workstation, to somebody who has none of their own."""
    if shift is not None:
        raise OperationError("drawer_of_another", staff=shift.staff_id)


def locked_shift(uow: UnitOfWork, shift_id: str) -> Shift:
    """The shift, locked after its outlet as whoever opens one does: whoever takes cash from the vault has counted what closing
    shifts leave to it. Raises RequestError ``shift_unknown``."""
    known = uow.shifts.get(shift_id)
    if known is None:
        raise RequestError("shift_unknown")
    uow.outlets.lock(known.outlet_id)
    return uow.shifts.for_update(shift_id) or known


def refuse_unpayable(uow: UnitOfWork, actor: Actor, amount: int) -> None:
    """Whether this workstation could pay that much cash now; holds nothing. Raises OperationError ``drawer_holds_less``."""
    shift = uow.shifts.unfinished_at(actor.kind, actor.id)
    if shift is not None and shift.state == ShiftState.OPEN:
        refuse_more_than_there_is(uow, shift, amount)


def refuse_more_than_there_is(uow: UnitOfWork, shift: Shift, amount: int) -> None:
    """Raise OperationError ``drawer_holds_less`` when the drawer, which the caller has locked, cannot pay this."""
    free = _free(uow, shift)
    if amount > free:
        raise OperationError("drawer_holds_less", free=format_yuan(free), amount=format_yuan(amount), shift=shift.shift_id)


def refuse_more_than_the_vault_holds(uow: UnitOfWork, outlet_id: str, amount: int) -> None:
    """Raise OperationError ``vault_short`` when the vault of this outlet, which the caller has locked, cannot give this.

    What it has promised is read before what it holds: who is paid meanwhile is counted twice rather than not at all.
    """
    promised = sum(fen for account, fen in _promised(uow).items() if _left_to(uow, account, outlet_id))
    free = uow.ledger.balance_of(cash.vault_account(outlet_id)) - promised
    if amount > free:
        raise OperationError("vault_short", outlet=outlet_id, free=format_yuan(free), amount=format_yuan(amount))


def _free(uow: UnitOfWork, shift: Shift) -> int:
    """Cash in a drawer that is promised to nobody, in fen."""
    account = drawer_account(shift.shift_id)
    return uow.ledger.balance_of(account) - _promised(uow)[account]


def _promised(uow: UnitOfWork) -> Counter[str]:
    """Fen that wait for what a card proves, by the account that they will be paid out of."""
    promised = Counter(uow.loads.open_by_drawer())
    for refund in uow.refunds.open():
        for part in refund.payouts:
            promised[part["account"]] += part["amount"]
    return promised


def _left_to(uow: UnitOfWork, account: str, outlet_id: str) -> bool:
    """Whether an account is a drawer that closes or closed, and whose cash goes or went into the vault of this outlet."""
    kind, _, identifier = account.partition(":")
    shift = uow.shifts.get(identifier) if kind == "drawer" else None
    return shift is not None and shift.outlet_id == outlet_id and shift.state != ShiftState.OPEN


class CashMove(Params):
    """Cash between vault and drawer. ``direction``: into the drawer or out of it; ``amount`` in fen, as it was counted."""

    direction: Direction
    amount: int = Field(gt=0, le=MAX_AMOUNT)


def propose_move(
    store: Store,
    kinds: Kinds,
    shift_id: str,
    direction: str,
    pieces: Mapping[str, int],
    reason: str,
    *,
    by: Staff,
    now: dt.datetime,
) -> Approval:
    """The teller of a shift says what a supervisor brings from the vault, or takes there; it is booked when they agree.

    Raises as ``approvals.propose`` does, and RequestError ``count_wrong``, ``params_invalid``, ``shift_unknown``,
    ``not_permitted`` for anybody but the teller; OperationError ``shift_not_open``, ``vault_short``, ``drawer_holds_less``.
    """
    payload = {"direction": direction, "amount": cash.counted(pieces)}
    with store.read() as uow:
        shift = uow.shifts.get(shift_id)
    if shift is None:
        raise RequestError("shift_unknown")
    if shift.staff_id != by.staff_id:
        raise not_permitted(shift.staff_id)
    return propose(store, kinds, DRAWER_CASH.name, shift_id, payload, reason, by=by, now=now)


def _checked(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> tuple[Shift, CashMove]:
    """The shift, locked, and a move that its drawer and its vault can make now."""
    try:
        move = CashMove.model_validate(dict(payload))
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
    shift = locked_shift(uow, subject)
    if shift.state != ShiftState.OPEN:
        raise OperationError("shift_not_open", state=SHIFT.words[shift.state])
    if move.direction == "out":
        refuse_more_than_there_is(uow, shift, move.amount)
    else:
        refuse_more_than_the_vault_holds(uow, shift.outlet_id, move.amount)
    return shift, move


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    _checked(uow, subject, payload)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    shift, move = _checked(uow, approval.subject, approval.payload)
    second = uow.staff.get(approval.decided_by)
    if second is None or second.outlet_id != shift.outlet_id:  # whoever carries it has the keys of this outlet's vault
        raise not_permitted("supervisor", outlet=shift.outlet_id)
    make = cash.drawer_added if move.direction == "in" else cash.drawer_lightened
    posting = make(shift.shift_id, shift.outlet_id, move.amount)
    uow.ledger.post(cash.shift_chain(shift.shift_id), posting, approval.approval_id, now)
    return {"shift_id": shift.shift_id, "direction": move.direction, "amount": move.amount}


DRAWER_CASH = ApprovalKind(
    "drawer_cash",
    proposers=frozenset({"clerk", "cashier", "supervisor"}),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)
