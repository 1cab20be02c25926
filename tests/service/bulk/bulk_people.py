"""Files of synthetic people, staff who may load them, and readers that a test puts cards into."""

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from cardsvc.cli.making.feeders import LocalCard
from cardsvc.iso7816.channel import Channel
from cardsvc.service.bulk.loading import load_people
from cardsvc.service.operations.engine import Engine
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.store.records import BulkLine, Staff
from cardsvc.vcard import PROFILES, VirtualCard
from tests.world import World, person

HEADER = "姓名,身份证号,出生日期"
FAMILY = "fudan-fmcos2"


def row(number: int) -> str:
    """The line of a synthetic person."""
    return f"测试一,{person(number).id_number},1999-02-28"


def people_file(count: int, first: int = 1) -> bytes:
    """A file of synthetic people."""
    return "\n".join([HEADER, *(row(number) for number in range(first, first + count)), ""]).encode()


def hire(world: World) -> Staff:
    """A clerk of the hall."""
    add_outlet(world.store, "hall", "hall", world.now)
    admin = add_staff(world.store, NewStaff("admin", "a", "administrator", "hall"), "only for tests", world.now, by=None)
    return add_staff(world.store, NewStaff("clerk", "c", "clerk", "hall"), "only for tests", world.now, by=admin)


def loaded(world: World, clerk: Staff, count: int, first: int = 1) -> str:
    """A batch of synthetic people."""
    return load_people(
        world.store, world.engine.profiles, "people.csv", people_file(count, first), by=clerk, now=world.now
    ).batch.batch_id


def lines_of(world: World, batch_id: str) -> list[BulkLine]:
    """The lines of a batch."""
    with world.store.read() as uow:
        return uow.bulk_lines.of_batch(batch_id)


def issued_cards(world: World, batch_id: str) -> dict[str, list[str]]:
    """The valid cards of each person of a batch."""
    with world.store.read() as uow:
        people = [line.citizen_id for line in uow.bulk_lines.of_batch(batch_id)]
        return {one: [c.card_no for c in uow.cards.of_citizen(one) if c.state in ("issued", "blocked")] for one in people}


class Stack:
    """A reader into which somebody puts these cards, one after the other."""

    def __init__(self, cards: Sequence[VirtualCard], name: str = "reader 1") -> None:
        self.name = name
        self._cards: Iterator[VirtualCard] = iter(cards)

    def next_card(self, stop: threading.Event) -> Channel | None:
        """The next card on power; None when there is none, or the run ends."""
        card = None if stop.is_set() else next(self._cards, None)
        return card.channel() if card else None


def blanks(count: int, first: int = 1) -> list[VirtualCard]:
    """Blank cards, each with a chip of its own."""
    length = PROFILES[FAMILY].chip_serial_length
    return [VirtualCard.blank(FAMILY, number.to_bytes(length), seed=number) for number in range(first, first + count)]


class ChannelFeeder(Protocol):
    """A reader that gives the bare channel to each card."""

    name: str

    def next_card(self, stop: threading.Event) -> Channel | None:
        """The next card."""


class Fed:
    """Such a reader, as a run on this machine sees it."""

    def __init__(self, engine: Engine, feeder: ChannelFeeder) -> None:
        self.name = feeder.name
        self._engine, self._feeder = engine, feeder

    def next_card(self, stop: threading.Event) -> LocalCard | None:
        """The next card, with this process carrying operations to it."""
        channel = self._feeder.next_card(stop)
        return LocalCard(self._engine, channel) if channel else None
