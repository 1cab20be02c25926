"""A personalisation that is cut off anywhere resumes on any desk, and the same card is finished."""

from pathlib import Path
from typing import Any

import pytest

from cardsvc.vcard import FaultPlan, VirtualCard
from tests.procedures.torn import carried, shared, tear_points
from tests.world import FAMILIES, Snapshot, World

PERSONALISE_BYTE_STRIDE = 211


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("part", range(2))
def test_a_torn_personalisation_resumes_on_any_desk(family: str, part: int, tmp_path: Path) -> None:
    """Wherever power failed, putting the same card on again finishes the same card, and it reads back whole."""
    start = World(tmp_path / "start.db")
    citizen = start.citizen()
    snapshot = Snapshot(start, VirtualCard.blank(family, seed=3), tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "personalise", {"citizen_id": citizen})

    first, blank = snapshot.again()
    plans = list(shared(tear_points(first, blank, run, stride=PERSONALISE_BYTE_STRIDE), blank))
    for plan in plans[part::2]:
        world, card = snapshot.again()
        card.plan = plan
        result = run(world, card) or run(world, card)
        assert result["card_no"] == "3100010100000001", plan
        seen = world.do(card, "inspect")
        assert seen["purse"] | {"log": []} == {
            "state": "open",
            "balance": 0,
            "online_counter": 0,
            "offline_counter": None,
            "log": [],
        }, plan
        assert not card.unknown_commands
        world.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_personalisation_torn_again_and_again_still_ends(family: str, tmp_path: Path) -> None:
    """Power fails anew at every 1511th EEPROM byte until the card is done: each run gets further."""
    world = World(tmp_path / "city.db")
    card = VirtualCard.blank(family, seed=5)
    citizen = world.citizen()
    for _attempt in range(60):
        card.plan = FaultPlan(tear_at_eeprom_byte=1511)
        result = carried(world, card, "personalise", {"citizen_id": citizen})
        if result:
            break
    else:
        pytest.fail("no progress")
    assert world.do(card, "inspect")["state"] == "citizen"
    world.close()
