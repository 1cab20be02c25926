"""What the files that came in on a day say and the books do not: rejected, contradicting, double and late records."""

import datetime as dt
from collections.abc import Iterable

from cardsvc.ledger import postings
from cardsvc.rules.ruleset import ReconciliationRule
from cardsvc.service.reconcile.findings import Finding, entry
from cardsvc.store import UnitOfWork
from cardsvc.store.records import FileBatch, SpendingRecord
from cardsvc.units import LOCAL

LISTED = 20
"""Lines that are named of many alike."""


def spending_findings(uow: UnitOfWork, rule: ReconciliationRule, batches: Iterable[FileBatch]) -> list[Finding]:
    """Differences of these batches. Records that are alike and harmless are one difference for each batch."""
    found: list[Finding] = []
    for batch in batches:
        if batch.kind != "spending":
            continue
        found += [_refused(record) for record in uow.spending.of_batch(batch.batch_id, "rejected")]
        found += [_conflict(record) for record in uow.spending.of_batch(batch.batch_id, "conflict")]
        double = uow.spending.of_batch(batch.batch_id, "duplicate")
        before = batch.imported_at.astimezone(LOCAL) - dt.timedelta(days=rule.waiting_days)
        late = uow.spending.late_of(batch.batch_id, f"{before:%Y%m%d%H%M%S}")
        found += _many("duplicate_in_file", batch, double, "counted_once") + _many("late_record", batch, late, "booked_late")
    return found


def _refused(record: SpendingRecord) -> Finding:
    code = "tac_wrong" if record.reason == "tac_wrong" else "reference_unknown"
    return Finding(code, _subject(record), record.amount, record.card_no, _details(record))


def _conflict(record: SpendingRecord) -> Finding:
    """The TAC is right: if people find that the card did pay this, the operator is owed it. Told before, it has it."""
    if record.reason == "told_before":
        return Finding("counter_conflict", _subject(record), record.amount, record.card_no, _details(record))
    purse = postings.purse_account(record.card_no, record.application, record.purse)
    proposed = entry(record.card_no, purse, postings.merchant_account(record.operator), record.amount)
    return Finding("counter_conflict", _subject(record), record.amount, record.card_no, _details(record), proposed)


def _many(code: str, batch: FileBatch, records: list[SpendingRecord], why: str) -> list[Finding]:
    if not records:
        return []
    lines = [record.line for record in records[:LISTED]]
    details = {"operator": batch.party, "file": batch.file_name, "records": len(records), "lines": lines}
    return [Finding(code, batch.batch_id, sum(record.amount for record in records), None, details).explained(why)]


def _subject(record: SpendingRecord) -> str:
    return f"{record.batch_id}:{record.line}"


def _details(record: SpendingRecord) -> dict[str, object]:
    return {
        "operator": record.operator,
        "line": record.line,
        "terminal_no": record.terminal_no,
        "application": record.application,
        "purse": record.purse,
        "counter": record.offline_counter,
        "at": record.host_date_time,
        "reason": record.reason,
        "matter": [record.card_no, record.offline_counter, record.tac],
    }
