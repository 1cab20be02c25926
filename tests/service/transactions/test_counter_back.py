"""A card whose older image was written back asks for a transaction at a number that a booked one has already."""

import datetime as dt
from collections.abc import Callable

import pytest

from cardsvc.readers.carry import CarriedOut
from cardsvc.vcard import VirtualCard
from tests.world import FAMILIES, World, area_on, balance_on

CARD = "3100010100000001"


@pytest.mark.parametrize("family", FAMILIES)
def test_no_money_goes_onto_a_card_that_was_rolled_back(world: World, family: str) -> None:
    """It is refused in the desk's words before anything is promised or written; a diagnosis says what it is."""
    card = world.issue(family)
    image = bytes(card._eeprom.image)
    world.topup(card, 5000)
    card._eeprom.image[:] = image
    before = world.balances()
    with pytest.raises(CarriedOut, match=r"card_counter_back \(not_done\)"):
        world.topup(card, 5000)
    assert (balance_on(card)[0], world.balances()) == (0, before)
    assert "counter_back" in [finding["code"] for finding in world.do(card, "diagnose")["findings"]]


def spend(world: World, card: VirtualCard) -> None:
    """2.00 on the bus, from the city purse."""
    world.do(card, "purchase", amount=200, merchant="bus")


def give_back(world: World, card: VirtualCard) -> None:
    """The city purse's money back in cash."""
    world.do(card, "refund")


def draw(world: World, card: VirtualCard) -> None:
    """Everything to the card that follows."""
    world.do(card, "transfer_out")


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("again", [spend, give_back, draw])
def test_no_money_comes_off_a_card_that_was_rolled_back(
    world: World, family: str, again: Callable[[World, VirtualCard], None]
) -> None:
    """What was spent once is not spent, paid out or moved again: refused before anything is promised or written."""
    card = world.issue(family)
    world.topup(card, 5000)
    image = bytes(card._eeprom.image)
    for _ in range(2):
        spend(world, card)
    world.topup(card, 5000)
    card._eeprom.image[:] = image
    before = world.balances()
    with pytest.raises(CarriedOut, match=r"card_counter_back \(not_done\)"):
        again(world, card)
    assert (balance_on(card)[0], world.balances()) == (5000, before)
    assert "counter_back" in [finding["code"] for finding in world.do(card, "diagnose")["findings"]]


@pytest.mark.parametrize("family", FAMILIES)
def test_money_of_a_month_that_is_over_is_not_taken_off_twice(world: World, family: str) -> None:
    """By unload of the month purse: the number that it had is used by no other."""
    card = world.issue(family)
    world.do(card, "open", application="bus", product="T")

    def load() -> None:
        world.do(card, "topup", amount=5000, payment={"method": "cash", "reference": None}, product="T", area="month")

    load()
    image = bytes(card._eeprom.image)
    world.now += dt.timedelta(days=60)
    load()
    card._eeprom.image[:] = image
    before = world.balances()
    with pytest.raises(CarriedOut, match=r"card_counter_back \(not_done\)"):
        load()
    assert (area_on(card, "bus", "ed"), world.balances()) == (5000, before)
