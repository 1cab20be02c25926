"""The worklist of suspect loads and purchases: what only the card can settle, who looks after it, and settling it by hand.

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
from cardsvc.ledger.states import PURCHASE_ALLOWED, LoadState, PurchaseState, advance
from cardsvc.service.operations.kinds import Params
from cardsvc.service.purse.settle import confirm_load, confirm_purchase, record_evidence, refund_load
from cardsvc.service.staff.approvals import ApprovalKind, approval_view
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Load, Purchase, Staff, SuspectCase

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
        rows: list[Load | Purchase] = [*uow.loads.suspects(), *uow.purchases.suspects()]
        owners = uow.suspect_cases.of([row.load_id if isinstance(row, Load) else row.purchase_id for row in rows])
    return [_entry(row, owners, now) for row in sorted(rows, key=lambda row: row.authorised_at)]


def _entry(row: Load | Purchase, owners: Mapping[str, SuspectCase], now: dt.datetime) -> dict[str, Any]:
    subject, identifier = ("load", row.load_id) if isinstance(row, Load) else ("purchase", row.purchase_id)
    case = owners.get(identifier)
    return {
        "subject": subject,
        "id": identifier,
        "card_no": row.card_no,
        "amount": row.amount,
        "terminal_no": row.terminal_no,
        "since": row.authorised_at.isoformat(),
        "days": (now - row.authorised_at).days,
        "owner": case.owner if case else None,
        "note": case.note if case else "",
    }


def case_view(store: Store, card_no: str, subject_id: str, now: dt.datetime) -> dict[str, Any]:
    """One entry of the worklist, also when it was settled since: its state, the operation that left it, the evidence so far
    with the rule that judged it, and what was proposed. Raises RequestError ``suspect_unknown``."""
    with store.read() as uow:
        row = uow.loads.get(card_no, subject_id) or uow.purchases.get(card_no, subject_id)
        if row is None:
            raise RequestError("suspect_unknown")
        operation = uow.operations.get(row.operation_id)
        evidence = uow.evidence.of_subject(card_no, subject_id)
        entry = _entry(row, uow.suspect_cases.of([subject_id]), now)
        proposed = [approval_view(approval) for approval in uow.approvals.of_subject(subject_id)]
    return {
        **entry,
        "state": str(row.state),
        "balance_before": row.balance_before,
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


def _suspect(uow: UnitOfWork, card_no: str, subject_id: str) -> Load | Purchase:
    """The load or purchase, its card locked, if it is still open to settling by hand."""
    uow.cards.lock(card_no)
    load, purchase = uow.loads.get(card_no, subject_id), uow.purchases.get(card_no, subject_id)
    if load is not None and load.state == LoadState.SUSPECT:
        return load
    if purchase is not None and purchase.state == PurchaseState.SUSPECT:
        return purchase
    raise RequestError("suspect_unknown")


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
