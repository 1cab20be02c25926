"""What payment channels and terminals say about top-ups and fees, against the books.

Ours is a load, an order that was paid for and waits, a fee or a deposit. What a channel's file lists was paid; of what a
terminal's journal lists the terminal saw whether it was written. Lines are found by reference whatever day they are of; ours
are those of the day. Of a time that is missing from restored books nothing goes back to a payer by itself: the card may have
it. A load that was booked from its card has no reference: it is the line of its terminal, day and amount that nothing else is.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from cardsvc.ledger import postings
from cardsvc.ledger.states import FeeState, LoadState
from cardsvc.service.purse.restored import FROM_CARD, LostTime, lost_times
from cardsvc.service.reconcile.findings import LOST, RECONCILIATION, Finding, entry
from cardsvc.store import UnitOfWork
from cardsvc.store.records import ApplicationFee, Deposit, Load, Replacement, StatementRecord, TopUpOrder

OPEN = (LoadState.AUTHORISED, LoadState.SUSPECT)
OPEN_FEES = (FeeState.AUTHORISED, FeeState.SUSPECT, FeeState.NOT_WRITTEN)
BACK = (LoadState.NOT_WRITTEN, LoadState.REFUNDED)


@dataclass(frozen=True, slots=True)
class Ours:
    """A payment as the books have it. ``standing``: given (on the card, or owed to the holder), open, or back."""

    card_no: str
    identifier: str
    amount: int
    standing: str
    account: str


Paid = Load | TopUpOrder | Replacement | ApplicationFee | Deposit
"""What a payment paid."""


def ours_of(row: Paid) -> Ours:
    """It as a payment. An order that was returned, a fee or a deposit that went back, is in the books as owed to its payer."""
    match row:
        case Load():
            standing = "open" if row.state in OPEN else "back" if row.state in BACK else "given"
            return Ours(row.card_no, row.load_id, row.paid, standing, row.source_account)
        case TopUpOrder():
            return Ours(row.card_no, row.order_id, row.amount, "given", postings.clearing_account("channel", row.channel))
        case Replacement():
            return Ours(row.old_card_no, row.replacement_id, row.fee, "given", row.source_account or "")
        case ApplicationFee():
            standing = "open" if row.state in OPEN_FEES else "given"
            return Ours(row.card_no, row.fee_id, row.amount, standing, row.source_account)
        case Deposit():
            return Ours(row.card_no, row.deposit_id, row.amount, "given", row.source_account)


def paid_besides(uow: UnitOfWork, span: tuple[dt.datetime, dt.datetime], day: dt.date) -> list[Paid]:
    """What was paid on a day and is no load."""
    return [
        *uow.orders.between(*span),
        *uow.replacements.between(*span),
        *uow.application_fees.between(*span),
        *uow.deposits.taken_on(day),
    ]


def paid_by(uow: UnitOfWork, method: str, references: Collection[str]) -> dict[str, Paid]:
    """What each payment paid. A load that was refused took no money, and its payment may have paid something else."""
    loads = uow.loads.by_payment(method, references)
    return {
        **{reference: load for reference, load in loads.items() if load.state != LoadState.REFUSED},
        **uow.orders.by_payments(method, references),
        **uow.replacements.by_payments(method, references),
        **uow.application_fees.by_payments(method, references),
        **uow.deposits.by_payments(method, references),
    }


def channel_findings(
    uow: UnitOfWork, method: str, day: dt.date, loads: Iterable[Load], besides: Iterable[Paid]
) -> list[Finding]:
    """Differences between a channel's files and the payments of the day that came by it."""
    lines = uow.statements.of_day(method, day)
    rows: list[Paid] = [*loads, *besides]
    today = {row.payment_reference: ours_of(row) for row in rows if row.payment_method == method and row.payment_reference}
    if not lines:
        return _file_missing(method, [ours for ours in today.values() if ours.standing != "back"])
    references = {line.reference for line in lines}
    known, lost = paid_by(uow, method, references), lost_times(uow)
    found = [finding for line in lines for finding in _channel_line(method, line, known.get(line.reference), lost)]
    elsewhere = uow.statements.taken(method, set(today) - references)
    for reference, ours in today.items():
        if reference not in references and reference not in elsewhere:
            found += _not_listed(method, reference, ours)
    return found


def _file_missing(method: str, ours: list[Ours]) -> list[Finding]:
    if not ours:
        return []
    details = {"party": method, "records": len(ours)}
    return [Finding("missing_in_file", method, sum(row.amount for row in ours), None, details)]


def _channel_line(method: str, line: StatementRecord, row: Paid | None, lost: Sequence[LostTime]) -> list[Finding]:
    subject, chain = f"{method}:{line.reference}", f"channel:{method}"
    clearing, payout = postings.clearing_account("channel", method), postings.payout_account(method)
    details = {"party": method, "line": line.line, "at": line.occurred_at, "listed": line.amount}
    if line.state == "duplicate":
        matter = [line.batch_id, line.line]
        return [
            Finding("duplicate_in_file", subject, line.amount, None, {**details, "matter": matter}).explained("counted_once")
        ]
    give_back = entry(chain, clearing, payout, line.amount)
    if row is None:
        unknown = Finding("reference_unknown", subject, line.amount, None, details, give_back)
        of_lost_time = any(time.holds(line.occurred_at) for time in lost)
        return [replace(unknown, details={**details, LOST: True}, entry=None) if of_lost_time else unknown]
    ours = ours_of(row)
    details = {**details, "ours": ours.amount, "id": ours.identifier}
    if ours.standing == "back":
        return [Finding("paid_not_loaded", subject, line.amount, ours.card_no, details, give_back)]
    if ours.standing == "open":
        return [Finding("paid_not_loaded", subject, line.amount, ours.card_no, details).explained("open_transaction")]
    difference = line.amount - ours.amount
    if difference == 0:
        return []
    more = entry(chain, clearing, payout, difference)
    less = entry(ours.card_no, RECONCILIATION, ours.account, -difference)
    proposed = more if difference > 0 else less
    return [Finding("amount_differs", subject, difference, ours.card_no, {**details, "matter": line.amount}, proposed)]


def _not_listed(method: str, reference: str, ours: Ours) -> list[Finding]:
    """On the card or owed, but its channel does not list it. What came back needs no payment; what is open is not given yet."""
    if ours.standing != "given":
        return []
    proposed = entry(ours.card_no, RECONCILIATION, ours.account, ours.amount)
    details = {"party": method, "id": ours.identifier}
    return [Finding("loaded_not_paid", f"{method}:{reference}", ours.amount, ours.card_no, details, proposed)]


def terminal_findings(uow: UnitOfWork, terminal: str, day: dt.date, loads: Iterable[Load]) -> list[Finding]:
    """Differences between a terminal's journal of the day and the loads that it made."""
    lines = uow.statements.of_day(terminal, day)
    if not lines:
        return []
    mine = [load for load in loads if load.actor_id == terminal]
    by_reference = _by_reference(uow, terminal, lines, mine)
    found = [finding for line in lines for finding in _terminal_line(terminal, line, by_reference.get(line.reference))]
    told = {by_reference[line.reference].load_id for line in lines if line.reference in by_reference}
    for load in mine:
        if load.load_id not in told and load.state not in BACK:
            details = {"party": terminal, "state": load.state}
            found.append(Finding("missing_in_file", f"{terminal}:{load.load_id}", load.paid, load.card_no, details))
    return found


def _by_reference(uow: UnitOfWork, terminal: str, lines: Iterable[StatementRecord], mine: Iterable[Load]) -> Mapping[str, Load]:
    """The load of each line: by its id, or by the idempotency key of the operation that made it."""
    found = {load.load_id: load for load in mine}
    keys = {line.reference for line in lines} - set(found)
    operations = uow.operations.by_keys("terminal", terminal, keys)
    loads = uow.loads.of_operations([operation.operation_id for operation in operations.values()])
    by_key = {key: loads[row.operation_id] for key, row in operations.items() if row.operation_id in loads}
    others = {key: load for key, load in uow.loads.by_ids(keys - set(by_key)).items() if load.actor_id == terminal}
    known = {**found, **by_key, **others}
    return {**known, **_from_cards([line for line in lines if line.reference not in known], mine)}


def _from_cards(lines: Iterable[StatementRecord], mine: Iterable[Load]) -> dict[str, Load]:
    """Loads that were booked from their cards, each with the line that it was in the terminal's journal, in order of time."""
    waiting = sorted((load for load in mine if load.payment_method == FROM_CARD), key=lambda load: load.host_date_time)
    found: dict[str, Load] = {}
    for line in sorted(lines, key=lambda line: line.occurred_at):
        load = next((load for load in waiting if load.paid == line.amount and line.result != "not_written"), None)
        if load is not None:
            waiting.remove(load)
            found[line.reference] = load
    return found


def _terminal_line(terminal: str, line: StatementRecord, load: Load | None) -> list[Finding]:
    subject = f"{terminal}:{line.reference}"
    details = {"party": terminal, "line": line.line, "at": line.occurred_at, "listed": line.amount, "result": line.result}
    if line.state == "duplicate":
        matter = [line.batch_id, line.line]
        return [
            Finding("duplicate_in_file", subject, line.amount, None, {**details, "matter": matter}).explained("counted_once")
        ]
    if load is None or load.state == LoadState.REFUSED:
        if line.result == "not_written":
            return []
        return [Finding("reference_unknown", subject, line.amount, None, details)]
    ours = ours_of(load)
    details = {**details, "ours": ours.amount, "id": ours.identifier, "state": load.state}
    found = []
    if line.amount != ours.amount:
        told = {**details, "matter": line.amount}
        found.append(Finding("amount_differs", subject, line.amount - ours.amount, load.card_no, told))
    if ours.standing == "open":
        found.append(Finding("paid_not_loaded", subject, ours.amount, load.card_no, details).explained("open_transaction"))
    elif ours.standing == "given" and line.result == "not_written":
        found.append(Finding("paid_not_loaded", subject, ours.amount, load.card_no, details).explained("card_decides"))
    elif ours.standing == "back" and line.result == "written":
        found.append(Finding("loaded_not_paid", subject, ours.amount, load.card_no, details))
    return found
