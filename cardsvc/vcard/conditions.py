"""What is wrong with a card before anybody touches it: changes to its memory, made directly, as wear, abuse or fraud would.

Each condition takes the card's memory, where it applies (a DF by its file identifier), and a seeded source of randomness. It
ends with a ValueError, in words, when the card has nothing it could apply to.
"""

import random
import struct
from dataclasses import dataclass

from cardsvc.vcard import bodies
from cardsvc.vcard.memory import Kind, Memory, Node
from cardsvc.vcard.session import Key, KeyKind

EP = 2
_FILES = (Kind.BINARY, Kind.FIXED, Kind.VARIABLE, Kind.CYCLIC)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a condition applies: a DF (or the MF) and, for files, one of its EFs; file identifiers."""

    directory: int
    file: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Place":
        """``3F01`` or ``3F01/0015``. Raises ValueError."""
        directory, _, file = text.partition("/")
        if len(directory) != 4 or len(file) not in (0, 4):
            raise ValueError(f"{text} is no place: give four hex digits, or two times four with a slash between")
        return cls(int(directory, 16), int(file, 16) if file else None)


def _directory(memory: Memory, place: Place) -> Node:
    found = (node for node in memory.nodes if node.kind in (Kind.MF, Kind.DF) and node.file_id == place.directory)
    node = next(found, None)
    if node is None:
        raise ValueError(f"the card has no directory {place.directory:04X}")
    return node


def _keys(memory: Memory, place: Place, kind: KeyKind) -> list[Node]:
    nodes = [node for node in memory.children(_directory(memory, place)) if node.kind == Kind.KEY]
    found = [node for node in nodes if memory.get(node, 0, 1)[0] == kind]
    if not found:
        raise ValueError(f"the directory {place.directory:04X} has no {kind.name.lower()} key")
    return found


def _purse(memory: Memory, place: Place) -> Node:
    purses = [node for node in memory.children(_directory(memory, place)) if node.kind == Kind.PURSE]
    if not purses:
        raise ValueError(f"the directory {place.directory:04X} has no purse")
    return next((node for node in purses if node.file_id == (place.file or EP)), purses[0])


def corrupt_file(memory: Memory, place: Place, rng: random.Random) -> None:
    """A few bytes of a file's content read differently: bits fell over."""
    files = [n for n in memory.children(_directory(memory, place)) if n.kind in _FILES and n.file_id == place.file]
    if not files:
        raise ValueError(f"the card has no file {place.directory:04X}/{place.file or 0:04X}")
    node = files[0]
    length = node.length - bodies.CONTENT
    for offset in sorted(rng.sample(range(length), min(4, length))):
        old = memory.get(node, bodies.CONTENT + offset, 1)[0]
        memory.put(node, bodies.CONTENT + offset, bytes((old ^ rng.randint(1, 255),)))


def lock_keys(memory: Memory, place: Place, kind: KeyKind) -> None:
    """No tries are left."""
    for node in _keys(memory, place, kind):
        tries = memory.get(node, Key.TRIES_OFFSET, 1)[0]
        memory.put(node, Key.TRIES_OFFSET, bytes((tries & 0xF0,)))


def change_key_version(memory: Memory, place: Place, rng: random.Random) -> None:
    """The load key is of another version: its number says so, and its value is another."""
    for node in _keys(memory, place, KeyKind.LOAD):
        *head, length, value = Key.BODY.unpack(memory.get(node, 0, Key.BODY.size))
        head[6] = (head[6] + 1) & 0xFF
        memory.put(node, 0, Key.BODY.pack(*head, length, rng.randbytes(len(value))))


def block(memory: Memory, place: Place, state: int) -> None:
    """The application (or, in the MF, the whole card) is blocked: bodies.FOR_A_TIME or FOR_GOOD."""
    memory.put(_directory(memory, place), bodies.BLOCKED, bytes((state,)))


def set_balance(memory: Memory, place: Place, fen: int) -> None:
    """The purse holds this much, whatever log and counters say."""
    memory.put(_purse(memory, place), bodies.BALANCE, struct.pack(">I", fen))


def exhaust_counters(memory: Memory, place: Place) -> None:
    """Both counters stand at their maximum: no further transaction (9402)."""
    memory.put(_purse(memory, place), bodies.ONLINE, b"\xff\xff\xff\xff")
