"""Old cards that were taken over."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LegacyCardRow:
    """One old card; see service/transactions/legacy.py. ``uid`` hex; ``balance`` in fen."""

    uid: str
    card_no: str
    operation_id: str
    product: str
    balance: int
    state: str
    taken_at: dt.datetime
    order_id: str | None = None
    moved_at: dt.datetime | None = None
