"""Everything that happened to a card, by time: operations, evidence, the books, what people decided, and what waits.

Whoever asks why a card is as it is finds here each step with who took it; nothing is left out, however long the history.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from cardsvc.service.operations.known_card import known_card
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Evidence
from cardsvc.text import Text

WHAT: Mapping[str, Text] = {
    "card": Text("卡", "card"),
    "operation": Text("业务", "operation"),
    "evidence": Text("证据", "evidence"),
    "ledger": Text("账目", "ledger"),
    "loss": Text("挂失", "loss"),
    "hot_list": Text("黑名单", "hot list"),
    "decision": Text("复核", "decision"),
    "order": Text("订单", "order"),
    "deposit": Text("押金", "deposit"),
    "bicycle": Text("自行车", "bicycle"),
    "old_card": Text("旧卡", "old card"),
    "file": Text("消费文件", "spending file"),
}
"""What an entry is about, in words."""
NOT_BOOKED = ("rejected", "conflict")

Entry = tuple[dt.datetime, str, str, str]
"""When, what it is about (a key of WHAT), the text, and the id of what it is about."""


def why(store: Store, card_no: str) -> list[dict[str, Any]]:
    """The time line, oldest first: ``at``, ``what``, ``text`` and ``id``. Raises CardError ``card_unknown``."""
    with store.read() as uow:
        card = known_card(uow, card_no)
        entries: list[Entry] = [(card.created_at, "card", f"personalising began, chip {card.chip_serial}", card_no)]
        for told in (_operations, _evidence, _ledger, _losses, _hot_list, _decisions, _waiting, _old_card, _files):
            entries += told(uow, card_no)
    ordered = sorted(entries, key=lambda entry: entry[0])
    return [{"at": at.isoformat(), "what": what, "text": text, "id": subject} for at, what, text, subject in ordered]


def _operations(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    for row in uow.operations.of_card(card_no, limit=None):
        code = (row.problem or {}).get("code") or row.facts.get("broken_off")
        text = f"{row.kind} by {row.actor_kind} {row.actor_id}: {row.state}" + (f" ({code})" if code else "")
        yield row.started_at, "operation", text, row.operation_id


def _evidence(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    for row in uow.evidence.of_card(card_no):
        yield row.recorded_at, "evidence", f"rule {row.rule}; {_shown(row)}", row.subject_id


def _shown(row: Evidence) -> str:
    """What the card said, or what the rule rests on otherwise: short values as they are, of the rest how many."""
    pairs = ((name, len(value) if isinstance(value, list) else value) for name, value in row.evidence.items())
    return ", ".join(f"{name} {value}" for name, value in pairs)


def _ledger(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    for row in uow.ledger.of_chain(card_no):
        text = f"{row.number}. {row.kind} {row.amount}: {row.debit_account} -> {row.credit_account}"
        yield row.booked_at, "ledger", text, row.reference


def _losses(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """Loss reports: made, what they came to on the chip, ended."""
    for row in uow.loss_reports.of_card(card_no):
        yield row.reported_at, "loss", f"{row.kind} report by {row.reported_by}", row.report_id
        if row.chip_at is not None:
            found = ", ".join(f"{name} {state}" for name, state in sorted((row.chip or {}).items()))
            yield row.chip_at, "loss", f"the lost card turned up: {found}", row.report_id
        if row.ended_at is not None:
            yield row.ended_at, "loss", f"report {row.ended} by {row.ended_by}", row.report_id


def _hot_list(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    for row in uow.hotlist.of_card(card_no):
        yield row.changed_at, "hot_list", f"version {row.version}: {row.action} by {row.changed_by} ({row.reason})", card_no


def _decisions(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """What was asked of a second person: about the card, about a suspect of it or a part of its money, and what was booked."""
    subjects = {card_no, *(row.subject_id for row in uow.evidence.of_card(card_no))}
    subjects |= {f"{card_no}:{part.part_id}" for part in uow.takeover_parts.of_card(card_no)}
    corrections = [row.reference for row in uow.ledger.of_chain(card_no) if row.kind == "correction"]
    if corrections:
        subjects |= {row.event_key for row in uow.differences.corrected_of(card_no)}
    approvals = [approval for subject in sorted(subjects) for approval in uow.approvals.of_subject(subject)]
    by_hand = (uow.approvals.get(reference) for reference in corrections)
    yield from _asked_and_decided([*approvals, *(approval for approval in by_hand if approval is not None)])


def _asked_and_decided(approvals: Iterable[Approval]) -> Iterator[Entry]:
    for row in {approval.approval_id: approval for approval in approvals}.values():
        yield row.proposed_at, "decision", f"{row.kind} proposed by {row.proposed_by}: {row.reason}", row.approval_id
        if row.decided_at is not None:
            yield row.decided_at, "decision", f"{row.kind} {row.state} by {row.decided_by}", row.approval_id


def _waiting(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """Orders, deposits and bicycles: money that waits, or is spoken for, beside the purses."""
    for order in uow.orders.of_card(card_no):
        paid = f"{order.amount} for {order.product} {order.area} through {order.channel}"
        yield order.paid_at, "order", f"paid: {paid}", order.order_id
        if order.ended_at is not None:
            yield order.ended_at, "order", f"{order.state}: {paid}", order.order_id
    for bicycle in uow.bicycle_holds.of_card(card_no):
        yield bicycle.held_at, "bicycle", f"out, guarantee {bicycle.amount}, by {bicycle.source}", bicycle.hold_id
        if bicycle.released_at is not None:
            yield bicycle.released_at, "bicycle", "back", bicycle.hold_id
    for deposit in uow.deposits.of_card(card_no):
        if deposit.taken_at is not None:
            yield deposit.taken_at, "deposit", f"{deposit.amount} taken by {deposit.taken_by}", deposit.deposit_id
        if deposit.returned_at is not None:
            text = f"{deposit.returned} of {deposit.amount} returned by {deposit.returned_by}, taken by {deposit.taken_by}"
            yield deposit.returned_at, "deposit", text, deposit.deposit_id


def _old_card(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """How the card ended: taken in, replaced, its money moved or paid back, cancelled."""
    takeover = uow.old_cards.get(card_no)
    if takeover is not None:
        text = f"{takeover.reason}, held by {takeover.held_by}" + (f" until {takeover.due}" if takeover.due else "")
        yield takeover.began_at, "old_card", text, card_no
        if takeover.ended_at is not None:
            yield takeover.ended_at, "old_card", f"{takeover.state}", card_no
    replacement = uow.replacements.latest_of(card_no)
    if replacement is not None:
        text = f"replacement ({replacement.reason}) asked for by {replacement.asked_by}, fee {replacement.fee}"
        yield replacement.asked_at, "old_card", text, replacement.replacement_id
    for part in uow.takeover_parts.of_card(card_no):
        payout = uow.held_payouts.get(card_no, part.part_id)
        if payout is not None:
            text = f"{payout.returned} of {payout.amount} paid back by {payout.paid_by} ({payout.reason})"
            yield payout.paid_at, "old_card", text, payout.payout_id
    cancelled = uow.cancellations.get(card_no)
    if cancelled is not None:
        yield cancelled.cancelled_at, "old_card", f"cancelled by {cancelled.cancelled_by} ({cancelled.reason})", card_no


def _files(uow: UnitOfWork, card_no: str) -> Iterator[Entry]:
    """What operators' files told of the card and the books did not take. What they took stands in the ledger."""
    for row in uow.spending.of_card(card_no, *NOT_BOOKED):
        text = f"{row.state} ({row.reason}): {row.amount} at {row.operator}, counter {row.offline_counter}, line {row.line}"
        yield row.recorded_at, "file", text, row.batch_id
