"""Taking operators' records into the books.

What becomes of a line, by the first that holds:

state      reason              when
rejected   card_unknown        the card is none of ours
duplicate                      the counter was taken by exactly this purchase, whatever file brought it
rejected   application_unknown this card has no such purse
rejected   tac_wrong           the card did not make this TAC
conflict   counter_used        the counter was taken by another purchase: one of the two is forged, or the card is doubled
conflict   told_before         this very purchase was told, or made through this service, under another counter
conflict   settled_otherwise   the card itself proved that it did not pay this
matched                        a purchase through this service; where it was suspect, this record settles it
booked                         new: purse to merchant, in the card's chain

The TAC covers amount, type, terminal, number and time (JR/T 0025.2-2010 5.5.3), not the counter: the counter is the operator's
word, which is why a counter that is used twice is for people to look at, and why one purchase is not booked under two.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cardsvc.card.purse import purchase_tac_data
from cardsvc.keystore.protocol import KeyStore
from cardsvc.ledger import postings
from cardsvc.ledger.counters import Counters
from cardsvc.ledger.states import PurchaseState
from cardsvc.service.batches.formats import SPENDING_TYPES, SpendingLine
from cardsvc.service.batches.reading import local_time
from cardsvc.service.purse.settle import confirm_purchase, record_evidence
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, FileBatch, Purchase, PurseCounter, SpendingRecord

SPENDING_FILE = "spending_file"
"""The rule by which a record settles a suspect purchase."""
_NAMES = uuid.UUID("6c0f2f6e-5d0c-5c5e-9a5b-7a3f0d1f8a11")

Identity = tuple[int, str, str, str]
"""Amount, terminal, its transaction number, time: what the TAC of a purchase covers."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a line. ``reference``: of its ledger line, or of the purchase it matched."""

    state: str
    reason: str | None = None
    reference: str | None = None


def take_spending(
    uow: UnitOfWork, keystore: KeyStore, batch: FileBatch, lines: Sequence[SpendingLine], now: dt.datetime
) -> Counter[str]:
    """Judge these lines and book what is to be booked, in the caller's transaction. Returns how many ended in each state."""
    judge = _Judge(uow, keystore, lines, now)
    verdicts = [judge.verdict(line) for line in lines]
    booked = [(line, verdict) for line, verdict in zip(lines, verdicts, strict=True) if verdict.state == "booked"]
    uow.ledger.post_many([_entry(line, verdict) for line, verdict in booked], now)
    uow.spending.add_many(_record(batch, line, verdict, now) for line, verdict in zip(lines, verdicts, strict=True))
    known = [line for line, verdict in zip(lines, verdicts, strict=True) if verdict.state in ("booked", "matched")]
    _count(uow, known, now)
    return Counter(verdict.state for verdict in verdicts)


class _Judge:
    """Everything about the cards of a part of a file, read with a few statements; cards stay locked."""

    def __init__(self, uow: UnitOfWork, keystore: KeyStore, lines: Sequence[SpendingLine], now: dt.datetime) -> None:
        self._uow = uow
        self._keystore = keystore
        self._now = now
        keys = {line.key for line in lines}
        self._cards = uow.cards.lock_many({line.card_no for line in lines})
        self._taken = {key: (_recorded(row), row.tac) for key, row in uow.spending.taken_at(keys).items()}
        self._purchases: dict[tuple[str, str, str, int], list[Purchase]] = {}
        for purchase in uow.purchases.at_counters(keys):
            key = (purchase.card_no, purchase.application, purchase.purse, purchase.counter)
            self._purchases.setdefault(key, []).append(purchase)
        transactions = {line.transaction for line in lines}
        self._known = uow.spending.told(transactions) | (uow.purchases.made(set(self._cards)) & transactions)
        self._checks: dict[tuple[str, str], Callable[[bytes, bytes], bool]] = {}

    def verdict(self, line: SpendingLine) -> Verdict:
        """The first row of the module's table that holds."""
        card = self._cards.get(line.card_no)
        if card is None:
            return Verdict("rejected", "card_unknown")
        taken = self._taken.get(line.key)
        if taken == (_told(line), line.tac):
            return Verdict("duplicate")
        if f"{line.application}.tac" not in card.key_versions:
            return Verdict("rejected", "application_unknown")
        if not self._tac_right(card, line):
            return Verdict("rejected", "tac_wrong")
        if taken is not None:
            return Verdict("conflict", "counter_used")
        verdict = (
            self._known_purchase(line) or self._under_another_counter(line) or Verdict("booked", reference=_reference(line))
        )
        if verdict.state in ("booked", "matched"):
            self._taken[line.key] = _told(line), line.tac
            self._known.add(line.transaction)
        return verdict

    def _tac_right(self, card: Card, line: SpendingLine) -> bool:
        place = card.card_no, line.application
        if place not in self._checks:
            self._checks[place] = self._keystore.tac_check(*place, card.key_versions)
        kind, moment = SPENDING_TYPES[line.transaction_type][0], local_time(line.host_date_time)
        terminal, number = bytes.fromhex(line.terminal_no), bytes.fromhex(line.terminal_transaction)
        data = purchase_tac_data(line.amount, kind, terminal, number, moment)
        return self._checks[place](data, bytes.fromhex(line.tac))

    def _known_purchase(self, line: SpendingLine) -> Verdict | None:
        """What a purchase through this service at the same counter says, None when there is none that speaks."""
        purchases = self._purchases.get(line.key, [])
        for purchase in purchases:
            if _made(purchase) != _told(line):
                continue
            if purchase.state == PurchaseState.NOT_DEBITED:
                return Verdict("conflict", "settled_otherwise")
            if purchase.state != PurchaseState.CONFIRMED:
                self._settle(purchase, line)
            return Verdict("matched", reference=purchase.purchase_id)
        if any(purchase.state == PurchaseState.CONFIRMED for purchase in purchases):
            return Verdict("conflict", "counter_used")
        return None

    def _under_another_counter(self, line: SpendingLine) -> Verdict | None:
        """The TAC says nothing of the counter, so one TAC could be booked under as many counters as somebody invents."""
        return Verdict("conflict", "told_before") if line.transaction in self._known else None

    def _settle(self, purchase: Purchase, line: SpendingLine) -> None:
        """The operator has what we did not see: the TAC."""
        evidence = {"tac": line.tac, "counter": line.offline_counter, "balance": line.balance_after, "line": line.line}
        record_evidence(self._uow, purchase, SPENDING_FILE, evidence, self._now)
        confirm_purchase(self._uow, purchase, SPENDING_FILE, bytes.fromhex(line.tac), self._now)


def _told(line: SpendingLine) -> Identity:
    return line.amount, line.terminal_no, line.terminal_transaction, line.host_date_time


def _recorded(row: SpendingRecord) -> Identity:
    return row.amount, row.terminal_no, row.terminal_transaction, row.host_date_time


def _made(purchase: Purchase) -> Identity:
    return purchase.amount, purchase.terminal_no, purchase.terminal_transaction, purchase.host_date_time


def _reference(line: SpendingLine) -> str:
    """The same for the same counter of a card, so that the ledger too refuses a second booking."""
    return str(uuid.uuid5(_NAMES, ":".join(map(str, line.key))))


def _entry(line: SpendingLine, verdict: Verdict) -> tuple[str, postings.Posting, str]:
    purse = postings.purse_account(line.card_no, line.application, line.purse)
    posting = postings.purchase_confirmed(purse, postings.merchant_account(line.operator), line.amount)
    return line.card_no, posting, verdict.reference or ""


def _record(batch: FileBatch, line: SpendingLine, verdict: Verdict, now: dt.datetime) -> SpendingRecord:
    return SpendingRecord(
        card_no=line.card_no,
        batch_id=batch.batch_id,
        line=line.line,
        operator=line.operator,
        terminal_no=line.terminal_no,
        terminal_transaction=line.terminal_transaction,
        application=line.application,
        purse=line.purse,
        amount=line.amount,
        offline_counter=line.offline_counter,
        transaction_type=line.transaction_type,
        host_date_time=line.host_date_time,
        tac=line.tac,
        balance_after=line.balance_after,
        state=verdict.state,
        reason=verdict.reason,
        reference=verdict.reference,
        recorded_at=now,
    )


def counters_of(row: PurseCounter | None) -> Counters:
    """What is accounted for by a row, or by none."""
    return Counters(row.complete_to, tuple((first, last) for first, last in row.ahead)) if row else Counters()


def _count(uow: UnitOfWork, lines: Sequence[SpendingLine], now: dt.datetime) -> None:
    """Note these counters as accounted for: a late record closes the gap that it left."""
    rows = uow.counters.of_cards({line.card_no for line in lines})
    numbers: dict[tuple[str, str, str], list[int]] = {}
    for line in lines:
        numbers.setdefault((line.card_no, line.application, line.purse), []).append(line.offline_counter)
    changed = []
    for key, more in numbers.items():
        counters = counters_of(rows.get(key)).with_numbers(more)
        changed.append(PurseCounter(*key, counters.complete_to, [list(pair) for pair in counters.ahead], now))
    uow.counters.replace(changed)
