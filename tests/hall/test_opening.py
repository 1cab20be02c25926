"""A hall that is shut gives no numbers, but a supervisor does; and a machine gives so many a minute."""

import datetime as dt

import pytest

from cardsvc.rules import RuleSet
from cardsvc.rules.desk import open_hours, opens_next
from cardsvc.rules.hall import queue_rule
from cardsvc.service.hall import screens, tickets
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store.records import HallScreen
from cardsvc.units import LOCAL
from tests.day.outlet import Hall, refused


def at(day: str, time: str) -> dt.datetime:
    """A moment on the clock of the city."""
    return dt.datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("outlet", "moment", "opens"),
    [
        ("hall", at("2026-11-24", "07:59"), at("2026-11-24", "08:00")),
        ("hall", at("2026-11-24", "08:00"), None),
        ("hall", at("2026-11-24", "16:59:59"), None),
        ("hall", at("2026-11-24", "17:00"), at("2026-11-25", "08:00")),
        ("hall", at("2026-11-25", "22:00"), at("2026-11-26", "07:30")),
        ("west", at("2026-11-27", "17:00"), at("2026-11-30", "08:30")),
        ("west", at("2026-09-30", "16:30"), at("2026-10-08", "08:30")),
        ("west", at("2026-10-10", "09:00"), None),
    ],
)
def test_when_a_hall_opens(rules: RuleSet, outlet: str, moment: dt.datetime, opens: dt.datetime | None) -> None:
    """Before and after its hours, at the month's end, over a week-end, over the National Day; a Saturday that is worked."""
    assert opens_next(rules, outlet, moment) == opens


def test_an_outlet_without_hours_is_not_shut(rules: RuleSet) -> None:
    """Where the rules say nothing, the machine stands in nobody's way."""
    silent = rules.model_copy(update={"hours": ()})
    assert opens_next(silent, "hall", at("2026-11-24", "03:00")) is None


def test_other_outlets_keep_the_holidays_of_the_year(rules: RuleSet) -> None:
    """The big hall is open every day; nothing says otherwise of holidays."""
    day = dt.date(2026, 10, 1)
    assert open_hours(rules, "outlet", day) is None
    assert open_hours(rules, "hall", day) is not None


def test_after_hours_only_a_supervisor_gives_numbers(hall: Hall, rules: RuleSet) -> None:
    """The machine says when the hall opens. The green channel is for whoever is inside, at any hour."""
    store, late = hall.world.store, at("2026-11-24", "17:30")
    with refused("rule_hall_shut") as told:
        tickets.take(store, rules, "hall", "money", late)
    assert told.value.details["opens"] == "11-25 08:00"
    with refused("not_permitted"):
        tickets.take(store, rules, "hall", "money", late, by=hall["teller"])
    assert tickets.take(store, rules, "hall", "money", late, by=hall["boss"]).number == "C001"
    assert tickets.take(store, rules, "hall", "card", late, by=hall["teller"], green_reason="old").number == "A001"


def test_a_machine_that_somebody_plays_with_stops_for_a_minute(hall: Hall, rules: RuleSet) -> None:
    """So many numbers within a minute as the rule says; one that it gave already counts once; another machine goes on."""
    world = hall.world
    first, second = (machine(hall) for _ in range(2))

    def take(screen: HallScreen, key: str | None = None) -> str:
        return tickets.take(world.store, rules, "hall", "money", world.now, screen=screen, key=key).number

    most = queue_rule(rules, local_day(world.now)).a_minute
    numbers = [take(first, "a-key"), *(take(first) for _ in range(most - 1))]
    with refused("rule_ticket_minute"):
        take(first)
    assert take(first, "a-key") == numbers[0]
    assert take(second) == f"C{most + 1:03d}"
    world.now += dt.timedelta(minutes=1)
    assert take(first) == f"C{most + 2:03d}"


def machine(hall: Hall) -> HallScreen:
    """A ticket machine that a supervisor paired."""
    _, screen = screens.introduce(hall.world.store, hall.world.now)
    return screens.pair(hall.world.store, str(screen.code), "tickets", "hall", by=hall["boss"], now=hall.world.now)
