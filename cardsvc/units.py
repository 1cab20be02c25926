"""Money, dates and numbers in the forms that cards and people use. No rules here, only representations."""

import datetime as dt
import re
from typing import NewType

from cardsvc.errors import RequestError

LOCAL = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
"""The time of the city: on cards, in rules, on receipts. China has had no summer time since 1991."""
FIRST_DAY, LAST_DAY = dt.date(2000, 1, 1), dt.date(2999, 12, 31)
"""Days that may be asked for: they have moments before and after them in every time zone, and there were no cards before."""

Fen = NewType("Fen", int)
"""An amount of money in fen (分), 1/100 yuan. Always an integer; never a float anywhere."""

MAX_AMOUNT = 0x7FFFFFFF
"""The largest amount that may be asked for, in fen: what cards and databases keep in four bytes with a sign."""

CardNo = NewType("CardNo", str)
"""16 decimal digits: the right-most 8 bytes of the application serial (JR/T 0025.2-2010 B.2), BCD."""

_YUAN = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)


def parse_yuan(text: str) -> Fen:
    """``"100"``, ``"100.5"`` or ``"100.50"`` yuan as fen. Raises RequestError ``amount_not_a_number``."""
    found = _YUAN.fullmatch(text.strip())
    if not found:
        raise RequestError("amount_not_a_number", amount=text)
    return Fen(int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")))


def format_yuan(amount: int) -> str:
    """Fen as yuan with two decimals: ``10000`` is ``"100.00"``, ``-5`` is ``"-0.05"``."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"


def bcd(digits: str) -> bytes:
    """Decimal digits, two a byte. ``"2011"`` is ``20 11``. Raises ValueError for anything else."""
    if not re.fullmatch(r"(?:[0-9]{2})*", digits):
        raise ValueError(f"not an even number of decimal digits: {digits!r}")
    return bytes.fromhex(digits)


def from_bcd(value: bytes) -> str:
    """BCD bytes as decimal digits. Raises ValueError when a nibble is not a digit."""
    digits = value.hex()
    if not digits.isdecimal() and digits:
        raise ValueError(f"not BCD: {digits}")
    return digits


def bcd_date(day: dt.date) -> bytes:
    """YYYYMMDD in 4 bytes (JR/T 0025.2-2010 5.2)."""
    return bcd(day.isoformat().replace("-", ""))  # strftime leaves the zeros of a year before 1000 away


def bcd_time(moment: dt.datetime) -> bytes:
    """Hhmmss in 3 bytes (JR/T 0025.2-2010 5.2)."""
    return bcd(f"{moment:%H%M%S}")


def parse_bcd_date(value: bytes) -> dt.date | None:
    """The date in 4 BCD bytes, or None when the bytes are no date (all zero, all F, or damaged)."""
    try:
        return dt.date.fromisoformat(from_bcd(value))
    except ValueError:
        return None


def parse_card_no(text: str) -> CardNo:
    """A card number as printed, blanks allowed between groups. Raises RequestError ``card_no_malformed``."""
    digits = text.replace(" ", "")
    if not re.fullmatch(r"[0-9]{16}", digits):
        raise RequestError("card_no_malformed", card_no=text)
    return CardNo(digits)


def id_number_check_digit(first_17: str) -> str:
    """The 18th character of a Chinese resident ID number (GB 11643-1999, ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * 2 ** (17 - place) for place, digit in enumerate(first_17))
    return "10X98765432"[total % 11]


def local_stamp(stamp: str) -> str:
    """A moment as cards and files have it, YYYYMMDDhhmmss; what is no date as it is."""
    if len(stamp) != len("YYYYMMDDhhmmss") or not stamp.isdecimal():
        return stamp
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:8]} {stamp[8:10]}:{stamp[10:12]}:{stamp[12:]}"
