"""Loads that were paid online and wait for the card."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopUpOrder:
    """An order; states in ledger/states.py. ``channel``: who took the money; ``load_id``: the load that wrote it."""

    card_no: str
    order_id: str
    channel: str
    product: str
    area: str
    first_month: dt.date | None
    last_month: dt.date | None
    amount: int
    payment_method: str
    payment_reference: str
    state: str
    paid_at: dt.datetime
    load_id: str | None = None
    ended_at: dt.datetime | None = None
