"""Seeing to a difference: somebody owns it, says why there is nothing to book, or proposes the entry; two people agree."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from cardsvc.errors import OperationError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.ledger import postings
from cardsvc.service.machines import DIFFERENCE
from cardsvc.service.operations.kinds import Params
from cardsvc.service.purse.payments import GIVES_BACK, hold_payment
from cardsvc.service.purse.settle import record_evidence
from cardsvc.service.purse.suspects import TWO_PEOPLE
from cardsvc.service.reconcile.findings import REFUNDED_BUT_WRITTEN
from cardsvc.service.reconcile.statements import ours_of, paid_by
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.approvals import ApprovalKind, Kinds, propose
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Difference, Staff
from cardsvc.store.states import DIFFERENCE_ALLOWED, DifferenceState

_NAMES = uuid.UUID("0b1f4f52-8a6c-5b8e-8d52-3f0f6f4b6f02")
MAX_TEXT = 200


class Correction(Params):
    """A difference: the run that found it, and its number there."""

    run_id: str
    number: int = Field(gt=0)


class Proposal(Correction):
    """What is proposed: the entry of a difference, as the run wrote it and the second person reads it. ``amount`` in fen."""

    code: str | None = None
    card_no: str | None = None
    debit: str | None = None
    credit: str | None = None
    amount: int | None = None


def parse_difference(text: str) -> Correction:
    """A difference as it is shown, RUN/NUMBER. Raises RequestError ``difference_unknown``."""
    run_id, _, number = text.partition("/")
    if not number.isascii() or not number.isdigit() or len(number) > 9:
        raise RequestError("difference_unknown")
    return Correction.model_validate({"run_id": run_id, "number": int(number)})


def take(store: Store, which: Correction, *, by: Staff, now: dt.datetime) -> Difference:
    """Become the owner of a difference. Raises RequestError ``difference_unknown``, OperationError ``difference_settled``."""

    def work(uow: UnitOfWork) -> Difference:
        return uow.differences.change(_open(uow, which), owner=by.staff_id, changed_at=now)

    return store.transact(work)


def explain(store: Store, which: Correction, why: str, *, by: Staff, now: dt.datetime) -> Difference:
    """Say why there is nothing to book. Raises as ``take`` does, and RequestError ``reason_missing``, ``not_permitted``."""
    require_role(by, "supervisor", "auditor")
    if not 1 <= len(why.strip()) <= MAX_TEXT:
        raise RequestError("reason_missing", length=MAX_TEXT)

    def work(uow: UnitOfWork) -> Difference:
        changes = {"explanation": why.strip(), "owner": by.staff_id, "changed_at": now}
        return uow.differences.change(_open(uow, which), state=DifferenceState.EXPLAINED, **changes)

    return store.transact(work)


def propose_entry(store: Store, kinds: Kinds, which: Correction, reason: str, *, by: Staff, now: dt.datetime) -> Approval:
    """Propose that the entry of a difference be booked. It is about the matter, whichever run found it, so that it is proposed
    once at a time. Raises RequestError ``difference_unknown``, and as ``propose`` does."""
    with store.read() as uow:
        found = uow.differences.get(which.run_id, which.number)
    if found is None:
        raise RequestError("difference_unknown")
    payload = _proposal(found).model_dump(exclude_none=True)
    return propose(store, kinds, CORRECT_DIFFERENCE.name, found.event_key, payload, reason, by=by, now=now)


def _proposal(found: Difference) -> Proposal:
    booked = {name: value for name, value in (found.entry or {}).items() if name in Proposal.model_fields}
    return Proposal(run_id=found.run_id, number=found.number, code=found.code, card_no=found.card_no, **booked)


def _open(uow: UnitOfWork, which: Correction) -> Difference:
    found = uow.differences.for_update(which.run_id, which.number)
    if found is None:
        raise RequestError("difference_unknown")
    if not DIFFERENCE_ALLOWED[DifferenceState(found.state)]:
        raise OperationError("difference_settled", state=DIFFERENCE.words[found.state])
    return found


def _wanted(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> Difference:
    """The difference, if its entry may be booked now."""
    try:
        which = Proposal.model_validate(dict(payload))
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
    found = _open(uow, which)
    if found.event_key != subject or (which.debit is not None and which != _proposal(found)):
        raise RequestError("difference_unknown")
    if found.entry is None:
        raise OperationError("difference_without_entry")
    if found.event_key in uow.differences.seen_to([found.event_key]):
        raise OperationError("difference_settled", state=DIFFERENCE.words[DifferenceState.CORRECTED])
    if _stale(uow, found):
        raise OperationError("difference_stale")
    return found


def _stale(uow: UnitOfWork, found: Difference) -> bool:
    """Whether what the difference rests on has changed since: its card's chain, or what its payment paid."""
    if found.card_no is not None:
        uow.cards.lock(found.card_no)
    if found.code in GIVES_BACK:
        method, _, reference = found.subject.partition(":")
        hold_payment(uow, method, reference)
        row = paid_by(uow, method, {reference}).get(reference)
        given_back = uow.differences.corrected_about(found.subject, GIVES_BACK)  # another line told it with another amount
        return given_back or (row is not None and ours_of(row).standing != "back")
    if found.card_no is None or found.code not in (
        "balance_differs",
        REFUNDED_BUT_WRITTEN,
        "counter_conflict",
        "moved_too_much",
    ):
        return False
    run, last = uow.runs.get(found.run_id), uow.ledger.last_booked(found.card_no)
    return run is not None and last is not None and last > run.ran_at


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    _wanted(uow, subject, payload)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    found = _wanted(uow, approval.subject, approval.payload)
    booked = found.entry or {}
    posting = postings.correction(booked["debit"], booked["credit"], booked["amount"])
    reference = str(uuid.uuid5(_NAMES, found.event_key))
    transfer = uow.ledger.post(booked["chain"], posting, reference, now)
    if found.code == REFUNDED_BUT_WRITTEN:
        load = uow.loads.get(found.card_no, found.details["load_id"])
        if load is not None:  # how it was settled at last, for whoever asks about the load
            record_evidence(uow, load, TWO_PEOPLE, {"approval_id": approval.approval_id, "written": True, "entry": booked}, now)
    uow.differences.change(found, state=DifferenceState.CORRECTED, owner=approval.proposed_by, changed_at=now)
    return {"difference": f"{found.run_id}/{found.number}", "chain": transfer.chain, "number": transfer.number}


CORRECT_DIFFERENCE = ApprovalKind(
    "correct_difference",
    proposers=frozenset({"clerk", "cashier", "supervisor"}),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)
