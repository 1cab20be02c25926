"""The whole story on every family that can be issued here, each virtual card speaking its own transport."""

from contextlib import suppress

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.vcard import Fault, VirtualCard, inflict
from tests.world import FAMILIES, ISSUABLE, World, balance_on, key_ring, profiles


def pin_of(world: World, card: VirtualCard) -> bytes:
    """The PIN that this card's loads want, or none."""
    profile = next(profile for profile in profiles() if profile.id == card.dialect.name)
    return key_ring().load_pin(world.card_no_of(card), key_ring().versions()) if profile.purse.pin_for_load else b""


NEWER = [name for name in ISSUABLE if name not in FAMILIES]


@pytest.mark.parametrize("family", NEWER)
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


@pytest.mark.parametrize("family", NEWER)
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


@pytest.mark.parametrize("family", NEWER)
def test_a_personalisation_that_is_torn_again_and_again_comes_to_its_end(world: World, family: str) -> None:
    """Power fails at every 2003rd byte written and, now and then, after the tenth command, until nothing is left to do."""
    card, citizen, done = VirtualCard.blank(family, seed=1), world.citizen(), None
    for attempt in range(30):
        inflict(card, [Fault("torn-after-command", "10") if attempt % 4 == 3 else Fault("torn-at-byte", "2003")])
        with suppress(CardGone):
            done = world.do(card, "personalise", citizen_id=citizen)
            break
    assert done is not None
    assert done["resumed"] is True
    world.topup(card, 10000)
    assert balance_on(card, pin_of(world, card)) == (10000, 1, 0)
