"""Cards of one family whose log numbers a transaction before, or after, the increment: a wrong reading moves no money."""

import copy
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import Reader
from tests.diagnosis.patients import Altered
from tests.service.purse.test_areas import CASH
from tests.world import FAMILIES, World, balance_on

CARD = "3100010100000001"
FARE = 250
CREDIT, DEBIT, INITIALIZE, PROVE = 0x52, 0x54, 0x50, 0x5A


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "city.db")
    yield world
    world.close()


def issued(world: World, order: str) -> VirtualCard:
    """A card with 50.00 whose firmware numbers its log in this order; the profile of its family says "after"."""
    card = world.issue(FAMILIES[0])
    dialect = copy.copy(card.dialect)
    dialect.log_after = order == "after"  # type: ignore[misc]
    card.dialect = dialect
    world.topup(card)
    return card


def torn(world: World, card: VirtualCard, instruction: int, *, written: bool) -> None:
    """The load or purchase is broken off at this command: the card carried it out, or never heard it."""

    def change(command: bytes, answer: bytes) -> bytes:
        if command[1] != instruction:
            return answer
        card.power_off()
        raise CardGone("card_gone")

    kind, params = ("topup", {"payment": CASH}) if instruction == CREDIT else ("purchase", {"merchant": "bus"})
    channel = Altered(card.channel(), change, silent=() if written else (instruction,))
    with pytest.raises(CardGone):
        world.carry(channel, kind, amount=5000 if instruction == CREDIT else FARE, **params)
    card.plan = FaultPlan()


def settled(world: World, card: VirtualCard, *refused: int) -> tuple[str, str]:
    """State and rule after the next look at a card that gives its proof no more, nor answers these instructions."""

    def change(command: bytes, answer: bytes) -> bytes:
        if command[1] == PROVE:
            return b"\x94\x06"
        return b"\x69\x85" if command[1] in refused else answer

    (entry,) = world.carry(Altered(card.channel(), change), "inspect")["settled"]
    return entry["state"], entry["rule"]


def agreed(world: World, card: VirtualCard, rides: int = 0) -> bool:
    return world.purse_total(CARD) - rides * FARE == balance_on(card)[0]


@pytest.mark.parametrize("order", ["after", "before"])
@pytest.mark.parametrize("refused", [(), (INITIALIZE,)], ids=["counter-told", "counter-untold"])
def test_a_load_that_was_written_is_found_by_its_own_record(world: World, order: str, refused: tuple[int, ...]) -> None:
    """A ride since then has changed the balance, so the log alone can say it."""
    card = issued(world, order)
    world.now += dt.timedelta(seconds=1)
    torn(world, card, CREDIT, written=True)
    Reader().debit(card, CARD, FARE, world.now)
    assert settled(world, card, *refused) == ("confirmed", "log_record")
    assert agreed(world, card, rides=1)


@pytest.mark.parametrize("order", ["after", "before"])
def test_a_purchase_that_was_paid_is_found_under_the_ride_after_it(world: World, order: str) -> None:
    card = issued(world, order)
    torn(world, card, DEBIT, written=True)
    Reader().debit(card, CARD, FARE, world.now)
    assert settled(world, card) == ("confirmed", "log_record")
    assert agreed(world, card, rides=1)


@pytest.mark.parametrize(("order", "rides"), [("after", 1), ("before", 2)])
def test_a_purchase_that_was_not_paid_is_not_taken_for_a_ride_of_its_fare(world: World, order: str, rides: int) -> None:
    """On a card that numbers the other way one ride says nothing yet, for its newest record may be missing; two do."""
    card, bus = issued(world, order), Reader()
    torn(world, card, DEBIT, written=False)
    for left in range(rides, 0, -1):
        bus.debit(card, CARD, FARE, world.now)
        expected = ("not_debited", "log_other") if left == 1 else ("suspect", "undecided")
        assert settled(world, card) == expected
    assert agreed(world, card, rides)


@pytest.mark.parametrize("refused", [(), (INITIALIZE,)], ids=["counter-told", "counter-untold"])
def test_an_equal_load_of_the_same_second_is_another_one(world: World, refused: tuple[int, ...]) -> None:
    """Its record has the number that this load would have on a card that numbers the other way."""
    card = issued(world, "after")
    torn(world, card, CREDIT, written=False)
    told: Any = settled(world, card, *refused)
    assert told == (("suspect", "undecided") if refused else ("refunded", "counter_unchanged"))
    assert balance_on(card)[0] == world.purse_total(CARD) == 5000
