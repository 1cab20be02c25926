"""What happens to a person after they were registered. ``repr`` shows nothing personal."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class CitizenChange:
    """Data of a person that change. ``before``, ``after``: the fields that differ, by name; ``proof``: the papers that were
    shown; ``rules``: that decided; ``on_card``: rewrite or replace; in force once it is applied."""

    change_id: str
    citizen_id: str
    before: dict[str, Any] = field(repr=False)
    after: dict[str, Any] = field(repr=False)
    proof: str
    rules: list[str]
    on_card: str
    asked_by: str
    asked_at: dt.datetime
    applied_by: str | None = None
    applied_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Death:
    """A holder who has died. ``heir``: what the person who came is to them; ``cards_here``: the cards that were brought; the
    others are taken in by their numbers. Nothing is done before it is confirmed."""

    death_id: str
    citizen_id: str
    heir: str
    heir_name: str = field(repr=False)
    heir_id_number: str = field(repr=False)
    papers: str
    cards_here: list[str]
    rules: list[str]
    asked_by: str
    asked_at: dt.datetime
    confirmed_by: str | None = None
    confirmed_at: dt.datetime | None = None
