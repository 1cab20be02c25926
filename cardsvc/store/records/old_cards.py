"""Old cards whose money is taken over."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Takeover:
    """An old card on its way out; states in store/states.py. ``due``: the day from which the books decide, by ``rule``;
    ``held_by``: who has the card and the case."""

    card_no: str
    state: str
    reason: str
    rule: str | None
    held_on: dt.date
    due: dt.date | None
    held_by: str
    began_at: dt.datetime
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class TakeoverPart:
    """Money of one purse of an old card. Append-only. With a ``purchase_id`` it counts when that purchase is confirmed: the
    card itself gave it; without one the books did. ``ways``: how it came, as lists of channel, paid and gift.
    """

    card_no: str
    part_id: str
    application: str
    purse: str
    product: str
    area: str
    first_month: dt.date | None
    amount: int
    ways: list[list[Any]]
    purchase_id: str | None
    made_at: dt.datetime
