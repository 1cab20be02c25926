"""Blank cards: batches, movements, counts. Places and kinds: see store/tables/stock.py."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BlankBatch:
    """A delivery. ``family``: profile id; serials in hex, both included; ``transport_version``: of the key of its chips."""

    batch_id: str
    family: str
    supplier: str
    count: int
    first_serial: str
    last_serial: str
    transport_version: int
    outlet_id: str
    received_by: str
    received_at: dt.datetime


@dataclass(frozen=True, slots=True)
class BlankMovement:
    """So many blanks went from one place to another. ``by``: a person, or ``kind:id`` of whoever carried an operation out;
    ``receiver``: who has them now; ``chip_serial``, ``card_no``: of the one that was used or spoiled."""

    movement_id: str
    batch_id: str
    kind: str
    from_place: str
    to_place: str
    count: int
    outlet_id: str
    by: str
    at: dt.datetime
    receiver: str | None = None
    chip_serial: str | None = None
    card_no: str | None = None
    reason: str | None = None
    approval_id: str | None = None


@dataclass(frozen=True, slots=True)
class BlankCount:
    """Somebody counted a batch in a place. ``expected``: what the books said then."""

    count_id: str
    batch_id: str
    place: str
    outlet_id: str
    expected: int
    counted: int
    by: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class MakingNote:
    """A first article (``kind`` right or wrong, of a batch at a desk), or that making went on after a stop (``released``)."""

    note_id: str
    place: str | None
    batch_id: str | None
    kind: str
    card_no: str | None
    by: str
    reason: str | None
    at: dt.datetime
