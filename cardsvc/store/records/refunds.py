"""Refunds, and bicycles that are out on a card."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Refund:
    """Where the money of a drawn-down purse goes, decided before the card is drawn down. Append-only: whether it happened is
    the state of its purchase. ``payouts``: kind, account and amount of each posting; they add up to ``balance``.
    """

    card_no: str
    purchase_id: str
    product: str
    area: str
    balance: int
    returned: int
    fee: int
    forfeited: int
    gift: int
    payouts: list[dict[str, Any]]
    rules: list[str]
    rule_version: str
    planned_at: dt.datetime


@dataclass(frozen=True, slots=True)
class BicycleHold:
    """A bicycle is out: ``amount`` of the card's money is its guarantee, and nothing is refunded. ``source``: who said so."""

    card_no: str
    hold_id: str
    amount: int
    state: str
    source: str
    held_at: dt.datetime
    released_at: dt.datetime | None = None
