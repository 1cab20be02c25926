"""Byte layouts of the files on a citizen card, other than the holder's TLV records (holder.py) and the purse log (purse.py).

Source: CJ/T 166 field order as seen on a real metro card and read by the public phone readers; own applications.
"""

import datetime as dt
import struct
from dataclasses import dataclass
from enum import IntEnum, unique
from typing import ClassVar, Self

from cardsvc.card.layout import ApplicationLayout, Issuer
from cardsvc.units import CardNo, bcd, bcd_date, from_bcd, parse_bcd_date

CITIZEN_CARD_TYPE = 0x01
APPLICATION_VERSION = 0x01


def card_no_of(serial: bytes) -> CardNo | None:
    """The card number in an 8-byte serial, or None when the bytes are no card number."""
    try:
        digits = from_bcd(serial)
    except ValueError:
        return None
    return CardNo(digits) if digits.strip("0") else None


@dataclass(frozen=True, slots=True)
class CardIssue:
    """EF05 of the MF: who issued this card, and when. Written last: a card without it is not finished.

    offset  bytes  field
    0       2      issuer
    2       2      city
    4       2      industry
    6       2      reserved
    8       8      serial: the card number in BCD
    16      2      card type and version of the card layout
    18      4      issue date, BCD YYYYMMDD
    22      6      device that issued it
    28      2      version of this file, 0001
    """

    FORMAT: ClassVar[str] = ">2s2s2s2x8sBB4s6s2s"
    LENGTH: ClassVar[int] = struct.calcsize(FORMAT)
    issuer: Issuer
    card_no: CardNo
    layout_version: int
    issue_date: dt.date

    def encode(self) -> bytes:
        """The 30 bytes of the file."""
        return struct.pack(
            self.FORMAT,
            bytes.fromhex(self.issuer.issuer),
            bytes.fromhex(self.issuer.city),
            bytes.fromhex(self.issuer.industry),
            bcd(self.card_no),
            CITIZEN_CARD_TYPE,
            self.layout_version,
            bcd_date(self.issue_date),
            bytes.fromhex(self.issuer.device),
            b"\x00\x01",
        )


@dataclass(frozen=True, slots=True)
class CardIssueSeen:
    """What was read from EF05 of the MF; fields that make no sense are None."""

    card_no: CardNo | None
    city: str
    card_type: int
    layout_version: int
    issue_date: dt.date | None

    @classmethod
    def parse(cls, raw: bytes) -> Self | None:
        """The fields, or None when the file has another length or was never written."""
        if len(raw) != CardIssue.LENGTH or raw in (bytes(len(raw)), b"\xff" * len(raw)):
            return None
        _issuer, city, _industry, serial, card_type, version, issued, _device, _ = struct.unpack(CardIssue.FORMAT, raw)
        return cls(card_no_of(serial), city.hex().upper(), card_type, version, parse_bcd_date(issued))


@dataclass(frozen=True, slots=True)
class PurseApplication:
    """EF15 of the city purse, as CJ/T 166 has it and the phone readers expect it.

    offset  bytes  field
    0       2      issuer
    2       2      city
    4       2      industry
    6       2      reserved
    8       1      enabled, 01
    9       1      version
    10      2      interoperability
    12      8      serial: the card number in BCD; 10..19 is the application serial of JR/T 0025.2
    20      4      start date
    24      4      expiry date
    28      1      card type
    29      1      card subtype
    """

    FORMAT: ClassVar[str] = ">2s2s2s2xBB2s8s4s4sBB"
    LENGTH: ClassVar[int] = struct.calcsize(FORMAT)
    SERIAL: ClassVar[slice] = slice(12, 20)
    issuer: Issuer
    card_no: CardNo
    start: dt.date
    expiry: dt.date

    def encode(self) -> bytes:
        """The 30 bytes of the file."""
        return struct.pack(
            self.FORMAT,
            bytes.fromhex(self.issuer.issuer),
            bytes.fromhex(self.issuer.city),
            bytes.fromhex(self.issuer.industry),
            0x01,
            APPLICATION_VERSION,
            bytes.fromhex(self.issuer.interoperability),
            bcd(self.card_no),
            bcd_date(self.start),
            bcd_date(self.expiry),
            CITIZEN_CARD_TYPE,
            0x00,
        )


def city_of_purse(raw: bytes) -> str | None:
    """The city in the first bytes of EF15 of a city purse, None for a file that is short or was never written."""
    return raw[2:4].hex().upper() if len(raw) >= 4 and raw.strip(b"\x00\xff") else None


@unique
class ApplicationState(IntEnum):
    """State byte of the own applications. A card leaves the desk with all of them not opened."""

    NOT_OPENED = 0x00
    OPEN = 0x01
    CLOSED = 0x02


@dataclass(frozen=True, slots=True)
class ApplicationRecord:
    """EF15 of bus, parking, library and park pass: one layout, one protected write, so opening is all or nothing.

    offset  bytes  field
    0       1      state, see ApplicationState
    1       1      version of this layout, 01
    2       1      product, ASCII (bus: A B C D T; others: blank or the tariff class)
    3       1      holder class, ASCII
    4       4      valid from, BCD YYYYMMDD, or 00000000
    8       4      valid to, included, BCD, or 00000000 for no end
    12      4      next review, BCD, or 00000000
    16      16     the application's own: bus 16..27 the periods of its purses, see periods.PursePeriods;
                   library 16..23 reader number, 24 deposit class; park 16 period, 17..24 photo reference
    """

    FORMAT: ClassVar[str] = ">BBcc4s4s4s16s"
    LENGTH: ClassVar[int] = struct.calcsize(FORMAT)
    OWN_LENGTH: ClassVar[int] = 16
    state: ApplicationState
    product: str = " "
    holder_class: str = " "
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None
    review: dt.date | None = None
    own: bytes = b""

    def encode(self) -> bytes:
        """The 32 bytes of the file."""
        return struct.pack(
            self.FORMAT,
            self.state,
            APPLICATION_VERSION,
            self.product.encode("ascii"),
            self.holder_class.encode("ascii"),
            _date(self.valid_from),
            _date(self.valid_to),
            _date(self.review),
            self.own,
        )

    @classmethod
    def parse(cls, raw: bytes) -> Self | None:
        """The record, or None when the bytes are none (wrong length, unknown state or version)."""
        if len(raw) != cls.LENGTH:
            return None
        state, version, product, holder_class, start, end, review, own = struct.unpack(cls.FORMAT, raw)
        if version != APPLICATION_VERSION or state not in set(ApplicationState) or not (product + holder_class).isascii():
            return None
        return cls(
            ApplicationState(state),
            product.decode("ascii"),
            holder_class.decode("ascii"),
            parse_bcd_date(start),
            parse_bcd_date(end),
            parse_bcd_date(review),
            own,
        )


def directory_record(application: ApplicationLayout, length: int) -> bytes:
    """A DIR entry: 61 (4F AID, 50 label), zero-padded.  Source: Fudan FMCOS 2.0 special manual p10, JR/T 0025.1."""
    label = application.label.encode("ascii")
    body = bytes((0x4F, len(application.aid_bytes))) + application.aid_bytes + bytes((0x50, len(label))) + label
    return (bytes((0x61, len(body))) + body).ljust(length, b"\x00")


def _date(day: dt.date | None) -> bytes:
    return bcd_date(day) if day else bytes(4)
