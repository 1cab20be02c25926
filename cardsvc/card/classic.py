"""Old bus cards (MIFARE Classic) as bytes: the reader's pseudo-APDUs, value blocks, the product block and the mark.

Source: PC/SC part 3 supplement 3.2.2; NXP MF1S50 data sheet 8.6.2. Product block and mark are the city's own.
"""

import struct
from dataclasses import dataclass
from typing import Self

from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import SUCCESS, Ask

CLA_READER = 0xFF
BLOCK_LENGTH = 16
KEY_A, KEY_B = 0x60, 0x61
MARK_TEXT = b"MOVED"


def get_uid() -> Ask:
    """GET DATA: the card's UID."""
    return Ask(Command(CLA_READER, 0xCA, 0x00, 0x00, le=256), "GET DATA")


def load_key(key: bytes) -> Ask:
    """LOAD KEYS: a sector key (6 bytes) into the reader's volatile place 0."""
    return Ask(Command(CLA_READER, 0x82, 0x00, 0x00, key), "LOAD KEYS", secret=True)


def authenticate(block: int, kind: int, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """GENERAL AUTHENTICATE of the block's sector with the loaded key as key A or B."""
    return Ask(Command(CLA_READER, 0x86, 0x00, 0x00, bytes((0x01, 0x00, block, kind, 0x00))), "GENERAL AUTHENTICATE", expect)


def read_block(block: int) -> Ask:
    """READ BINARY of one block."""
    return Ask(Command(CLA_READER, 0xB0, 0x00, block, le=BLOCK_LENGTH), "READ BINARY")


def write_block(block: int, data: bytes) -> Ask:
    """UPDATE BINARY of one block."""
    return Ask(Command(CLA_READER, 0xD6, 0x00, block, data), "UPDATE BINARY", changes=True)


def value_of(block: bytes) -> int | None:
    """The value in a value block, or None when its three copies or its address do not agree."""
    if len(block) != BLOCK_LENGTH:
        return None
    value, inverse, again, *address = struct.unpack("<iIi4B", block)
    agrees = value == again and value & 0xFFFFFFFF == inverse ^ 0xFFFFFFFF
    a, not_a, b, not_b = address
    return value if agrees and a == b == not_a ^ 0xFF and not_a == not_b else None


def value_block(fen: int, address: int) -> bytes:
    """A value block."""
    return struct.pack("<iIi4B", fen, ~fen & 0xFFFFFFFF, fen, address, address ^ 0xFF, address, address ^ 0xFF)


@dataclass(frozen=True, slots=True)
class Mark:
    """The block that says where an old card's money went: MOVED, the new card's number in BCD, zeros."""

    card_no: str

    def encode(self) -> bytes:
        """The 16 bytes of the block."""
        return (MARK_TEXT + bytes.fromhex(self.card_no)).ljust(BLOCK_LENGTH, b"\x00")

    @classmethod
    def parse(cls, block: bytes) -> Self | None:
        """The mark in a block, or None."""
        digits = block[len(MARK_TEXT) : len(MARK_TEXT) + 8].hex()
        return cls(digits) if block.startswith(MARK_TEXT) and digits.isdecimal() else None
