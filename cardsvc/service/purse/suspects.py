"""The worklist of suspect loads, purchases and fees: what only the card can settle, who looks after it, settling it by hand.

A fee of an opening that its card does not have has a list of its own until it is used or given back (``unused_fees``).

A suspect settles itself at its card's next contact. For a card that never comes back two people decide, with evidence
attached: the operator's file, a photo of the receipt, the terminal's journal. What they decide is a line of evidence like any
other, under the rule ``two_people``; should the card turn up later and show otherwise, its balance differs from the books by
just this line.
"""

import base64
import binascii
import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from cardsvc.errors import RequestError
from cardsvc.errors.fields import reasons
from cardsvc.ledger.states import PURCHASE_ALLOWED, FeeState, LoadState, PurchaseState, advance
from cardsvc.service.operations.kinds import Params
from cardsvc.service.purse.fees import confirm_opening, unwritten_fee
from cardsvc.service.purse.settle import confirm_load, confirm_purchase, record_evidence, refund_load, subject_id_of
from cardsvc.service.staff.approvals import ApprovalKind, approval_view
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import ApplicationFee, Approval, Load, Purchase, Staff, SuspectCase

Subject = Load | Purchase | ApplicationFee
MAX_ATTACHMENT = 256 * 1024
TWO_PEOPLE = "two_people"


class Attachment(Params):
    """A document as evidence. ``sha256`` in hex of the content; ``content`` in base64."""

    name: str = Field(min_length=1, max_length=100)
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    content: str


class Settlement(Params):
    """What two people decide: whether the card has it, and the documents that say so."""

    card_no: str = Field(pattern="^[0-9]{16}$")
    written: bool
    attachments: list[Attachment] = Field(min_length=1, max_length=5)


def attachment(name: str, content: bytes) -> dict[str, str]:
    """A document ready for a proposal. Raises RequestError ``attachment_wrong`` for an empty or a large one."""
    if not 0 < len(content) <= MAX_ATTACHMENT:
        raise RequestError("attachment_wrong", limit=MAX_ATTACHMENT // 1024)
    digest = hashlib.sha256(content).hexdigest()
    return {"name": name[-100:], "sha256": digest, "content": base64.b64encode(content).decode()}


def suspects(store: Store, now: dt.datetime) -> list[dict[str, Any]]:
    """The worklist, oldest first, with owners."""
    with store.read() as uow:
        rows: list[Subject] = [*uow.loads.suspects(), *uow.purchases.suspects(), *uow.application_fees.suspects()]
        owners = uow.suspect_cases.of([subject_id_of(row) for row in rows])
        return [_entry(uow, row, owners, now) for row in sorted(rows, key=_since)]


def unused_fees(store: Store, now: dt.datetime) -> list[dict[str, Any]]:
    """What was paid for openings that are on no card, oldest first: it waits for the same opening, or for its payer."""
    with store.read() as uow:
        return [_entry(uow, row, {}, now) for row in uow.application_fees.waiting()]


def _since(row: Subject) -> dt.datetime:
    return row.taken_at if isinstance(row, ApplicationFee) else row.authorised_at


def _entry(uow: UnitOfWork, row: Subject, owners: Mapping[str, SuspectCase], now: dt.datetime) -> dict[str, Any]:
    subject = "load" if isinstance(row, Load) else "purchase" if isinstance(row, Purchase) else "fee"
    identifier = subject_id_of(row)
    case = owners.get(identifier)
    return {
        "subject": subject,
        "id": identifier,
        "card_no": row.card_no,
        "amount": row.amount,
        "state": str(row.state),
        "application": row.application,
        "terminal_no": _terminal_no(uow, row),
        "since": _since(row).isoformat(),
        "days": (now - _since(row)).days,
        "owner": case.owner if case else None,
        "note": case.note if case else "",
    }


def _terminal_no(uow: UnitOfWork, row: Subject) -> str:
    """Of a fee, which stands on no card, by the opening that it pays for."""
    if not isinstance(row, ApplicationFee):
        return row.terminal_no
    operation = uow.operations.get(row.operation_id)
    return str(operation.facts["terminal_no"]) if operation else "-"


def case_view(store: Store, card_no: str, subject_id: str, now: dt.datetime) -> dict[str, Any]:
    """One entry of the worklist, also when it was settled since: its state, the operation that left it, the evidence so far
    with the rule that judged it, and what was proposed. Raises RequestError ``suspect_unknown``."""
    with store.read() as uow:
        row = _subject(uow, card_no, subject_id)
        if row is None:
            raise RequestError("suspect_unknown")
        operation = uow.operations.get(row.operation_id)
        evidence = uow.evidence.of_subject(card_no, subject_id)
        entry = _entry(uow, row, uow.suspect_cases.of([subject_id]), now)
        proposed = [approval_view(approval) for approval in uow.approvals.of_subject(subject_id)]
    return {
        **entry,
        "balance_before": None if isinstance(row, ApplicationFee) else row.balance_before,
        "operation": {"kind": operation.kind, "at": operation.started_at.isoformat(), "problem": operation.problem}
        if operation
        else None,
        "evidence": [{"rule": e.rule, "at": e.recorded_at.isoformat(), "shown": e.evidence} for e in evidence],
        "proposed": proposed,
    }


def take(store: Store, card_no: str, subject_id: str, note: str, *, by: Staff, now: dt.datetime) -> None:
    """Become the owner of a suspect. Raises RequestError ``suspect_unknown``."""

    def work(uow: UnitOfWork) -> None:
        _suspect(uow, card_no, subject_id)
        uow.suspect_cases.put(SuspectCase(card_no, subject_id, by.staff_id, note[:200], now))

    store.transact(work)


def _subject(uow: UnitOfWork, card_no: str, subject_id: str) -> Subject | None:
    key = card_no, subject_id
    return uow.loads.get(*key) or uow.purchases.get(*key) or uow.application_fees.get(*key)


def _suspect(uow: UnitOfWork, card_no: str, subject_id: str) -> Subject:
    """The load, purchase or fee, its card locked, if it is still open to settling by hand."""
    uow.cards.lock(card_no)
    row = _subject(uow, card_no, subject_id)
    if row is None or row.state not in (LoadState.SUSPECT, PurchaseState.SUSPECT, FeeState.SUSPECT):
        raise RequestError("suspect_unknown")
    return row


def _settlement(payload: Mapping[str, Any]) -> Settlement:
    """The payload, checked as a whole. Raises RequestError ``params_invalid`` or ``attachment_wrong``."""
    try:
        settlement = Settlement.model_validate(dict(payload))
        for document in settlement.attachments:
            content = base64.b64decode(document.content, validate=True)
            if attachment(document.name, content)["sha256"] != document.sha256:
                raise RequestError("attachment_wrong", limit=MAX_ATTACHMENT // 1024)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
    except binascii.Error:
        raise RequestError("attachment_wrong", limit=MAX_ATTACHMENT // 1024) from None
    return settlement


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    _suspect(uow, _settlement(payload).card_no, subject)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    settlement = _settlement(approval.payload)
    row = _suspect(uow, settlement.card_no, approval.subject)
    evidence = {
        "approval_id": approval.approval_id,
        "reason": approval.reason,
        "written": settlement.written,
        "documents": [{"name": document.name, "sha256": document.sha256} for document in settlement.attachments],
    }
    record_evidence(uow, row, TWO_PEOPLE, evidence, now)
    if isinstance(row, Load):
        load = confirm_load(uow, row, TWO_PEOPLE, None, now) if settlement.written else refund_load(uow, row, TWO_PEOPLE, now)
        return {"load_id": load.load_id, "state": str(load.state)}
    if isinstance(row, ApplicationFee):
        settled = confirm_opening(uow, row, TWO_PEOPLE, now) if settlement.written else unwritten_fee(uow, row, TWO_PEOPLE)
        return {"fee_id": settled.fee_id, "state": str(settled.state)}
    if settlement.written:
        purchase = confirm_purchase(uow, row, TWO_PEOPLE, None, now)
    else:
        state = advance(PURCHASE_ALLOWED, PurchaseState(row.state), PurchaseState.NOT_DEBITED)
        purchase = uow.purchases.change(row, state=state, settled_by=TWO_PEOPLE, ended_at=now)
    return {"purchase_id": purchase.purchase_id, "state": str(purchase.state)}


SETTLE_BY_HAND = ApprovalKind(
    "settle_suspect",
    proposers=frozenset({"clerk", "cashier", "supervisor"}),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)
