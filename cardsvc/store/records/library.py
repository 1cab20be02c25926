"""What the library's system is told."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LibraryNotice:
    """One thing that the library is told about a card. ``number``: from 1 for each card, and they go out in this order;
    ``next_at``: when it is tried next."""

    card_no: str
    number: int
    event: str
    body: dict[str, Any]
    state: str
    attempts: int
    next_at: dt.datetime
    queued_at: dt.datetime
    ended_at: dt.datetime | None = None
    error: str | None = None
