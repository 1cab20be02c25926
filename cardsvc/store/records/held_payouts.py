"""Held money that was paid back."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HeldPayout:
    """A part of an old card's money that went back to its holder, in fen. ``returned``: to the holder; ``payouts``: each piece
    with its kind, account and amount, as of a refund; ``reason``: no_card, death, not_writable; ``papers``: what was shown."""

    card_no: str
    part_id: str
    payout_id: str
    amount: int
    returned: int
    reason: str
    papers: str
    payouts: list[dict[str, Any]]
    rules: list[str]
    rule_version: str
    approval_id: str | None
    paid_by: str
    paid_at: dt.datetime
