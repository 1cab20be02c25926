"""The holder's application: TLV records of the social-security layout (SSSE), EF05 for the card, EF06 for the person.

tag  bytes  file  field
01   16     EF05  card id: region 3, D156000005, id, FF padded
02   1      EF05  class of card
03   4      EF05  version of the specification, "3.00"
04   12     EF05  issuer
05   4      EF05  issue date, BCD
06   4      EF05  expiry date, BCD
07   9      EF05  social-security card number, ASCII
08   18     EF06  ID number, ASCII
09   30     EF06  name, GBK, zero padded
0A   1      EF06  sex, GB/T 2261.1
0B   1      EF06  ethnic group, GB 3304
0C   3      EF06  birthplace, GB/T 2260, BCD
0D   4      EF06  birth date, BCD
"""

import datetime as dt
from dataclasses import dataclass

from cardsvc.card.layout import Issuer
from cardsvc.units import CardNo, bcd, bcd_date

NATIONAL_RID = bytes.fromhex("D156000005")
NAME_LENGTH = 30


@dataclass(frozen=True, slots=True)
class Holder:
    """The person as the card carries them. ``repr`` shows nothing personal."""

    name: str
    id_number: str
    sex: int
    ethnic_group: int
    birthplace: str
    birth_date: dt.date

    def __repr__(self) -> str:
        return "Holder(...)"

    def records(self) -> tuple[bytes, ...]:
        """The six TLV records of EF06."""
        return (
            tlv(0x08, self.id_number.encode("ascii")),
            tlv(0x09, self.name.encode("gbk").ljust(NAME_LENGTH, b"\x00")),
            tlv(0x0A, bytes((self.sex,))),
            tlv(0x0B, bcd(f"{self.ethnic_group:02d}")),
            tlv(0x0C, bcd(self.birthplace)),
            tlv(0x0D, bcd_date(self.birth_date)),
        )


@dataclass(frozen=True, slots=True)
class SocialSecurityCard:
    """The card as the social-security application describes it."""

    issuer: Issuer
    card_no: CardNo
    ss_card_no: str
    issue_date: dt.date
    expiry_date: dt.date

    def records(self) -> tuple[bytes, ...]:
        """The seven TLV records of EF05."""
        card_id = bcd(self.issuer.social_security_region) + NATIONAL_RID + bcd(self.card_no)
        return (
            tlv(0x01, card_id.ljust(16, b"\xff")),
            tlv(0x02, b"\x01"),
            tlv(0x03, b"3.00"),
            tlv(0x04, self.issuer.name.encode("ascii").ljust(12, b"\x00")),
            tlv(0x05, bcd_date(self.issue_date)),
            tlv(0x06, bcd_date(self.expiry_date)),
            tlv(0x07, self.ss_card_no.encode("ascii").ljust(9, b"\x00")),
        )


def tlv(tag: int, value: bytes) -> bytes:
    """One record: tag, length, value."""
    return bytes((tag, len(value))) + value


def holder_from_records(records: dict[int, bytes]) -> Holder | None:
    """The person in EF06's values by tag, or None when a field is missing or does not decode."""
    try:
        return Holder(
            name=records[0x09].rstrip(b"\x00").decode("gbk"),
            id_number=records[0x08].decode("ascii"),
            sex=records[0x0A][0],
            ethnic_group=int(records[0x0B].hex()),
            birthplace=records[0x0C].hex(),
            birth_date=dt.date.fromisoformat(records[0x0D].hex()),
        )
    except (KeyError, ValueError, IndexError):
        return None
