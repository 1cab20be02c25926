"""Teller shifts, day seals and month-ends."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shift:
    """A teller with a cash drawer at one workstation; states in ledger/states.py.

    Counts are pieces by denomination in fen. ``expected`` is what the ledger had for the drawer when it was counted.
    ``counted_by``: who counted it at the close; None in rows of before migration 0036. ``approval_id``: what two people decided
    about a difference, or about a drawer that its teller did not count.
    """

    shift_id: str
    outlet_id: str
    staff_id: str
    actor_kind: str
    actor_id: str
    state: str
    opening_count: dict[str, int]
    opening_float: int
    opened_at: dt.datetime
    closing_count: dict[str, int] | None = None
    counted: int | None = None
    expected: int | None = None
    counted_by: str | None = None
    approval_id: str | None = None
    closed_at: dt.datetime | None = None

    @property
    def difference(self) -> int:
        """Counted less expected, in fen: negative when the drawer is short."""
        return (self.counted or 0) - (self.expected or 0)


@dataclass(frozen=True, slots=True)
class DaySeal:
    """The end of a business day of an outlet: a root over all chain heads that moved (ledger/seal.py). Append-only."""

    number: int
    outlet_id: str
    business_day: dt.date
    sealed_by: str
    sealed_at: dt.datetime
    previous_root: str
    root: str


@dataclass(frozen=True, slots=True)
class SealedHead:
    """Where a chain ended when it was sealed. Append-only."""

    chain: str
    seal_number: int
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """A month of an outlet that is over: all its days were ended. Append-only."""

    outlet_id: str
    month: dt.date
    ended_by: str
    ended_at: dt.datetime
