"""A card whose older image was written back asks for a load at a number that a booked load has already."""

import pytest

from cardsvc.readers.carry import CarriedOut
from tests.world import FAMILIES, World, balance_on

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
