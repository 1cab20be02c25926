"""How a virtual card keeps files and keys in its EEPROM: objects one after the other, found again by walking them.

offset  bytes  field     every object
0       1      kind      see Kind; 00 erased
1       2      file id   key: 00 and key id
3       2      parent    address of the DF that holds it; 0000 the MF
5       2      length    of the body that follows
7       ..     body      layout by kind, below

The first two content bytes are the end of the used area, so creating is: write the object, move the end, in one commit.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, unique

from cardsvc.vcard.eeprom import Eeprom

HEADER = struct.Struct(">BHHH")
FIRST = 2


@unique
class Kind(IntEnum):
    """Kinds of objects."""

    ERASED = 0x00
    MF = 0x01
    DF = 0x02
    BINARY = 0x10
    FIXED = 0x11
    VARIABLE = 0x12
    CYCLIC = 0x13
    PURSE = 0x14
    KEY_FILE = 0x15
    KEY = 0x20


@dataclass(frozen=True, slots=True)
class Node:
    """Where an object stands. Its content is always read from the EEPROM."""

    address: int
    kind: Kind
    file_id: int
    parent: int
    length: int

    @property
    def body(self) -> int:
        """Address of the body."""
        return self.address + HEADER.size


class Memory:
    """The objects of a card. The list of nodes is only a map of the bytes, rebuilt from them at each power-on."""

    def __init__(self, eeprom: Eeprom) -> None:
        self.eeprom = eeprom
        self.nodes: list[Node] = []

    def format(self) -> None:
        """Make fresh memory usable: nothing in it."""
        self.eeprom.write(0, struct.pack(">H", FIRST))
        self.eeprom.commit()

    def scan(self) -> None:
        """Walk the bytes and find the objects."""
        self.nodes = list(self._walk())

    def _walk(self) -> Iterator[Node]:
        address, end = FIRST, self.used
        while address < end:
            kind, file_id, parent, length = HEADER.unpack(self.eeprom.read(address, HEADER.size))
            if kind != Kind.ERASED:
                yield Node(address, Kind(kind), file_id, parent, length)
            address += HEADER.size + length

    @property
    def used(self) -> int:
        """End of the used area."""
        return int.from_bytes(self.eeprom.read(0, 2), "big")

    @property
    def free(self) -> int:
        """Bytes that are left."""
        return self.eeprom.size - self.used

    def add(self, kind: Kind, file_id: int, parent: int, body: bytes, reserve: int = 0) -> Node | None:
        """Append an object whose body is followed by ``reserve`` bytes for growth; None when there is no room."""
        length = len(body) + reserve
        if HEADER.size + length > self.free:
            return None
        node = Node(self.used, kind, file_id, parent, length)
        self.eeprom.write(node.address, HEADER.pack(kind, file_id, parent, length) + body)
        self.eeprom.write(0, struct.pack(">H", node.address + HEADER.size + length))
        self.nodes.append(node)
        return node

    def erase(self, node: Node) -> None:
        """Take an object away."""
        self.eeprom.write(node.address, bytes((Kind.ERASED,)))
        self.nodes.remove(node)

    def truncate(self, end: int) -> None:
        """Give everything from this address on back."""
        self.eeprom.write(0, struct.pack(">H", end))
        self.nodes = [node for node in self.nodes if node.address < end]

    def children(self, parent: Node) -> list[Node]:
        """The objects directly in a DF."""
        return [node for node in self.nodes if node.parent == parent.address]

    def get(self, node: Node, offset: int, length: int) -> bytes:
        """Bytes of a body."""
        return self.eeprom.read(node.body + offset, length)

    def put(self, node: Node, offset: int, data: bytes) -> None:
        """Change bytes of a body, within the running command."""
        self.eeprom.write(node.body + offset, data)
