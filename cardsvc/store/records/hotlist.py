"""The hot list."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HotListEntry:
    """One version of the list: a card was put on it or taken off. ``action``: add, remove."""

    version: int
    card_no: str
    action: str
    reason: str
    changed_by: str
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class HotListAck:
    """The version that a terminal says it has."""

    terminal_id: str
    version: int
    acknowledged_at: dt.datetime
