"""Manual corrections: a new transfer that two people agree on. Nothing else is ever booked by hand, and nothing is taken back.

Cash brought from the bank or taken there, a mistake of yesterday, a claim that was granted: one proposes debit, credit, amount
and what it corrects; another agrees; then it is booked in a chain of its own.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from cardsvc.errors import RequestError
from cardsvc.ledger import postings
from cardsvc.service.cash.drawer import refuse_more_than_there_is
from cardsvc.service.operations.kinds import Params
from cardsvc.service.staff.approvals import ApprovalKind
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Approval
from cardsvc.units import MAX_AMOUNT

ACCOUNT = r"^[a-z]+:[\x21-\x7E]{1,90}$"


class Correction(Params):
    """A transfer by hand. ``amount`` in fen; ``corrects``: the load, shift, receipt or slip that it is about."""

    debit: str = Field(pattern=ACCOUNT)
    credit: str = Field(pattern=ACCOUNT)
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    corrects: str = Field(pattern=r"^[\x21-\x7E]{1,64}$")


def correction_chain(approval_id: str) -> str:
    """The chain that a correction is booked in: one each, so that no two wait for each other."""
    return f"correction:{approval_id}"


def _correction(payload: Mapping[str, Any]) -> Correction:
    """The payload, checked. Raises RequestError ``params_invalid`` or ``account_unknown``."""
    try:
        correction = Correction.model_validate(dict(payload))
    except ValidationError as error:
        fields = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors(include_input=False))
        raise RequestError("params_invalid", reason=fields) from None
    for account in (correction.debit, correction.credit):
        if account.partition(":")[0] not in postings.CHART:
            raise RequestError("account_unknown", account=account)
    if correction.debit == correction.credit:
        raise RequestError("params_invalid", reason="debit, credit")
    return correction


def _check(_uow: UnitOfWork, _subject: str, payload: Mapping[str, Any]) -> None:
    _correction(payload)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    correction = _correction(approval.payload)
    posting = postings.correction(correction.debit, correction.credit, correction.amount)
    _refuse_empty_drawer(uow, correction)
    chain = correction_chain(approval.approval_id)
    uow.ledger.post(chain, posting, approval.approval_id, now)
    return {"chain": chain}


def _refuse_empty_drawer(uow: UnitOfWork, correction: Correction) -> None:
    """Two people cannot book cash out of a drawer that is not in it either. Raises OperationError ``drawer_holds_less``."""
    kind, _, shift_id = correction.credit.partition(":")
    shift = uow.shifts.for_update(shift_id) if kind == "drawer" else None
    if shift is not None:
        refuse_more_than_there_is(uow, shift, correction.amount)


CORRECTION = ApprovalKind(
    "correction",
    proposers=frozenset({"cashier", "supervisor"}),
    approvers=frozenset({"supervisor", "auditor"}),
    check=_check,
    carry_out=_carry_out,
)
