"""Workstations and what is relayed to them."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Workstation:
    """What an agent said last. ``session``: the run of the agent; ``readers``: objects of name, and atr (hex) and contact (a
    new id each time a card comes in) or None for an empty one; ``seen_at``: when it last called.

    ``face_queue``: the CUPS queue of the card printer beside it, None where there is none; ``face_reader``: the reader inside
    that printer, whose cards get their face by themselves."""

    terminal_id: str
    session: str
    readers: list[dict[str, Any]]
    seen_at: dt.datetime
    face_queue: str | None = None
    face_reader: str | None = None


@dataclass(frozen=True, slots=True)
class RelayedOperation:
    """An operation that a staff member began on the card of a ``contact`` at a workstation."""

    operation_id: str
    terminal_id: str
    staff_id: str
    reader: str
    contact: str
    asked_at: dt.datetime
