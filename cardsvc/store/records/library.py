"""What the library's system is told."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LibraryNotice:
    """One thing that the library is told about a card. ``number``: from 1 for each reader, and they go out in this order;
    ``next_at``: when it is tried next."""

    citizen_id: str
    number: int
    card_no: str
    event: str
    body: dict[str, Any]
    state: str
    attempts: int
    next_at: dt.datetime
    queued_at: dt.datetime
    ended_at: dt.datetime | None = None
    error: str | None = None

    @property
    def notice_id(self) -> str:
        """What the library knows it by again when it comes twice."""
        return f"{self.card_no}-{self.number}"
