"""Manual corrections: a new transfer that two people agree on. Nothing else is ever booked by hand, and nothing is taken back.

Cash brought from the bank or taken there, a mistake of yesterday, a claim that was granted: one proposes debit, credit, amount
and what it corrects; another agrees; then it is booked. What touches a purse is booked in the chain of its card, for everything
that is decided about a card (refund, takeover, cap, diagnosis) rests on that chain; everything else has a chain of its own.

Money that rows of their own account for (a suspect load, an order, a part of an old card's money, a deposit) is not corrected:
the row would go on to say that it is there. Each has its own decision, which books it and closes the row.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from cardsvc.errors import OperationError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.ledger import postings
from cardsvc.ledger.states import ShiftState
from cardsvc.service.books.named import refuse_unknown
from cardsvc.service.cash.drawer import refuse_more_than_the_vault_holds, refuse_more_than_there_is
from cardsvc.service.machines import SHIFT
from cardsvc.service.operations.kinds import Params
from cardsvc.service.staff.approvals import ApprovalKind
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Approval
from cardsvc.units import MAX_AMOUNT

ACCOUNT = r"^[a-z]+:[\x21-\x7E]{1,90}$"
KEPT_BY_ROWS = ("suspense", "order", "held", "deposit")


class Correction(Params):
    """A transfer by hand. ``amount`` in fen; ``corrects``: the load, shift, receipt or slip that it is about."""

    debit: str = Field(pattern=ACCOUNT)
    credit: str = Field(pattern=ACCOUNT)
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    corrects: str = Field(pattern=r"^[\x21-\x7E]{1,64}$")


def _chain(uow: UnitOfWork, correction: Correction, approval_id: str) -> str:
    """The chain that a correction is booked in: of the card whose purse it is about, which is locked; else one each, so that no
    two wait for each other."""
    for card_no in _cards(correction):
        uow.cards.lock(card_no)
        return card_no
    return f"correction:{approval_id}"


def _cards(correction: Correction) -> set[str]:
    """The cards whose purses are corrected."""
    purses = (account for account in (correction.debit, correction.credit) if account.startswith("purse:"))
    return {purse.split(":")[1] for purse in purses}


def _correction(payload: Mapping[str, Any]) -> Correction:
    """The payload, checked by itself. Raises RequestError ``params_invalid`` (also for one line about two cards: it would stand
    in the books of one alone) or ``account_not_by_hand``."""
    try:
        correction = Correction.model_validate(dict(payload))
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
    for account in (correction.debit, correction.credit):
        if account.partition(":")[0] in KEPT_BY_ROWS:
            raise RequestError("account_not_by_hand", account=account)
    if correction.debit == correction.credit:
        raise RequestError("params_invalid", reason="debit, credit")
    if len(_cards(correction)) > 1:
        raise RequestError("params_invalid", reason="debit, credit: two cards")
    return correction


def _check(uow: UnitOfWork, _subject: str, payload: Mapping[str, Any]) -> None:
    correction = _correction(payload)
    for account in (correction.debit, correction.credit):
        refuse_unknown(uow, account)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    correction = _correction(approval.payload)
    posting = postings.correction(correction.debit, correction.credit, correction.amount)
    chain = _chain(uow, correction, approval.approval_id)
    _hold_cash(uow, correction)  # a card before a drawer, as a top-up does
    uow.ledger.post(chain, posting, approval.approval_id, now)
    return {"chain": chain}


def _hold_cash(uow: UnitOfWork, correction: Correction) -> None:
    """Two people cannot book cash out of a place that it is not in either, nor into or out of a drawer that was counted.

    Raises OperationError ``shift_not_open``, ``drawer_holds_less``, ``vault_short``.
    """
    for account in sorted({correction.debit, correction.credit}, reverse=True):  # an outlet before its drawers, as elsewhere
        kind, _, identifier = account.partition(":")
        taken = correction.amount if account == correction.credit else 0
        if kind == "vault":
            _hold_vault(uow, identifier, taken)
        elif kind == "drawer":
            _hold_drawer(uow, identifier, taken)


def _hold_vault(uow: UnitOfWork, outlet_id: str, taken: int) -> None:
    uow.outlets.lock(outlet_id)
    if taken:
        refuse_more_than_the_vault_holds(uow, outlet_id, taken)


def _hold_drawer(uow: UnitOfWork, shift_id: str, taken: int) -> None:
    shift = uow.shifts.for_update(shift_id)
    if shift is None:
        raise RequestError("account_unknown", account=f"drawer:{shift_id}")
    if shift.state != ShiftState.OPEN:
        raise OperationError("shift_not_open", state=SHIFT.words[shift.state])
    if taken:
        refuse_more_than_there_is(uow, shift, taken)


CORRECTION = ApprovalKind(
    "correction",
    proposers=frozenset({"cashier", "supervisor"}),
    approvers=frozenset({"supervisor", "auditor"}),
    check=_check,
    carry_out=_carry_out,
)
