"""Journeys on transport-union cards, file EF1E.  Source: JT/T 978 as public format notes have it, with a sample."""

import struct
from dataclasses import dataclass
from typing import ClassVar, Self


@dataclass(frozen=True, slots=True)
class TripRecord:
    """One record of EF1E.

    offset  bytes  field            unit, meaning
    0       1      type             02 and 06 single, 03 in, 04 out
    1       8      terminal
    9       1      mode             01 metro, 02 bus
    10      7      line and station
    17      4      amount           fen
    21      4      balance          fen, after it
    25      7      time             BCD YYYYMMDDhhmmss
    32      2      city
    34      8      acquirer
    42      6      zero
    """

    FORMAT: ClassVar[str] = ">B8sB7sII7s2s8s6x"
    LENGTH: ClassVar[int] = struct.calcsize(FORMAT)
    type: int
    terminal: bytes
    mode: int
    station: bytes
    amount: int
    balance: int
    at: bytes
    city: bytes
    acquirer: bytes

    @classmethod
    def parse(cls, raw: bytes) -> Self | None:
        """The record, or None for bytes of another length and for records that were never written."""
        if len(raw) != cls.LENGTH or raw[0] in (0x00, 0xFF):
            return None
        return cls(*struct.unpack(cls.FORMAT, raw))
