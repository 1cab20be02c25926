"""The contract suite on a card that is there: what it says of a profile's values, and what a blank goes through."""

from pathlib import Path

import pytest

from cardsvc.cli.profiles.contract_reader import run_on_card
from cardsvc.config import find_profiles
from cardsvc.vcard import VirtualCard
from tests.cli.test_profiles_cli import changed
from tests.world import World

READING = {"citizen": 9, "blank": 5, "foreign": 4}


def profile(family: str) -> Path:
    """The profile of the checkout."""
    return find_profiles() / f"{family}.toml"


def used(world: World, family: str, number: int = 1) -> VirtualCard:
    """A card with a load on it."""
    card = world.issue(family, number)
    world.topup(card, 5000)
    return card


def failures(path: Path, card: VirtualCard, *, write: bool = False) -> list[str]:
    """Why checks failed."""
    return [failure for _, failure in run_on_card(path, card.channel, write=write) if failure is not None]


@pytest.mark.parametrize("family", ["fudan-fmcos2", "watchdata"])
def test_a_card_in_use_agrees_with_its_profile(world: World, family: str) -> None:
    """Read only; on a family whose loads want a PIN none is verified."""
    card = used(world, family)
    before = bytes(card._eeprom.image)
    told = run_on_card(profile(family), card.channel, write=False)
    assert (len(told), [failure for _, failure in told if failure]) == (READING["citizen"], [])
    assert bytes(card._eeprom.image) == before


@pytest.mark.parametrize(("family", "kind"), [("mingwah-smartcos", "blank"), ("huada-city", "blank"), ("t-union", "foreign")])
def test_a_card_without_money_agrees_too(family: str, kind: str) -> None:
    """Blank ones, delivered ones, those of others."""
    card = VirtualCard.blank(family, seed=1)
    before = bytes(card._eeprom.image)
    told = run_on_card(profile(family), card.channel, write=False)
    assert (len(told), [failure for _, failure in told if failure]) == (READING[kind], [])
    assert bytes(card._eeprom.image) == before


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('log_number = "after"', 'log_number = "before"', "log out of order"),
        ('proof_number = "after"', 'proof_number = "before"', "proof by the profile's number"),
        ('"T=CL", "T=1", "T=0"', '"T=0"', "the ATR says T=CL"),
        ("challenge_length = 4", "challenge_length = 8", ""),
        ("3B8B800120900000000000", "3B8B800120910000000000", "card_family_unknown"),
    ],
)
def test_a_wrong_value_is_told(world: World, tmp_path: Path, old: str, new: str, told: str) -> None:
    """By the check that is about it; what this card cannot contradict (it gives challenges of both lengths) passes."""
    found = failures(Path(changed(tmp_path, "fudan-fmcos2", (old, new))), used(world, "fudan-fmcos2"))
    assert any(told in failure for failure in found) == bool(told)


def test_a_blank_that_may_be_lost_goes_through_everything() -> None:
    """Personalised through two losses of power, loaded, torn, blocked: five checks by reading, is it blank, eight checks."""
    card = VirtualCard.blank("watchdata", seed=1)
    told = run_on_card(profile("watchdata"), card.channel, write=True)
    assert [failure for _, failure in told if failure] == []
    assert len(told) == READING["blank"] + 9
    assert card.writes > 0


def test_a_card_that_is_not_blank_is_not_written(world: World) -> None:
    """Whatever the flag says."""
    card = used(world, "fudan-fmcos2")
    before = bytes(card._eeprom.image)
    assert failures(profile("fudan-fmcos2"), card, write=True) == ["state of the card: citizen, expected blank"]
    assert bytes(card._eeprom.image) == before
