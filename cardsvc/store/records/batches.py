"""Operators' and channels' files, what their lines say, and what cards showed."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileBatch:
    """An imported file; states in store/states.py. ``party``: operator, channel or terminal; ``applied``: records taken so far;
    ``counts``: how many of them ended in each state.
    """

    batch_id: str
    kind: str
    party: str
    sha256: str
    file_name: str
    records: int
    amount: int
    applied: int
    state: str
    counts: dict[str, int]
    imported_at: dt.datetime
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class SpendingRecord:
    """One line of an operator's file: a purchase at one of its readers. Append-only.

    ``offline_counter`` before the increment; ``host_date_time`` as the TAC covers it; ``state``: booked, matched (a
    purchase that was known), duplicate, rejected, conflict; ``reference``: of the ledger's line, or of that purchase.
    """

    card_no: str
    batch_id: str
    line: int
    operator: str
    terminal_no: str
    terminal_transaction: str
    application: str
    purse: str
    amount: int
    offline_counter: int
    transaction_type: str
    host_date_time: str
    tac: str
    balance_after: int | None
    state: str
    reason: str | None
    reference: str | None
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True)
class PurseCounter:
    """Which offline counters of a purse are accounted for: all below ``complete_to``, and the ranges ``ahead`` of it."""

    card_no: str
    application: str
    purse: str
    complete_to: int
    ahead: list[list[int]]
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class StatementRecord:
    """One line of a payment channel's or a terminal's file. Append-only. ``reference``: of the payment, or the load's id or
    idempotency key; ``result``: paid, or written, not_written, unknown; ``state``: taken, duplicate, conflict.
    """

    party: str
    batch_id: str
    line: int
    reference: str
    amount: int
    fee: int
    result: str
    occurred_at: str
    state: str
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True)
class CardSighting:
    """What a purse showed to an operation, in the phase whose answers it was in. Append-only. Counters before the next
    increment; None: not seen then.
    """

    card_no: str
    operation_id: str
    phase: int
    application: str
    purse: str
    balance: int
    online_counter: int | None
    offline_counter: int | None
    seen_at: dt.datetime
