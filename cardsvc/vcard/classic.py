"""A MIFARE Classic card (1K) in a PC/SC reader, as old bus cards are: blocks, sector keys, the reader's pseudo-APDUs.

Source: PC/SC part 3 supplement (GET DATA, LOAD KEYS, GENERAL AUTHENTICATE, READ BINARY, UPDATE BINARY); NXP MF1S50 data sheet
(sectors, trailers, value blocks). A data block is read with key A or B and written with key B; a block is written whole or not.
"""

import os
import random
import struct
from pathlib import Path

from cardsvc.errors import CardError, CardGone
from cardsvc.vcard.faults import FaultPlan

MAGIC = b"cardsvc virtual old card 1\n"
UID_LENGTH = 4
BLOCK = 16
SECTORS = 16
PRODUCT, VALUE, BACKUP, MARK = 4, 5, 6, 8
KEY_A, KEY_B = 0x60, 0x61
OK, AUTHENTICATION_FAILED, NOT_ALLOWED = b"\x90\x00", b"\x63\x00", b"\x69\x82"


class ClassicCard:
    """One card on one reader. ``plan``: mute, and power failing before or after a command or a write."""

    def __init__(self, fen: int, read_key: bytes, write_key: bytes, uid: bytes | None = None, product: bytes = b"B") -> None:
        self.uid = uid or os.urandom(UID_LENGTH)
        self.blocks = [bytes(BLOCK) for _ in range(SECTORS * 4)]
        for sector in range(SECTORS):
            self.blocks[sector * 4 + 3] = read_key + bytes.fromhex("78778800") + write_key
        self.blocks[PRODUCT] = bytes.fromhex("31003100") + product + b"0" + self.uid + bytes.fromhex("209901010000")
        self.blocks[VALUE] = value_block(fen, VALUE)
        self.blocks[BACKUP] = value_block(fen, BACKUP)
        self.plan = FaultPlan()
        self.commands = self.writes = 0
        self._open: tuple[int, int] | None = None
        self._key = b""

    def save(self, path: Path) -> None:
        """Store UID and blocks in a file."""
        temporary = path.with_name(path.name + ".new")
        temporary.write_bytes(MAGIC + self.uid + b"".join(self.blocks))
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> "ClassicCard":
        """The card in a file that ``save`` made. Raises CardError ``card_file_wrong``."""
        raw = path.read_bytes()
        body = raw.removeprefix(MAGIC)
        if not raw.startswith(MAGIC) or len(body) != UID_LENGTH + SECTORS * 4 * BLOCK:
            raise CardError("card_file_wrong", file=path.name)
        card = cls(0, b"", b"", body[:UID_LENGTH])
        card.blocks = [body[start : start + BLOCK] for start in range(UID_LENGTH, len(body), BLOCK)]
        return card

    def spoil_backup(self, rng: random.Random) -> None:
        """A bit of the second copy of the balance fell over."""
        block = bytearray(self.blocks[BACKUP])
        block[rng.randrange(4)] ^= 1 << rng.randrange(8)
        self.blocks[BACKUP] = bytes(block)

    @property
    def atr(self) -> bytes:
        """The ATR that PC/SC part 3 makes for a MIFARE Classic 1K."""
        return bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")

    def channel(self) -> "ClassicCard":
        """The card put on the reader: fault counters begin, no sector is open."""
        self.commands = self.writes = 0
        self._open = None
        return self

    def power_on(self) -> None:
        """The field comes on, or the reader resets the card: no sector is open."""
        self._open = None

    def power_off(self) -> None:
        """The field is gone."""
        self._open = None

    close = power_off

    def transmit(self, command: bytes) -> bytes:
        """One pseudo-APDU. Raises CardGone when the card leaves, CardError when it is mute."""
        self.commands += 1
        if self.plan.mute:
            raise CardError("card_mute")
        if self.commands == self.plan.tear_before_command:
            raise CardGone("card_gone")
        answer = self._answer(command)
        if self.commands == self.plan.tear_after_command:
            raise CardGone("card_gone")
        return answer

    def _answer(self, command: bytes) -> bytes:
        head, p1, number, rest = command[:2], command[2], command[3], command[5:]
        if command == bytes.fromhex("FFCA000000"):
            return self.uid + OK
        if head == b"\xff\x82" and len(rest) == 6:
            self._key = rest
            return OK
        if head == b"\xff\x86" and len(rest) == 5:
            return self._authenticate(rest[2], rest[3])
        if head == b"\xff\xb0" and p1 == 0 and number < len(self.blocks):
            return self._read(number)
        if head == b"\xff\xd6" and p1 == 0 and len(rest) == BLOCK and number < len(self.blocks):
            return self._write(number, rest)
        return b"\x6d\x00"

    def _authenticate(self, block: int, kind: int) -> bytes:
        if block >= len(self.blocks) or kind not in (KEY_A, KEY_B):
            return AUTHENTICATION_FAILED
        trailer = self.blocks[block // 4 * 4 + 3]
        right = trailer[:6] if kind == KEY_A else trailer[10:]
        self._open = (block // 4, kind) if self._key == right else None
        return OK if self._open else AUTHENTICATION_FAILED

    def _read(self, block: int) -> bytes:
        if self._open is None or self._open[0] != block // 4 or block % 4 == 3:
            return NOT_ALLOWED
        return self.blocks[block] + OK

    def _write(self, block: int, data: bytes) -> bytes:
        if self._open != (block // 4, KEY_B) or block % 4 == 3 or block == 0:
            return NOT_ALLOWED
        self.writes += 1
        if self.writes == self.plan.tear_before_write:
            raise CardGone("card_gone")
        self.blocks[block] = data
        if self.writes == self.plan.tear_after_write:
            raise CardGone("card_gone")
        return OK


def value_block(fen: int, address: int) -> bytes:
    """Value, its complement, the value again; the address likewise (NXP MF1S50 8.6.2.1); little-endian."""
    inverse = ~fen & 0xFFFFFFFF
    return struct.pack("<III4B", fen, inverse, fen, address, ~address & 0xFF, address, ~address & 0xFF)
