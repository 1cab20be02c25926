"""Evidence of the city purse: balance against the books, counters against what was seen before, log, proof.

A purse is also spent offline, at other companies' machines, and those records come days later: a balance below the books
is explained by purchases in the log that the books have not seen yet. A balance above them is explained by nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from cardsvc.card.log_order import LogOrder, began_at, shown_order
from cardsvc.card.profile import Profile
from cardsvc.card.purse import (
    COUNTER_MAXIMUM,
    InitializeForLoadAnswer,
    InitializeForPurchaseAnswer,
    LogRecord,
    TransactionProof,
    TransactionType,
)
from cardsvc.diagnosis.books import Books
from cardsvc.diagnosis.evidence import Value
from cardsvc.diagnosis.files import ABSENT
from cardsvc.diagnosis.keys import KeyQuestions, load_answer
from cardsvc.diagnosis.probes import Readings, newest_record
from cardsvc.iso7816.status import SW
from cardsvc.procedures.pin import tries_shown
from cardsvc.units import parse_bcd_date

SIGN = 0x80000000
INITIALIZE_FOR_PURCHASE_LENGTH, PROOF_LENGTH, BALANCE_LENGTH = 15, 8, 4
SPENT = (TransactionType.EP_PURCHASE, TransactionType.CAPP_PURCHASE)
OFFLINE = (TransactionType.CASH_WITHDRAW, TransactionType.ED_PURCHASE, *SPENT)
MAX_OPEN = 8
_TOLD_OTHERWISE = (
    SW.COUNTER_AT_MAXIMUM,
    SW.KEY_INDEX_NOT_SUPPORTED,
    SW.KEY_NOT_FOUND,
    SW.GREY_LOCKED,
    SW.LOCKED_FOR_GOOD,
    SW.NOT_ENOUGH_MONEY,
)
"""Refusals of a purse that have a finding of their own."""


def refused(readings: Readings, label: str) -> bool:
    """Whether a purse refuses a command for no reason that another finding names. A wrong PIN has one; a status that cannot be,
    and a command that the card does not know, are wrong answers (files.py)."""
    sw = readings.sw(label)
    if sw is None or sw == SW.OK or sw in _TOLD_OTHERWISE or tries_shown(sw) is not None:
        return False
    return sw >> 8 in (0x62, 0x64, 0x65, 0x69, 0x6A)


def blocked_in_use(profile: Profile, readings: Readings, name: str) -> bool:
    """An application that can be selected and refuses everything else, as some families answer after a block."""
    used = [label for label in readings.labels() if label.startswith(f"{name}.") and label != f"{name}.select"]
    return bool(used) and all(f"{readings.sw(label):04X}" in profile.status.blocked_use for label in used)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a purse answered, and what the books know of it. ``records``: the log, newest first, in this ``order``; ``unknown``:
    loads of the log that the books do not have, of which ``lost`` are of a time that restored books are missing."""

    readings: Readings
    books: Books | None
    load: InitializeForLoadAnswer | None
    purchase: InitializeForPurchaseAnswer | None
    records: Sequence[LogRecord]
    order: LogOrder
    unknown: Sequence[LogRecord]
    lost: Sequence[LogRecord]

    @property
    def online(self) -> int | None:
        """The online counter that the card shows."""
        return self.load.online_counter if self.load else None

    @property
    def offline(self) -> int | None:
        """The offline counter that the card shows."""
        return self.purchase.offline_counter if self.purchase else None


def _seen(profile: Profile, readings: Readings, books: Books | None) -> _Seen:
    records, load, purchase = _log(readings), load_answer(readings, "purse"), _initialize_for_purchase(readings)
    order = _order(profile.purse.log_number, records, load, purchase, books)
    unknown = _unknown_loads(order, records, books) if books else []
    lost = _lost(unknown, books) if books else []
    return _Seen(readings, books, load, purchase, records, order, unknown, lost)


def purse_evidence(profile: Profile, readings: Readings, books: Books | None, keys: KeyQuestions | None) -> dict[str, Value]:
    """All keys ``purse.*``, ``log.*``, ``proof.*`` and ``open.*`` that the answers allow."""
    if not readings.ok("purse.select"):
        return _open(books)
    seen = _seen(profile, readings, books)
    found: dict[str, Value] = {
        **_open(books),
        **_refusals(profile, seen),
        **_counters(seen),
        **_log_evidence(seen, logged=profile.purse.loads_logged is not False),
        **_proof(seen, keys),
        **_balance(seen),
    }
    if books is not None and seen.load is not None:
        found["purse.refunded_written"] = _refunded_written(books, seen.load, found.get("purse.unexplained"))
    return found


def _refunded_written(books: Books, load: InitializeForLoadAnswer, unexplained: Value) -> int:
    """The load that was paid back although the card has it, in fen: it has just so much more, and its counter is past it."""
    past = (booked.amount for booked in books.refunded if booked.online_counter < load.online_counter)
    return next((amount for amount in past if amount == unexplained), 0)


def _open(books: Books | None) -> dict[str, Value]:
    if books is None:
        return {}
    return {
        "open.loads": books.open_loads,
        "open.purchases": books.open_purchases,
        "open.amount": sum(abs(amount) for amount in books.open_amounts),
        "open.undecided": books.undecided,
    }


def _refusals(profile: Profile, seen: _Seen) -> dict[str, Value]:
    readings = seen.readings
    begun, bought = readings.sw("purse.load"), readings.sw("purse.purchase")
    answers = {begun, bought}
    works = not blocked_in_use(profile, readings, "purse")
    return {
        "purse.unusable": works and (refused(readings, "purse.balance") or refused(readings, "purse.purchase")),
        "purse.load_refused": works and refused(readings, "purse.load"),
        "purse.grey": SW.GREY_LOCKED in answers,
        "purse.online_at_maximum": begun == SW.COUNTER_AT_MAXIMUM or seen.online == COUNTER_MAXIMUM,
        "purse.offline_at_maximum": bought == SW.COUNTER_AT_MAXIMUM or seen.offline == COUNTER_MAXIMUM,
        "purse.key_missing": bool(answers & {SW.KEY_INDEX_NOT_SUPPORTED, SW.KEY_NOT_FOUND}),
    }


def _initialize_for_purchase(readings: Readings) -> InitializeForPurchaseAnswer | None:
    raw = readings.data("purse.purchase")
    return InitializeForPurchaseAnswer.parse(raw) if len(raw) == INITIALIZE_FOR_PURCHASE_LENGTH else None


def _counters(seen: _Seen) -> dict[str, Value]:
    found: dict[str, Value] = {}
    books = seen.books
    if seen.online is not None:
        found["purse.online_counter"] = seen.online
        if books is not None:
            found["purse.online_behind"] = max(0, books.online_seen - seen.online)
    if seen.offline is not None:
        found["purse.offline_counter"] = seen.offline
        if books is not None:
            found["purse.offline_behind"] = max(0, books.offline_seen - seen.offline)
    return found


def _log(readings: Readings) -> list[LogRecord]:
    """The log records that were read and are whole, newest first."""
    raw = [readings.data(label) for label in readings.labels() if label.startswith("purse.log.")]
    records = [LogRecord.parse(data) for data in raw if len(data) == LogRecord.LENGTH]
    return [record for record in records if record.written]


def _order(
    stated: LogOrder,
    records: Sequence[LogRecord],
    load: InitializeForLoadAnswer | None,
    purchase: InitializeForPurchaseAnswer | None,
    books: Books | None,
) -> LogOrder:
    """How this card numbers its log: as its profile states, unless its newest load shows the other order, its newest purchase
    does not show this one, and read in the other all loads are those of the books."""
    loads = [record for record in records if record.type == TransactionType.EP_LOAD]
    shown = shown_order(loads, load.online_counter) if load else None
    if shown in (None, stated) or books is None or _unknown_loads(shown, loads, books):
        return stated
    offline = [record for record in records if record.type in OFFLINE]
    counter = purchase.offline_counter if purchase else None
    return stated if shown_order(offline, counter) == stated else shown


def _after(record: LogRecord, order: LogOrder) -> int:
    """The counter after a log record's transaction."""
    return began_at(record, order) + 1


def _log_evidence(seen: _Seen, *, logged: bool) -> dict[str, Value]:
    """``logged``: whether cards of this family keep their loads in the log."""
    if "purse.log.1" not in seen.readings:
        return {}
    online = [record for record in seen.records if record.type not in OFFLINE]
    offline = [record for record in seen.records if record.type in OFFLINE]
    moved = (seen.online if logged else 0) or seen.offline or 0
    found: dict[str, Value] = {
        "log.empty": moved > 0 and not seen.records and seen.readings.sw("purse.log.1") in (SW.OK, *ABSENT),
        "log.disordered": not (
            (not seen.records or newest_record(seen.readings) is not None)
            and all(_sensible(record) for record in seen.records)
            and _descending(seen.order, online, seen.online)
            and _descending(seen.order, offline, seen.offline)
        ),
    }
    if seen.books is not None:
        found["log.unknown_loads"] = len(seen.unknown) - len(seen.lost)
        found["log.lost_loads"] = sum(record.amount for record in seen.lost)
        if seen.books.may_be_behind and seen.online is not None:
            found["log.untold_loads"] = max(0, seen.online - seen.books.counted - len(seen.unknown))
    return found


def _unknown_loads(order: LogOrder, records: Sequence[LogRecord], books: Books) -> list[LogRecord]:
    """Loads in the log that the books do not have."""
    known = {(booked.online_counter + 1, booked.amount) for booked in (*books.loads, *books.refunded)}
    loads = (record for record in records if record.type == TransactionType.EP_LOAD)
    return [record for record in loads if (_after(record, order), record.amount) not in known]


def _lost(unknown: Sequence[LogRecord], books: Books) -> list[LogRecord]:
    """Those of a time that is missing from restored books."""
    times = books.lost_times
    return [record for record in unknown if any(since <= record.stamp <= until for since, until in times)]


def _sensible(record: LogRecord) -> bool:
    return record.type in set(TransactionType) and parse_bcd_date(record.date) is not None


def _descending(order: LogOrder, records: Sequence[LogRecord], counter: int | None) -> bool:
    """Newest first, one by one, and none beyond the card's own counter."""
    numbers = [_after(record, order) for record in records]
    return all(newer == older + 1 for newer, older in pairwise(numbers)) and (
        counter is None or not numbers or numbers[0] <= counter
    )


def _balance(seen: _Seen) -> dict[str, Value]:
    told, books = seen.readings.data("purse.balance"), seen.books
    if len(told) != BALANCE_LENGTH:
        return {}
    raw = int.from_bytes(told, "big")
    balance = raw - 2 * SIGN if raw >= SIGN else raw
    found: dict[str, Value] = {"purse.balance": balance, "purse.owed": max(0, -balance)}
    if books is None:
        return found
    unseen = [r.amount for r in seen.records if r.type in SPENT and _after(r, seen.order) not in books.purchases]
    missing = 0 if seen.offline is None else seen.offline - len(books.purchases) - len(unseen)
    found["purse.books"] = books.balance
    found["purse.held"] = books.held
    found["purse.spent_unseen"] = sum(unseen)
    lost = sum(record.amount for record in seen.lost)
    allowed = [booked + lost for booked in _may_be(books)]
    found["purse.unexplained"] = _unexplained(balance, allowed, unseen, incomplete=missing > 0)
    return found


def _may_be(books: Books) -> set[int]:
    """The balances that the books allow: with or without each open transaction, and the guarantee of a bicycle that is out."""
    amounts = (*books.open_amounts[:MAX_OPEN], *((-books.held,) if books.held else ()))
    chosen = (part for size in range(len(amounts) + 1) for part in combinations(amounts, size))
    return {books.balance + sum(part) for part in chosen}


def _unexplained(balance: int, allowed: Iterable[int], unseen: Sequence[int], *, incomplete: bool) -> int:
    """What no set of open transactions and unseen purchases accounts for. ``incomplete``: the log has not all of the unseen."""
    sums = [sum(unseen[:count]) for count in range(len(unseen) + 1)]
    differences = [balance - (booked - spent) for booked in allowed for spent in sums]
    if incomplete and max(booked for booked in allowed) - sums[-1] >= balance:
        return 0
    return min(differences, key=abs)


def _proof(seen: _Seen, keys: KeyQuestions | None) -> dict[str, Value]:
    """The newest transaction's TAC, where it is a load that the books know."""
    if "purse.proof" not in seen.readings:
        return {}
    raw, newest = seen.readings.data("purse.proof"), newest_record(seen.readings)
    if len(raw) != PROOF_LENGTH or newest is None:
        return {"proof.newest": "absent"}
    loads = seen.books.loads if seen.books else ()
    booked = next((b for b in loads if b.online_counter + 1 == _after(newest, seen.order)), None)
    if newest.type != TransactionType.EP_LOAD or booked is None or keys is None:
        return {"proof.newest": "given"}
    verdict = keys.tac_verifies(booked.tac_data, TransactionProof.parse(raw).tac)
    return {"proof.newest": {True: "right", False: "wrong", None: "given"}[verdict]}
