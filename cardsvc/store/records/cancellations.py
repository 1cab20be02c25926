"""Cancelled cards."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cancellation:
    """A card that ended without a successor. ``reason``: returned, moved_away or death; ``papers``: what was shown."""

    card_no: str
    reason: str
    papers: str
    cancelled_by: str
    cancelled_at: dt.datetime
