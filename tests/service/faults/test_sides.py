"""Dual-interface cards: the same card on both sides, money through either, and a fault of one side told as such."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.cli.card.examine import examine
from cardsvc.errors import CardError, RequestError
from cardsvc.iso7816.atr import side_of
from cardsvc.iso7816.channel import Channel
from cardsvc.vcard import Fault, VirtualCard, inflict
from cardsvc.wire import ReaderFacts
from tests.world import DESK, FAMILIES, World, balance_on

CONTACTS, AIR = ReaderFacts("Slot 00 00", "pc-1"), ReaderFacts("Antenna 00 01", "pc-1")
UNNAMED = ReaderFacts("", "pc-1")


def turned(card: VirtualCard, *, contacts: bool) -> VirtualCard:
    """The same card with its other side to the reader."""
    card.through_contacts = contacts
    return card


def look(world: World, card: VirtualCard, reader: ReaderFacts, **about: Any) -> dict[str, Any]:
    """A diagnosis in this reader, through the side that it reads."""

    class In:
        def __init__(self) -> None:
            try:
                self.reader, self._channel = reader, turned(card, contacts=reader is CONTACTS).channel()
            except CardError as error:
                raise CardError(error.code, reader=reader.name) from None
            self.atr, self.transmit, self.close = self._channel.atr, self._channel.transmit, self._channel.close

    return dict(examine(world.engine, DESK, In, **about))


def silent(world: World, reader: ReaderFacts, card_no: str | None, failure: str = "card_unresponsive") -> dict[str, Any]:
    """A card that says nothing in this reader, or a reader that does not work."""

    def connect() -> Channel:
        raise CardError(failure, reader=reader.name)

    return dict(examine(world.engine, DESK, connect, card_no=card_no))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    ("fault", "dead", "alive", "told"),
    [("broken-antenna", AIR, CONTACTS, "antenna_broken"), ("broken-contacts", CONTACTS, AIR, "contacts_broken")],
    ids=["antenna", "contacts"],
)
def test_a_side_that_a_trainer_broke_is_told_as_such(
    world: World, family: str, fault: str, dead: ReaderFacts, alive: ReaderFacts, told: str
) -> None:
    """Fault plans as data: one side says nothing at all, the other carries the card's money to a new one."""
    card = world.issue(family)
    world.topup(card, 5000)
    inflict(card, [Fault.parse(fault)])
    assert codes(look(world, card, dead, card_no=world.card_no_of(card)))[0] == "no_answer"
    found = look(world, card, alive)
    assert codes(found)[0] == told
    assert found["findings"][0]["plan"] == "move_to_new_card"
    assert found["evidence"]["purse.balance"] == 5000


def test_a_family_with_one_side_has_no_other_to_lose() -> None:
    """A contact card has no antenna."""
    with pytest.raises(RequestError, match="fault_does_not_fit"):
        inflict(VirtualCard.blank("watchdata"), [Fault.parse("broken-antenna")])


def codes(report: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in report["findings"]]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_card_is_the_same_card_on_both_sides(world: World, family: str) -> None:
    """Issued through the air, topped up through the contacts and through the air: one card, one balance."""
    card = world.issue(family)
    number = world.card_no_of(card)
    assert side_of(card.atr) == "contactless"
    turned(card, contacts=True)
    assert side_of(card.atr) == "contact"
    assert world.do(card, "inspect")["card_no"] == number
    world.topup(card, 5000)
    turned(card, contacts=False)
    world.topup(card, 5000)
    assert balance_on(card) == (10000, 2, 0)
    assert world.purse_total(number) == 10000
    report = look(world, card, CONTACTS)
    assert (report["card_no"], report["evidence"]["chip.differs"], report["healthy"]) == (number, False, True)


def test_the_air_is_silent_and_the_contacts_are_not(world: World) -> None:
    """Silent in one reader, read in the other: the antenna, whichever comes first. The cure is to move the
    card's own money at once, and not to wait for it."""
    card = world.issue(FAMILIES[0])
    number = world.card_no_of(card)
    assert codes(silent(world, AIR, number)) == ["no_answer"]
    world.now += dt.timedelta(minutes=1)
    report = look(world, card, CONTACTS)
    assert codes(report) == ["antenna_broken"]
    assert report["findings"][0]["plan"] == "move_to_new_card"
    assert (report["evidence"]["side.good"], report["evidence"]["side.dead"]) == ("contact", "contactless")
    world.now += dt.timedelta(minutes=1)
    assert codes(silent(world, AIR, number)) == ["antenna_broken"]


def test_the_contacts_are_silent_and_the_air_is_not(world: World) -> None:
    """Told by the person at the desk, for a reader that sees nothing at all there."""
    card = world.issue(FAMILIES[1])
    assert codes(look(world, card, AIR)) == []
    assert codes(look(world, card, AIR, other_side_silent=True)) == ["contacts_broken"]


def test_what_is_not_one_side_is_not_called_so(world: World) -> None:
    """The same reader; another day; both sides worked; a family with one side; a number that nobody typed; a reader in
    use; one of several readers, nobody said which."""
    card = world.issue(FAMILIES[0])
    number = world.card_no_of(card)
    silent(world, CONTACTS, number)
    assert "antenna_broken" not in codes(look(world, card, CONTACTS))
    world.now += dt.timedelta(hours=2)
    silent(world, AIR, number)
    world.now += dt.timedelta(minutes=1)
    assert codes(look(world, card, AIR)) == []
    assert "antenna_broken" not in codes(look(world, card, CONTACTS))
    world.now += dt.timedelta(days=1)
    silent(world, AIR, None)
    assert "antenna_broken" not in codes(look(world, card, CONTACTS))
    silent(world, AIR, number, "reader_in_use")
    assert "antenna_broken" not in codes(look(world, card, CONTACTS))
    assert codes(silent(world, UNNAMED, number)) == ["no_answer"]
    single = world.issue("huada-city", 2)
    assert codes(look(world, single, AIR, other_side_silent=True)) == []
