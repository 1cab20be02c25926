"""What a running card remembers until power goes: the selected files, security states, the challenge, a begun transaction."""

import random
import struct
from dataclasses import dataclass, field
from enum import IntEnum, unique
from typing import Any, NoReturn

from cardsvc.vcard.eeprom import Eeprom
from cardsvc.vcard.memory import Kind, Memory, Node


class StatusError(Exception):
    """The command ends with this status word."""

    def __init__(self, sw: int, *, keep_writes: bool = False) -> None:
        super().__init__(f"{sw:04X}")
        self.sw = sw
        self.keep_writes = keep_writes


def refuse(sw: int, *, keep_writes: bool = False) -> NoReturn:
    """End the command; ``keep_writes`` for try counters, which change although the command fails."""
    raise StatusError(sw, keep_writes=keep_writes)


@unique
class KeyKind(IntEnum):
    """What a key is for, the same for all families."""

    PURCHASE = 1
    LOAD = 2
    UNLOAD = 3
    OVERDRAFT = 4
    TAC = 5
    LINE = 6
    PIN_UNBLOCK = 7
    PIN_RELOAD = 8
    MASTER = 9
    INTERNAL = 10
    PIN = 11
    TRANSPORT = 12


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it stands in the EEPROM.

    offset  bytes  field
    0       1      kind (KeyKind)
    1       1      the family's own type byte
    2       1      right to use
    3       1      right to change
    4       1      security state after success
    5       1      tries: high nibble at most, low nibble left
    6       1      version
    7       1      algorithm
    8       1      length
    9       16     value
    """

    node: Node
    kind: KeyKind
    raw_type: int
    use: int
    change: int
    next_state: int
    tries: int
    version: int
    algorithm: int
    value: bytes

    TRIES_OFFSET = 5
    BODY = struct.Struct(">9B16s")

    @property
    def key_id(self) -> int:
        """Key identifier."""
        return self.node.file_id

    @property
    def left(self) -> int:
        """Tries left."""
        return self.tries & 0x0F


@dataclass(frozen=True, slots=True)
class Apdu:
    """A command taken apart: ``le`` None when no answer data are expected."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None

    @classmethod
    def parse(cls, raw: bytes) -> "Apdu":
        """Short APDUs only; 6700 for lengths that do not add up."""
        if len(raw) < 4:
            refuse(0x6700)
        cla, ins, p1, p2, *rest = raw
        if not rest:
            return cls(cla, ins, p1, p2, b"", None)
        if len(rest) == 1:
            return cls(cla, ins, p1, p2, b"", rest[0] or 256)
        lc = rest[0]
        if lc == 0 or len(rest) not in (lc + 1, lc + 2):
            refuse(0x6700)
        le = (rest[lc + 1] or 256) if len(rest) == lc + 2 else None
        return cls(cla, ins, p1, p2, bytes(rest[1 : lc + 1]), le)

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2 and Lc, as a MAC covers them."""
        return bytes((self.cla, self.ins, self.p1, self.p2, len(self.data)))


@dataclass(slots=True)
class Running:
    """The card between two power failures. ``pending`` is a begun purse transaction, good for the next command only."""

    memory: Memory
    eeprom: Eeprom
    rng: random.Random
    current_df: Node | None = None
    current_ef: Node | None = None
    mf_state: int = 0
    df_state: int = 0
    pin_verified: bool = False
    challenge: bytes | None = None
    pending: dict[str, Any] | None = None
    forced_random: list[bytes] = field(default_factory=list)

    @property
    def mf(self) -> Node | None:
        """The MF, if the card has one."""
        return next((node for node in self.memory.nodes if node.kind == Kind.MF), None)

    @property
    def df(self) -> Node:
        """The selected DF; 6A82 when there is none (a card without an MF)."""
        return self.current_df or refuse(0x6A82)

    @property
    def state(self) -> int:
        """Security state of the selected DF; in the MF it is the MF's."""
        return self.mf_state if self.df.kind == Kind.MF else self.df_state

    def set_state(self, value: int) -> None:
        """After a successful authentication in the selected DF."""
        if self.df.kind == Kind.MF:
            self.mf_state = value & 0x0F
        else:
            self.df_state = value & 0x0F

    def random(self, length: int) -> bytes:
        """Random bytes, or those that a test laid down."""
        if self.forced_random and len(self.forced_random[0]) == length:
            return self.forced_random.pop(0)
        return self.rng.randbytes(length)

    def find_ef(self, file_id: int) -> Node | None:
        """An EF of the selected DF."""
        nodes = (node for node in self.memory.children(self.df) if node.kind >= Kind.BINARY and node.kind != Kind.KEY)
        return next((node for node in nodes if node.file_id == file_id), None)

    def find_sfi(self, sfi: int) -> Node | None:
        """An EF of the selected DF by short identifier: the low five bits of its file identifier."""
        nodes = (n for n in self.memory.children(self.df) if Kind.BINARY <= n.kind <= Kind.CYCLIC)
        return next((node for node in nodes if node.file_id & 0x1F == sfi), None)

    def keys(self) -> list[Key]:
        """The keys of the selected DF."""
        return [self._key(node) for node in self.memory.children(self.df) if node.kind == Kind.KEY]

    def key(self, kind: KeyKind, key_id: int | None = None) -> Key | None:
        """A key by kind, and by identifier where one is given."""
        fits = (key for key in self.keys() if key.kind == kind and key_id in (None, key.key_id))
        return next(fits, None)

    def _key(self, node: Node) -> Key:
        *head, value = Key.BODY.unpack(self.memory.get(node, 0, Key.BODY.size))
        kind, raw, use, change, following, tries, version, algorithm, length = head
        return Key(node, KeyKind(kind), raw, use, change, following, tries, version, algorithm, value[:length])

    def count_failure(self, key: Key) -> int:
        """One try less; returns what is left."""
        left = max(key.left - 1, 0)
        self.memory.put(key.node, Key.TRIES_OFFSET, bytes((key.tries & 0xF0 | left,)))
        return left

    def restore_tries(self, key: Key) -> None:
        """All tries back after a success."""
        full = key.tries >> 4
        if key.left != full:
            self.memory.put(key.node, Key.TRIES_OFFSET, bytes((full << 4 | full,)))
