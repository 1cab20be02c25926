"""Replacements of cards."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Replacement:
    """An old card and the one that takes its place. ``reason``: see ``REPLACEMENT_REASONS``; ``fee`` in fen, with the
    ``rules`` that decided it; ``source_account``: where the money of the fee is; open until ``new_card_no`` is known, or the
    fee went back from ``back_account``; ``phone``: by which its holder is told that the new card is ready."""

    replacement_id: str
    old_card_no: str
    citizen_id: str
    outlet_id: str
    reason: str
    fee: int
    rules: list[str]
    payment_method: str | None
    payment_reference: str | None
    source_account: str | None
    asked_by: str
    asked_at: dt.datetime
    new_card_no: str | None = None
    made_at: dt.datetime | None = None
    back_account: str | None = None
    back_by: str | None = None
    back_at: dt.datetime | None = None
    phone: str | None = field(default=None, repr=False)
