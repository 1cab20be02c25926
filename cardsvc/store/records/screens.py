"""The hall's screens."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HallScreen:
    """A browser that stands in a hall. ``screen_id``: SHA-256 of what its cookie holds; ``code``: what it shows until it is
    paired: then it is a ``display``, a ticket machine (``tickets``, or ``tickets_paper`` with a printer), or the second screen
    (``appraise``) of a ``desk``; ``seen_at``: about when it asked last."""

    screen_id: str
    code: str | None
    shown_at: dt.datetime
    seen_at: dt.datetime
    outlet_id: str | None = None
    purpose: str | None = None
    desk: str | None = None
    paired_by: str | None = None
    paired_at: dt.datetime | None = None
    ended_by: str | None = None
    ended_at: dt.datetime | None = None
