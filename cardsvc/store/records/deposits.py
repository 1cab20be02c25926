"""Deposits."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit of a card, in fen: ``returned`` of ``amount`` went back, the rest is depreciation. ``rule``: of the day it
    was taken on; ``taken_at``: the moment, None for deposits of before it was kept."""

    deposit_id: str
    card_no: str
    product: str
    amount: int
    state: str
    payment_method: str
    source_account: str
    rule: str
    taken_on: dt.date
    taken_at: dt.datetime | None
    taken_by: str
    returned: int | None = None
    returned_by: str | None = None
    returned_at: dt.datetime | None = None
    payment_reference: str | None = None
