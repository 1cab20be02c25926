"""What a day brings: who comes when, with which card, for what, and which card is pulled. Pure; the same seed, the same day.

At the end of a month people load the next month's ticket: the card shop opens from 7:30 to 17:30 in its last five days instead
of from 8:00 to 17:00, stops of buses load from the 20th or 25th only, and the day is about four times an ordinary one. The
busiest hour has about an eighth of the day. Sources: notices of 2010 to 2015; the factors are estimates.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

T = TypeVar("T")
Profile = Literal["ordinary", "month-end"]
Job = Literal["purse", "month", "next_month", "order", "spend", "look"]

HOURS: Mapping[Profile, Mapping[int, int]] = {
    "ordinary": {8: 9, 9: 12, 10: 12, 11: 12, 12: 9, 13: 10, 14: 12, 15: 12, 16: 12},
    "month-end": {7: 6, 8: 12, 9: 11, 10: 10, 11: 9, 12: 7, 13: 7, 14: 9, 15: 10, 16: 10, 17: 9},
}
"""Visits in each hour, in percent of the day."""
JOBS: Mapping[Profile, Mapping[Job, int]] = {
    "ordinary": {"purse": 40, "month": 10, "next_month": 0, "order": 10, "spend": 30, "look": 10},
    "month-end": {"purse": 25, "month": 0, "next_month": 45, "order": 10, "spend": 15, "look": 5},
}
METHODS: Mapping[str, int] = {"cash": 50, "mobile": 35, "bank_card": 15}
FAULTS = ("pulled_before", "pulled_after", "lost_answer")
"""Around the one command of a job that writes the purse: pulled before it, after it, or its answer lost."""
AMOUNTS = (5000, 10000, 15000)
FARES = (100, 200, 300)


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit. ``card`` is a number; ``amount`` in fen; ``fault`` one of FAULTS or None."""

    hour: int
    card: int
    job: Job
    amount: int
    method: str
    fault: str | None


def day_of(profile: Profile, visits: int, cards: int, faults: int, seed: int) -> list[Visit]:
    """The visits of a day, in order. ``faults``: percent of visits in which the card does not stay."""
    chance = random.Random(seed)
    hours = sorted(chosen(chance, HOURS[profile]) for _ in range(visits))
    return [_visit(chance, profile, hour, cards, faults) for hour in hours]


def _visit(chance: random.Random, profile: Profile, hour: int, cards: int, faults: int) -> Visit:
    job = chosen(chance, JOBS[profile])
    return Visit(
        hour,
        chance.randrange(cards),
        job,
        chance.choice(FARES if job == "spend" else AMOUNTS),
        chosen(chance, METHODS),
        chance.choice(FAULTS) if chance.randrange(100) < faults else None,
    )


def chosen(chance: random.Random, weights: Mapping[T, int]) -> T:
    """One of these by its weight."""
    kinds: Sequence[T] = list(weights)
    return chance.choices(kinds, list(weights.values()))[0]
