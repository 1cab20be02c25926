"""A bus product takes the place of another one on the same chip: the pupil who is eighteen, the citizen who is sixty."""

from pathlib import Path

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.vcard import FaultPlan
from tests.service.cards.test_renewal import applications
from tests.service.purse.test_areas import CARD, bus_card, load, local
from tests.world import DESK, FAMILIES, World, area_on


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pupil_who_is_eighteen_goes_on_with_t_on_the_same_card(tmp_path: Path, family: str) -> None:
    """Not before the month is over or refunded; then in one step, and what is over is taken off at the next load, as ever."""
    world = World(tmp_path / "city.db", local(2026, 10, 7, 12))
    card = bus_card(world, "B", born="2008-11-20", family=family)
    load(world, card, 2500, product="B", area="month")
    world.topup(card, 5000)
    with pytest.raises(CarriedOut, match="application_holds_money"):
        world.do(card, "open", DESK, application="bus", product="T")
    world.now = local(2026, 12, 1, 12)
    with pytest.raises(CarriedOut, match="application_already_open"):
        world.do(card, "open", DESK, application="bus", product="B")
    done = world.do(card, "open", DESK, application="bus", product="T")
    assert (done["product"], done["terms"]["fee"], done["valid_from"]) == ("T", 0, "2026-12-01")
    assert applications(world, CARD)["bus"].product == "T"
    load(world, card, 5000, product="T", area="month")
    assert area_on(card, "bus", "ed") + area_on(card, "bus", "ep") == 5000, "the old month is off the card"
    assert (world.purse_total(CARD), sum(world.balances().values())) == (5000, 0)
    assert world.do(card, "diagnose")["findings"] == []
    world.close()


@pytest.mark.parametrize("tear", ["tear_before_command", "tear_after_command"])
def test_a_card_that_is_pulled_while_its_product_changes_is_done_again(tmp_path: Path, tear: str) -> None:
    """At any command: the same job again ends with card and books agreeing."""
    world = World(tmp_path / "city.db", local(2026, 11, 24, 12))
    card = bus_card(world, "T")
    pulled = 0
    for at in range(1, 60):
        card.plan = FaultPlan(**{tear: at})
        try:
            world.do(card, "open", DESK, application="bus", product="C")
            break
        except CardGone:
            pulled += 1
    assert pulled > 3
    assert applications(world, CARD)["bus"].product == "C"
    assert world.do(card, "diagnose")["findings"] == []
    world.close()
