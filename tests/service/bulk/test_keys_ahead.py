"""Keys of the next cards are made while the one before is written, once each; the cards are the same, and nothing stays."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cardsvc.errors import KeystoreError
from cardsvc.iso7816.channel import Channel
from cardsvc.keystore import in_making
from cardsvc.keystore.keys import KeyRing
from cardsvc.keystore.protocol import Versions
from cardsvc.service.bulk.batches import pause
from cardsvc.service.bulk.run import BulkRun
from cardsvc.service.cards.making_keys import MakingKeys
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.store.records import Card, Staff
from cardsvc.vcard import PROFILES, VirtualCard
from tests.service.bulk.bulk_people import FAMILY, Fed, hire, lines_of, loaded
from tests.waiting import until
from tests.world import ISSUABLE, World, profiles

HERE, AHEAD = "while the card waits", "ahead"


class WatchedRing(KeyRing):
    """The keys of a city; notes of every key record for which card it was made, and when. ``failing``: never ahead."""

    def __init__(self, ring: KeyRing, *, failing: bool = False) -> None:
        super().__init__(ring.entries, ring.issuer_factors)
        self.made: Counter[tuple[str, str]] = Counter()
        self._failing = failing

    def key_record(self, card_no: str, name: str, head: bytes, versions: Versions) -> bytes:
        """See KeyStore.key_record."""
        when = AHEAD if threading.current_thread().name == "keys ahead" else HERE
        self.made[card_no, when] += 1
        if self._failing and when == AHEAD:
            raise KeystoreError("hsm_gone", reason="for the test")
        return super().key_record(card_no, name, head, versions)


class Slow:
    """A reader into which somebody puts these cards, each after ``before`` it."""

    name = "reader"

    def __init__(self, cards: list[VirtualCard], before: Callable[[int], object]) -> None:
        self._cards, self._before, self._given = cards, before, 0

    def next_card(self, stop: threading.Event) -> Channel | None:
        """The next card; None when there is none, or the run ends."""
        if self._given:
            self._before(self._given)
        if stop.is_set() or self._given == len(self._cards):
            return None
        self._given += 1
        return self._cards[self._given - 1].channel()


@pytest.fixture
def ring(world: World) -> WatchedRing:
    """The keys of the world, watched."""
    made = WatchedRing(world.keys)
    world.use_keys(made)
    return made


@pytest.fixture
def clerk(world: World) -> Staff:
    return hire(world)


def keys_of(family: str) -> int:
    """How many key records a card of the family has."""
    return sum(len(application.keys) for p in profiles() if p.id == family for application in p.layout.application)


def blanks(family: str, count: int, first: int = 1) -> list[VirtualCard]:
    """Blank cards that say the same random numbers in every run."""
    length = PROFILES[family].chip_serial_length
    return [VirtualCard.blank(family, number.to_bytes(length), seed=number) for number in range(first, first + count)]


def number_of(place: int) -> str:
    """The card number of the card that is made at this place, from 0, in a new city."""
    return f"310001010000{place + 1:04d}"


def made_ahead(ring: WatchedRing, family: str) -> Callable[[int], object]:
    """Wait until the keys of the card at this place are there."""
    return lambda place: until(lambda: ring.made[number_of(place), AHEAD] == keys_of(family))


def go(world: World, clerk: Staff, batch_id: str, cards: list[VirtualCard], before: Callable[[int], object]) -> str:
    """A run with one reader; why it ended."""
    return BulkRun(world.engine, batch_id, [Fed(world.engine, Slow(cards, before))], lambda _event: None).go(by=clerk)


def keeping() -> set[threading.Thread]:
    """The threads of key stores that keep something of cards: each ends when nothing is kept any more."""
    return {thread for thread in threading.enumerate() if thread.name == "keys ahead"}


def cards_of(world: World, batch_id: str) -> list[Card]:
    """The issued cards, in the order of the file."""
    with world.store.read() as uow:
        return [uow.cards.get_one(line.card_no) for line in uow.bulk_lines.of_batch(batch_id) if line.card_no]


@pytest.mark.parametrize("family", ISSUABLE)
def test_a_card_whose_keys_were_made_ahead_waits_for_none_and_is_byte_for_byte_the_same(
    family: str, world: World, ring: WatchedRing, clerk: Staff, tmp_path: Path
) -> None:
    """Each key is made once for each card, however many steps its making has."""
    batch, cards = loaded(world, clerk, 3), blanks(family, 3)
    ready = made_ahead(ring, family)
    assert go(world, clerk, batch, cards, lambda place: place < 3 and ready(place)) == "done"
    assert [card.card_no for card in cards_of(world, batch)] == [number_of(place) for place in range(3)]
    for place in range(3):
        when, other = (AHEAD, HERE) if place else (HERE, AHEAD)
        assert (ring.made[number_of(place), when], ring.made[number_of(place), other]) == (keys_of(family), 0)
    desk = World(tmp_path / "desk.db")
    people = lines_of(desk, loaded(desk, hire(desk), 3))
    for line, card, alone in zip(people, cards, blanks(family, 3), strict=True):
        desk.do(alone, "personalise", citizen_id=line.citizen_id)
        files = tmp_path / "batch", tmp_path / "alone"
        card.save(files[0])
        alone.save(files[1])
        assert files[0].read_bytes() == files[1].read_bytes()
    desk.close()


@pytest.mark.parametrize("family", ISSUABLE)
def test_a_card_made_at_a_desk_has_each_key_made_once_and_none_ahead(
    family: str, world: World, ring: WatchedRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody knows whether another card follows. Made, it is forgotten at once."""
    monkeypatch.setattr(in_making, "KEPT_SECONDS", 3600)
    others = keeping()
    world.do(blanks(family, 1)[0], "personalise", citizen_id=world.citizen())
    assert ring.made == {(number_of(0), HERE): keys_of(family)}
    until(lambda: not keeping() - others)


def test_a_run_that_ended_leaves_no_keys(world: World, ring: WatchedRing, clerk: Staff) -> None:
    """Paused after its first card: the next run has the second one's keys made anew."""
    batch = loaded(world, clerk, 3)

    def pausing(_place: int) -> None:
        made_ahead(ring, FAMILY)(8)
        pause(world.store, batch)

    assert go(world, clerk, batch, blanks(FAMILY, 1), pausing) in ("no_more_cards", "paused")
    assert ring.made[number_of(1), HERE] == 0
    assert go(world, clerk, batch, blanks(FAMILY, 2, 11), lambda _place: None) == "done"
    assert ring.made[number_of(1), HERE] == keys_of(FAMILY)


def test_keys_that_nobody_fetches_are_let_go(
    world: World, ring: WatchedRing, clerk: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next blank comes too late: its keys are made while it waits."""
    monkeypatch.setattr(in_making, "KEPT_SECONDS", 0.2)
    monkeypatch.setattr(in_making, "LOOK_SECONDS", 0.05)
    others = keeping()

    def late(_place: int) -> None:
        made_ahead(ring, FAMILY)(1)
        until(lambda: not keeping() - others)

    assert go(world, clerk, loaded(world, clerk, 2), blanks(FAMILY, 2), late) == "done"
    assert (ring.made[number_of(1), AHEAD], ring.made[number_of(1), HERE]) == (keys_of(FAMILY), keys_of(FAMILY))


def test_a_key_that_is_rolled_between_two_cards_is_the_new_one_on_the_second(
    world: World, ring: WatchedRing, clerk: Staff
) -> None:
    """Its keys had been made ahead with the old one. A card is issued only after its load key made the right MAC."""
    batch = loaded(world, clerk, 2)

    def rolled(_place: int) -> None:
        made_ahead(ring, FAMILY)(1)
        world.roll_key("purse.load")

    assert go(world, clerk, batch, blanks(FAMILY, 1), rolled) == "no_more_cards"
    (card,) = blanks(FAMILY, 1, 11)
    assert go(world, clerk, batch, [card], lambda _place: None) == "done"
    assert [row.key_versions["purse.load"] for row in cards_of(world, batch)] == [1, 2]
    assert world.do(card, "topup", amount=5000, payment={"method": "cash", "reference": None})["balance"] == 5000


def test_another_version_of_a_key_is_another_key(world: World) -> None:
    """Whatever was asked for of this card before."""
    world.roll_key("purse.load")
    newest = world.keys.versions()
    for versions in ({**newest, "purse.load": 1}, newest):
        card = number_of(0), versions
        made = [keys(world.keys, *card).key_record("purse", "load", b"head") for keys in (MakingKeys, CardKeys)]
        assert made[0] == made[1]


def test_a_key_store_that_fails_ahead_is_asked_again_when_the_card_is_there(world: World, clerk: Staff) -> None:
    """What nobody waits for stops no run."""
    ring = WatchedRing(world.keys, failing=True)
    world.use_keys(ring)
    batch = loaded(world, clerk, 2)
    assert go(world, clerk, batch, blanks(FAMILY, 2), lambda _place: until(lambda: ring.made[number_of(1), AHEAD])) == "done"
    assert ring.made[number_of(1), HERE] == keys_of(FAMILY)
    assert {line.state for line in lines_of(world, batch)} == {"made"}
