"""Who comes to the hall on the last day of a month, when, and for what. Pure; the same seed plans the same day.

Shares are estimates; that next month's ticket is what most people come for on such a day is known (visits.py).
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from cardsvc.cli.simulate.hall.clock import CUTOFF
from cardsvc.cli.simulate.visits import AMOUNTS, FARES, FAULTS, HOURS, chosen

Errand = Literal["money", "kiosk", "application", "apply", "fault", "damaged", "lost"]
TaskName = Literal["purse", "next_month", "refund", "look", "fetch", "library", "park"]

ERRANDS: Mapping[Errand, int] = {
    "money": 40,
    "kiosk": 14,
    "application": 9,
    "apply": 18,
    "fault": 10,
    "damaged": 5,
    "lost": 4,
}
TICKETS: Mapping[Errand, str] = {
    "money": "money",
    "application": "application",
    "apply": "card",
    "fault": "fault",
    "damaged": "card",
    "lost": "loss",
}
JOBS: Mapping[Errand, int] = {"money": 0, "kiosk": 0, "application": 0, "apply": 2, "fault": 1, "damaged": 1, "lost": 2}
"""Jobs of an errand beside its tasks: applied and collected, examined, replaced, reported and replaced."""
MONEY: Mapping[TaskName, int] = {"purse": 35, "next_month": 50, "refund": 8, "look": 7}
AT_KIOSK: Mapping[TaskName, int] = {"purse": 35, "next_month": 40, "fetch": 25}
TORN = "torn load"
AILMENTS = (
    "",
    "blocked-application",
    "corrupted-file",
    "locked-pin",
    "mute",
    "blocked-card",
    "wrong-key-version",
    TORN,
)
"""What is wrong with a card that is brought as faulty: names of vcard/catalog.py, or a load that broke off at a kiosk; empty:
nothing."""
GREEN = ("deaf", "old", "pregnant", "disabled")
MISS, WRONG_TICKET, GREEN_CHANNEL, GONE = 5, 4, 3, 25
"""In percent: of all visits; ``GONE`` of those whose card was pulled in the middle of a load."""
JOBS_A_VISIT = 5 / 3


@dataclass(slots=True)
class Task:
    """One job on a card. ``amount`` in fen; ``fault`` one of visits.FAULTS or None."""

    name: TaskName
    amount: int
    method: str
    fault: str | None


@dataclass(slots=True)
class Guest:
    """One visit. ``number``: of person and card; ``minute`` of the day; ``pulled``: the kind of the ticket that was taken,
    by mistake another than ``ticket``; ``gone``: does not wait where a load breaks off, and is not seen again today."""

    number: int
    minute: int
    errand: Errand
    tasks: list[Task]
    ticket: str
    pulled: str
    green: str | None
    misses: bool
    ailment: str
    gone: bool

    @property
    def jobs(self) -> int:
        """How many jobs this visit is."""
        return JOBS[self.errand] + len(self.tasks)


@dataclass(frozen=True, slots=True)
class Ride:
    """A ride on a bus whose reader is offline."""

    minute: int
    number: int
    fare: int


def hall_day(visits: int, faults: int, seed: int) -> tuple[list[Guest], list[Ride]]:
    """The day's guests, in order of coming, and rides. ``faults``: percent of loads at which the card does not stay."""
    chance = random.Random(seed)
    guests = [_guest(chance, number, faults) for number in range(visits)]
    more = [guest for guest in guests if guest.errand in ("money", "kiosk")]
    while more and sum(guest.jobs for guest in guests) < round(visits * JOBS_A_VISIT):
        guest = chance.choice(more)
        guest.tasks.append(_task(chance, guest, faults))
    for guest in guests:
        guest.tasks.sort(key=lambda task: task.name == "refund")  # whoever gives the money back does it last
        for task in guest.tasks:
            _steady(guest, task)
    cards = [guest.number for guest in guests if guest.errand != "apply"]
    rides = [Ride(chance.randrange(7 * 60, 18 * 60), chance.choice(cards), chance.choice(FARES)) for _ in cards]
    return sorted(guests, key=lambda guest: guest.minute), sorted(rides, key=lambda ride: ride.minute)


def _guest(chance: random.Random, number: int, faults: int) -> Guest:
    errand = chosen(chance, ERRANDS)
    ticket = TICKETS.get(errand, "")
    wrong = errand in ("damaged", "fault", "application") and chance.randrange(100) < 4 * WRONG_TICKET
    guest = Guest(
        number,
        _minute(chance, errand),
        errand,
        [],
        ticket,
        "money" if wrong else ticket,
        chance.choice(GREEN) if ticket and chance.randrange(100) < GREEN_CHANNEL else None,
        chance.randrange(100) < MISS,
        AILMENTS[number % len(AILMENTS)] if errand == "fault" else "",
        chance.randrange(100) < GONE,
    )
    if errand in ("money", "kiosk"):
        guest.tasks.append(_task(chance, guest, faults))
    if errand == "application":
        guest.tasks += [Task("library", 0, "cash", None), Task("park", 0, "cash", None)]
    return guest


def _minute(chance: random.Random, errand: Errand) -> int:
    hour = chosen(chance, HOURS["month-end"])
    minute = hour * 60 + chance.randrange(30 if hour in (7, 17) else 60) + (30 if hour == 7 else 0)
    return min(minute, CUTOFF - 1) if errand in ("apply", "damaged") and chance.randrange(10) else minute


def _task(chance: random.Random, guest: Guest, faults: int) -> Task:
    name = chosen(chance, AT_KIOSK if guest.errand == "kiosk" else MONEY)
    method = chance.choice(("mobile", "bank_card")) if guest.errand == "kiosk" else chance.choice(("cash", "cash", "mobile"))
    loads = name in ("purse", "next_month")
    fault = chance.choice(FAULTS) if loads and chance.randrange(100) < faults else None
    return Task(name, chance.choice(AMOUNTS), method, fault)


def _steady(guest: Guest, task: Task) -> None:
    """Whoever goes home in the middle paid in cash: a channel's file would have to tell of a payment that waits."""
    if guest.gone and task.fault:
        task.method = "cash" if guest.errand != "kiosk" else task.method
        task.fault = task.fault if guest.errand != "kiosk" else None
