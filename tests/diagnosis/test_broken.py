"""Broken and hostile cards: told for what they are, and whatever the desk tries, nothing is written and no money moves."""

from collections.abc import Iterator
from contextlib import suppress

import pytest

from cardsvc.cli.card.examine import examine
from cardsvc.cli.card.learn import draft, who
from cardsvc.errors import CardError, CardsvcError
from cardsvc.iso7816.atr import Atr
from cardsvc.iso7816.exchange import run_procedure
from cardsvc.iso7816.links import ResponseLink
from cardsvc.procedures.learn import learn
from cardsvc.readers.carry import CarriedOut
from tests.diagnosis.broken import BROKEN, Broken
from tests.diagnosis.conftest import Snapshots
from tests.diagnosis.patients import CASH
from tests.diagnosis.wild import READING, contact
from tests.world import DESK, ISSUABLE, World

UNKNOWN_CHIP = bytes.fromhex(contact("4A434F5099"))
LOOKING = READING | {0x84, 0x50, 0x5A, 0x88}
"""Also GET CHALLENGE, INITIALIZE FOR LOAD or PURCHASE, GET TRANSACTION PROVE and INTERNAL AUTHENTICATE change nothing."""
MOST_COMMANDS = 64
JOBS = (
    ("inspect", {}),
    ("repair", {}),
    ("topup", {"amount": 5000, "payment": CASH}),
    ("open", {"application": "library", "product": "1"}),
    ("transfer_out", {}),
    ("purchase", {"amount": 200, "merchant": "bus"}),
)
everyone = pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: broken.name)


class Card:
    """A channel to a broken card. It counts what it is asked, GET RESPONSE apart, and is asked only what changes nothing."""

    def __init__(self, atr: bytes, broken: Broken) -> None:
        self.atr, self._answer, self.asked = atr, broken.behaviour(), 0

    def transmit(self, command: bytes) -> bytes:
        assert command[1] in LOOKING or command == bytes.fromhex("00200000"), command.hex()
        self.asked += command[1] != 0xC0
        return self._answer(command)

    def close(self) -> None:
        """Nothing is held."""


def told(world: World, atr: bytes, broken: Broken) -> list[str]:
    """The first finding of a full run and of a quick look at the same card, which is powered up several times."""
    first = []
    for quick in (False, True):
        card = Card(atr, broken)
        report = examine(world.engine, DESK, lambda card=card: card, quick=quick)  # type: ignore[misc]
        assert card.asked <= MOST_COMMANDS
        assert all(finding["tell"]["zh"] and finding["next"]["zh"] for finding in report["findings"])
        first.append(report["findings"][0]["code"])
    return first


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One city for all chips that it does not know."""
    world = World(tmp_path_factory.mktemp("city") / "city.db")
    yield world
    world.close()


@everyone
def test_on_a_chip_of_no_known_family(city: World, broken: Broken) -> None:
    """Told, learnt to an end, and refused by every job."""
    assert told(city, UNKNOWN_CHIP, broken) == [broken.unknown] * 2
    link = ResponseLink(Card(UNKNOWN_CHIP, broken))
    with suppress(CardError):
        kind = who(link)
        assert draft("unknown", Atr.parse(UNKNOWN_CHIP), run_procedure(link, learn()), kind)
    for kind_of_job, params in (*JOBS, ("personalise", {"citizen_id": "0" * 36})):
        with pytest.raises(CardsvcError, match="card_family_unknown"):
            city.carry(Card(UNKNOWN_CHIP, broken), kind_of_job, **params)  # type: ignore[arg-type]


@everyone
@pytest.mark.parametrize("family", ISSUABLE)
def test_on_a_chip_that_the_books_know(snapshots: Snapshots, family: str, broken: Broken) -> None:
    """A card of ours that came to be like this is no stranger's: its balance waits for a new card."""
    world, card = snapshots(family).again()
    books, state = world.balances(), world.do(card, "inspect")["state"]
    assert state == "citizen"
    first = told(world, card.atr, broken)
    assert set(first) <= {broken.ours, *broken.also}, first
    for kind, params in (*JOBS, ("personalise", {"citizen_id": world.citizen(2)})):
        try:
            result = world.carry(Card(card.atr, broken), kind, **params)  # type: ignore[arg-type]
        except CarriedOut as refused:
            assert "(not_done)" in str(refused), refused
        else:
            assert kind in ("inspect", "repair")
            assert result.get("state", "unreadable") == "unreadable"
            assert not result.get("steps")
    assert world.balances() == books
    assert world.do(card, "topup", amount=5000, payment=CASH)["balance"] == 19800
    world.close()


@everyone
@pytest.mark.parametrize("family", ISSUABLE)
def test_on_a_chip_like_ours_that_nobody_knows(tmp_path_factory: pytest.TempPathFactory, family: str, broken: Broken) -> None:
    """Nothing is written; but a card that finds nothing, as a blank does, is tried, refuses, and stays without money."""
    from cardsvc.vcard import VirtualCard

    world, atr = World(tmp_path_factory.mktemp("city") / "city.db"), VirtualCard.blank(family, seed=99).atr
    blank = broken.name == "nothing-found"
    told(world, atr, broken)
    books = world.balances()
    for kind, params in JOBS:
        with suppress(CarriedOut):
            world.carry(Card(atr, broken), kind, **params)  # type: ignore[arg-type]
    if not blank:
        with pytest.raises(CarriedOut, match=r"\(not_done\)"):
            world.carry(Card(atr, broken), "personalise", citizen_id=world.citizen(2))
    assert world.balances() == books
    world.close()
