"""Batches of people who get their cards together."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class BulkBatch:
    """A file of people; states in store/states.py. ``lines``: how many people; ``run_by``: who started the last run."""

    batch_id: str
    sha256: str
    file_name: str
    lines: int
    state: str
    loaded_by: str
    loaded_at: dt.datetime
    run_by: str | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class BulkLine:
    """A person of a batch. ``line``: in the file, from 1; ``attempt``: operations begun for them so far; ``spoiled``: cards
    that were given up; ``card_no``, ``operation_id``, ``reader``: of the last card that was begun; ``bin``: good or bad,
    where that card went; ``error``: why the last attempt did not make it; ``place``: who carried it out, ``kind:id``.
    """

    batch_id: str
    line: int
    citizen_id: str
    state: str
    attempt: int
    spoiled: int
    card_no: str | None
    operation_id: str | None
    reader: str | None
    bin: str | None
    error: str | None
    changed_at: dt.datetime
    place: str | None = None


@dataclass(frozen=True, slots=True)
class BulkEvent:
    """What a run told of a card. ``place``: who carried it out; ``bin``: where the card goes; ``code``: why it was not made."""

    event_id: str
    batch_id: str
    place: str
    reader: str
    bin: str
    line: int | None
    card_no: str | None
    code: str | None
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class BulkStation:
    """The run at a workstation. ``alive_at``: its process was there then; ``ended``: why it is over, None while it runs."""

    terminal_id: str
    batch_id: str
    run_id: str
    staff_id: str
    readers: list[Any]
    alive_at: dt.datetime
    ended: str | None = None
