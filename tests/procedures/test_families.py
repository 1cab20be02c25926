"""The whole story on every family that can be issued here, each virtual card speaking its own transport."""

import pytest

from cardsvc.readers.carry import CarriedOut
from cardsvc.vcard import Fault, VirtualCard, inflict
from tests.world import ISSUABLE, World, balance_on, key_ring, profiles


def pin_of(world: World, card: VirtualCard) -> bytes:
    """The PIN that this card's loads want, or none."""
    profile = next(profile for profile in profiles() if profile.id == card.dialect.name)
    return key_ring().load_pin(world.card_no_of(card), key_ring().versions()) if profile.purse.pin_for_load else b""


@pytest.mark.parametrize("family", [name for name in ISSUABLE if name not in ("fudan-fmcos2", "mingwah-smartcos")])
def test_the_whole_story(world: World, family: str) -> None:
    """Personalise, open, top up, spend, block, unblock, inspect; card and books agree and no command was unknown."""
    card = world.issue(family)
    world.do(card, "open", application="bus", product="T")
    world.topup(card, 10000)
    assert world.do(card, "purchase", amount=200, merchant="bus")["balance"] == 9800
    world.do(card, "block", application="purse")
    assert world.do(card, "inspect")["purse"] == {"state": "blocked"}
    with pytest.raises(CarriedOut, match="application_blocked"):
        world.topup(card, 5000)
    world.do(card, "unblock", application="purse")
    seen = world.do(card, "inspect")
    assert seen["purse"]["balance"] == 9800 == world.purse_total(seen["card_no"])
    assert balance_on(card, pin_of(world, card)) == (9800, 1, 1)
    assert seen["applications"]["bus"]["product"] == "T"
    assert card.unknown_commands == []


@pytest.mark.parametrize("family", [name for name in ISSUABLE if name not in ("fudan-fmcos2", "mingwah-smartcos")])
@pytest.mark.parametrize(("fault", "written"), [("torn-before-write:{n}", False), ("torn-after-write:{n}", True)])
def test_a_load_torn_at_its_write_is_settled(world: World, family: str, fault: str, written: bool) -> None:
    """CREDIT FOR LOAD is the card's only write in a top-up, on every family."""
    card = world.issue(family)
    world.topup(card, 10000)
    inflict(card, [Fault.parse(fault.format(n=1))])
    with pytest.raises(Exception, match="card_gone"):
        world.topup(card, 5000)
    seen = world.do(card, "inspect")
    assert seen["settled"][0]["state"] == ("confirmed" if written else "refunded")
    assert seen["purse"]["balance"] == 10000 + 5000 * written == world.purse_total(seen["card_no"])
