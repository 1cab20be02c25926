"""Everything that happened to a card, by time: operations, evidence, the books, what people decided, and what waits.

Whoever asks why a card is as it is finds here each step with who took it; nothing is left out, however long the history.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cardsvc.service.operations.known_card import known_card
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval
from cardsvc.store.states import ApprovalState

NOT_BOOKED = ("rejected", "conflict")

Entry = tuple[dt.datetime, str, str, str, Mapping[str, Any]]
"""When, what it is about, what happened, the id of what it is about, and the facts: codes, names, amounts in fen."""


def why(store: Store, card_no: str) -> list[dict[str, Any]]:
    """The time line, oldest first: ``at``, ``what``, ``event``, ``id`` and ``facts``; words/time_line.py says it to people.

    Raises CardError ``card_unknown``.
    """
    with store.read() as uow:
        card = known_card(uow, card_no)
        entries: list[Entry] = [(card.created_at, "card", "begun", card_no, {"chip": card.chip_serial})]
        for told in (_operations, _evidence, _ledger, _losses, _hot_list, _decisions, _waiting, _handed, _old_card, _files):
            entries += told(uow, card_no)
    ordered = sorted(entries, key=lambda entry: entry[0])
    return [
        {"at": at.isoformat(), "what": what, "event": event, "id": subject, "facts": dict(facts)}
        for at, what, event, subject, facts in ordered
    ]


def _operations(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    for row in uow.operations.of_card(card_no, limit=None):
        code = (row.problem or {}).get("code") or row.facts.get("broken_off")
        job = "diagnose_quick" if row.kind == "diagnose" and row.params.get("quick") else row.kind
        facts = {"job": job, "place": row.actor_kind, "by": row.actor_id, "operation": row.state}
        told = {name: value for name, value in (row.problem or {}).items() if name in ("detail", "rule")}
        event, more = ("broken", {"code": code, **told}) if code else ("job", {})
        yield row.started_at, "operation", event, row.operation_id, {**facts, **more}


def _evidence(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """What the card said, or what the rule rests on otherwise: short values as they are, of the rest how many."""
    for row in uow.evidence.of_card(card_no):
        shown = {name: len(value) if isinstance(value, list) else value for name, value in row.evidence.items()}
        yield row.recorded_at, "evidence", "evidence", row.subject_id, {"rule": row.rule, "evidence": shown}


def _ledger(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    for row in uow.ledger.of_chain(card_no):
        facts = {"number": row.number, "posting": row.kind, "amount": row.amount}
        accounts = {"debit": row.debit_account, "credit": row.credit_account}
        yield row.booked_at, "ledger", "booked", row.reference, {**facts, **accounts}


def _losses(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """Loss reports: made, what they came to on the chip, ended."""
    for row in uow.loss_reports.of_card(card_no):
        yield row.reported_at, "loss", "reported", row.report_id, {"loss": row.kind, "by": row.reported_by}
        if row.chip_at is not None:
            yield row.chip_at, "loss", "turned_up", row.report_id, {"found": row.chip or {}}
        if row.ended_at is not None:
            yield row.ended_at, "loss", "ended", row.report_id, {"ended": row.ended, "by": row.ended_by}


def _hot_list(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    for row in uow.hotlist.of_card(card_no):
        facts = {"version": row.version, "action": row.action, "by": row.changed_by, "reason": row.reason}
        yield row.changed_at, "hot_list", "listed", card_no, facts


def _decisions(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """What was asked of a second person: about the card, about a suspect of it or a part of its money, and what was booked."""
    subjects = {card_no, *(row.subject_id for row in uow.evidence.of_card(card_no))}
    subjects |= {load.load_id for load in uow.loads.open_on(card_no)}
    subjects |= {purchase.purchase_id for purchase in uow.purchases.open_on(card_no)}
    subjects |= {f"{card_no}:{part.part_id}" for part in uow.takeover_parts.of_card(card_no)}
    corrections = [row.reference for row in uow.ledger.of_chain(card_no) if row.kind == "correction"]
    if corrections:
        subjects |= {row.event_key for row in uow.differences.corrected_of(card_no)}
    approvals = [approval for subject in sorted(subjects) for approval in uow.approvals.of_subject(subject)]
    by_hand = (uow.approvals.get(reference) for reference in corrections)
    for case in uow.suspect_cases.of_card(card_no):
        yield case.taken_at, "decision", "taken", case.subject_id, {"by": case.owner, "note": case.note or "-"}
    yield from _asked_and_decided([*approvals, *(approval for approval in by_hand if approval is not None)])


def _asked_and_decided(approvals: Iterable[Approval]) -> Iterator[Entry]:
    for row in {approval.approval_id: approval for approval in approvals}.values():
        asked = {"approval": row.kind, "by": row.proposed_by, "reason": row.reason}
        yield row.proposed_at, "decision", "proposed", row.approval_id, asked
        if row.decided_at is not None:
            lapsed = row.state == ApprovalState.LAPSED
            by = {"rule": (row.result or {})["settled_by"]} if lapsed else {"decided": row.state, "by": row.decided_by}
            yield row.decided_at, "decision", "lapsed" if lapsed else "decided", row.approval_id, {"approval": row.kind, **by}


def _waiting(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """Orders, deposits and bicycles: money that waits, or is spoken for, beside the purses."""
    for order in uow.orders.of_card(card_no):
        paid = {"amount": order.amount, "product": order.product, "area": order.area, "by": order.channel}
        yield order.paid_at, "order", "paid", order.order_id, paid
        if order.ended_at is not None:
            yield order.ended_at, "order", "order_ended", order.order_id, {"order": order.state, **paid}
    for bicycle in uow.bicycle_holds.of_card(card_no):
        yield bicycle.held_at, "bicycle", "out", bicycle.hold_id, {"amount": bicycle.amount, "by": bicycle.source}
        if bicycle.released_at is not None:
            yield bicycle.released_at, "bicycle", "back", bicycle.hold_id, {}
    for deposit in uow.deposits.of_card(card_no):
        taken = {"amount": deposit.amount, "taken_by": deposit.taken_by}
        if deposit.taken_at is not None:
            yield deposit.taken_at, "deposit", "deposit_taken", deposit.deposit_id, taken
        if deposit.returned_at is not None:
            back = {"returned": deposit.returned, "by": deposit.returned_by}
            yield deposit.returned_at, "deposit", "deposit_returned", deposit.deposit_id, {**back, **taken}


def _handed(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """Into whose hands it went, and out of whose."""
    row = uow.handouts.get(card_no)
    if row is not None and row.handed_at is not None:
        yield row.handed_at, "card", "handed", card_no, {"collector": row.collector, "by": row.handed_by}


def _old_card(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """How the card ended: taken in, replaced, its money moved or paid back, cancelled."""
    takeover = uow.old_cards.get(card_no)
    if takeover is not None:
        event, day = ("taken_in_until", {"until": takeover.due.isoformat()}) if takeover.due else ("taken_in", {})
        facts = {"cause": takeover.reason, "by": takeover.held_by, **day}
        yield takeover.began_at, "old_card", event, card_no, facts
        if takeover.ended_at is not None:
            yield takeover.ended_at, "old_card", "old_card", card_no, {"old_card": takeover.state}
    replacement = uow.replacements.latest_of(card_no)
    if replacement is not None:
        asked = {"cause": replacement.reason, "by": replacement.asked_by, "fee": replacement.fee}
        yield replacement.asked_at, "old_card", "replaced", replacement.replacement_id, asked
    for part in uow.takeover_parts.of_card(card_no):
        payout = uow.held_payouts.get(card_no, part.part_id)
        if payout is not None:
            sums = {"returned": payout.returned, "amount": payout.amount}
            paid = {**sums, "by": payout.paid_by, "cause": payout.reason}
            yield payout.paid_at, "old_card", "paid_back", payout.payout_id, paid
    cancelled = uow.cancellations.get(card_no)
    if cancelled is not None:
        who = {"by": cancelled.cancelled_by, "cause": cancelled.reason}
        yield cancelled.cancelled_at, "old_card", "cancelled", card_no, who


def _files(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """What operators' files told of the card and the books did not take. What they took stands in the ledger."""
    for row in uow.spending.of_card(card_no, *NOT_BOOKED):
        told = {"line": row.line, "amount": row.amount, "by": row.operator, "counter": row.offline_counter}
        yield row.recorded_at, "file", "not_booked", row.batch_id, {"file": row.state, "cause": row.reason, **told}
