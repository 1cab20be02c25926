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


def test_a_transport_union_card_is_read_and_never_made(world: World) -> None:
    """Number, validity, balances, log and journeys; personalising, topping up and opening are refused."""
    card = VirtualCard.blank("t-union", seed=1)
    seen = world.do(card, "inspect")
    assert (seen["state"], seen["profile"]) == ("foreign", "t-union")
    assert seen["fields"] == {"card_number": "9" * 19, "valid_from": "2099-01-01", "valid_to": "2099-12-31"}
    assert seen["balances"] == {"00": 1234, "01": 800, "02": 0, "03": 1234}
    assert [(entry["type"], entry["amount"]) for entry in seen["log"]] == [("ep_purchase", 200), ("ep_load", 1434)]
    assert [(trip["type"], trip["amount"], trip["balance"], trip["at"]) for trip in seen["trips"]] == [
        ("04", 200, 1234, "20990102080000")
    ]
    with pytest.raises(CarriedOut, match="card_family_not_issued"):
        world.do(card, "personalise", citizen_id=world.citizen())
    with pytest.raises(CarriedOut, match="card_foreign"):
        world.topup(card, 10000)
    assert card.unknown_commands == []


def test_a_social_security_card_shows_its_card_file_and_nothing_of_its_holder(world: World) -> None:
    """Over T=0, records by tag."""
    card = VirtualCard.blank("social-security", seed=1)
    seen = world.do(card, "inspect")
    assert seen["fields"] == {
        "card_number": "A99999999",
        "version": "3.00",
        "issuer": "99" * 12,
        "valid_from": "2099-01-01",
        "valid_to": "2108-12-31",
    }
    assert "测试" not in str(seen)
    assert card.unknown_commands == []
    with pytest.raises(CarriedOut, match="card_family_not_issued"):
        world.do(card, "personalise", citizen_id=world.citizen())


def test_a_known_fault_of_the_firmware_is_told_with_the_problem(world: World) -> None:
    """A load key whose MAC1 follows no formula, on an FM1208: symptom and cure in both languages."""
    card = world.issue("fudan-fmcos2")
    inflict(card, [Fault("wrong-key-version")])
    with pytest.raises(CarriedOut, match="card_not_genuine") as told:
        world.topup(card)
    known = (told.value.reply.problem or {})["known_faults"]
    assert [fault["versions"] for fault in known] == ["FM1208 seen in 2017"]
    assert set(known[0]["cure"]) == {"zh", "en"}
