"""A card to examine, how it is reached, and the means to change it as wear or fraud would."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cardsvc.cli.card.examine import examine
from cardsvc.iso7816.channel import Channel
from cardsvc.vcard import VirtualCard, bodies
from cardsvc.vcard.memory import Kind, Memory, Node
from cardsvc.vcard.session import KeyKind
from cardsvc.wire import ReaderFacts
from tests.world import DESK, World

CASH = {"method": "cash", "reference": None}
MF, PURSE, HOLDER, BUS, PARKING = 0x3F00, 0x3F01, 0x3F02, 0x3F03, 0x3F04
UNKNOWN_ATR = bytes.fromhex("3B6500002063CB6800")
Connect = Callable[[], Channel]


class Altered:
    """A channel that changes what the card answers to some commands."""

    def __init__(
        self,
        channel: Channel,
        change: Callable[[bytes, bytes], bytes],
        atr: bytes | None = None,
        silent: tuple[int, ...] = (),
    ) -> None:
        """``silent``: instructions that never reach the card."""
        self._channel, self._change, self._atr, self._silent = channel, change, atr, silent

    @property
    def atr(self) -> bytes:
        return self._channel.atr if self._atr is None else self._atr

    def transmit(self, command: bytes) -> bytes:
        return self._change(command, b"" if command[1] in self._silent else self._channel.transmit(command))

    def close(self) -> None:
        self._channel.close()


class InReader:
    """A channel that names its reader."""

    def __init__(self, channel: Channel, name: str = "This reader") -> None:
        self.reader = ReaderFacts(name)
        self.atr, self.transmit, self.close = channel.atr, channel.transmit, channel.close


@contextmanager
def opened(card: VirtualCard) -> Iterator[Memory]:
    """The card's memory, to change it as wear or fraud would."""
    card.power_on()
    yield card._memory
    card._eeprom.commit()
    card.power_off()


def node(memory: Memory, directory: int, *, kind: Kind | None = None, file: int | None = None) -> Node:
    """A directory, or one object in it."""
    parent = next(n for n in memory.nodes if n.kind in (Kind.MF, Kind.DF) and n.file_id == directory)
    if kind is None and file is None:
        return parent
    return next(n for n in memory.children(parent) if kind in (None, n.kind) and file in (None, n.file_id))


def put(card: VirtualCard, directory: int, offset: int, data: bytes, **which: Any) -> None:
    """Change bytes of an object."""
    with opened(card) as memory:
        memory.put(node(memory, directory, **which), offset, data)


def flip(card: VirtualCard, directory: int, file: int, offset: int, length: int) -> None:
    """Bits of a file's content fall over."""
    with opened(card) as memory:
        found = node(memory, directory, file=file)
        old = memory.get(found, bodies.CONTENT + offset, length)
        memory.put(found, bodies.CONTENT + offset, bytes(value ^ 0xFF for value in old))


def change_key(card: VirtualCard, directory: int, kind: KeyKind, offset: int, data: bytes) -> None:
    """Change a key record."""
    with opened(card) as memory:
        parent = node(memory, directory)
        keys = [n for n in memory.children(parent) if n.kind == Kind.KEY and memory.get(n, 0, 1)[0] == kind]
        for key in keys:
            memory.put(key, offset, data)


def twin(card: VirtualCard, serial: bytes | None = None) -> VirtualCard:
    """Another chip with the same memory."""
    return VirtualCard(card.dialect, serial or bytes(len(card.chip_serial)), bytearray(card._eeprom.image), seed=9)


@dataclass(slots=True)
class Patient:
    """A card to examine, in its city; ``connect`` is how it is reached."""

    world: World
    card: VirtualCard
    connect: Connect
    person: str | None = None
    card_no: str = "3100010100000001"
    memory: bool = False

    def examine(self, *, quick: bool = False) -> Any:
        """The report."""
        about = {"person": self.person, "card_no": None, "memory": self.memory}
        return examine(self.world.engine, DESK, self.connect, quick=quick, **about)


NewPatient = Callable[[], Patient]


def in_use(folder: Path, family: str) -> tuple[World, VirtualCard]:
    """A city with a card that has money and applications, and was used."""
    world = World(folder / "start.db")
    card = world.issue(family)
    world.topup(card, 10000)
    world.do(card, "open", application="bus", product="T")
    world.do(card, "open", application="park", product="1")
    world.do(card, "purchase", amount=200, merchant="bus")
    world.topup(card, 5000)
    return world, card
