"""Reconciliation runs and the differences they found."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReconciliationRun:
    """One comparison of ledger, cards and files. Append-only. ``channel``, ``terminal``: what it was limited to."""

    run_id: str
    day: dt.date
    channel: str | None
    terminal: str | None
    rule_version: str
    counts: dict[str, int]
    ran_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the sides disagree; states in store/states.py. ``event_key``: the same for the same matter in every run;
    ``entry``: the proposed correcting entry (debit, credit, amount, chain); ``explanation``: why there is nothing to book.
    """

    run_id: str
    number: int
    event_key: str
    code: str
    subject: str
    card_no: str | None
    amount: int
    details: dict[str, Any]
    entry: dict[str, Any] | None
    state: str
    explanation: str | None
    owner: str | None
    changed_at: dt.datetime
