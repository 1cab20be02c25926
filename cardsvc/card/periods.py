"""The months that money of a month ticket is good for, and how a bus card keeps them.

Money of a month, season or term is void at 00:00 on the day after its last month. A bus card has two purses, and one period
follows the other in the other purse, so what is loaded early never touches what is still being spent:

area    period                                                  electronic deposit (ED)   electronic purse (EP)
month   one calendar month                                      odd months                even months
season  a quarter of the year                                   first and third           second and fourth
term    September to January, February to August (school year)  from September            from February
"""

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal, Self

from cardsvc.errors import RequestError
from cardsvc.units import bcd

MONTH = "^20[0-9]{2}-(0[1-9]|1[0-2])$"
PeriodArea = Literal["month", "season", "term"]
Purse = Literal["ed", "ep"]


@dataclass(frozen=True, slots=True)
class Period:
    """Whole months, both included; each is given by its first day."""

    first: dt.date
    last: dt.date

    @property
    def end(self) -> dt.date:
        """The day at whose 00:00 the money is void."""
        return following(self.last)

    def holds(self, day: dt.date) -> bool:
        """Whether the money is good on this day."""
        return self.first <= day < self.end

    def __str__(self) -> str:
        """``2026-12``, or ``2026-10..2026-12``."""
        return f"{self.first:%Y-%m}" if self.first == self.last else f"{self.first:%Y-%m}..{self.last:%Y-%m}"


def parse_month(text: str) -> dt.date:
    """``"2026-12"`` as the first day of that month, of this century. Raises RequestError ``month_malformed``."""
    if not re.fullmatch(MONTH, text):
        raise RequestError("month_malformed")
    return dt.date(int(text[:4]), int(text[5:]), 1)


def following(month: dt.date) -> dt.date:
    """The first day of the next month."""
    return (month.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def period_of(area: PeriodArea, month: dt.date) -> Period:
    """The month, season or term that holds this month."""
    first = month.replace(day=1)
    if area == "season":
        first = first.replace(month=(first.month - 1) // 3 * 3 + 1)
        return Period(first, first.replace(month=first.month + 2))
    if area == "term":
        if 2 <= first.month <= 8:
            return Period(first.replace(month=2), first.replace(month=8))
        autumn = first.year if first.month >= 9 else first.year - 1
        return Period(dt.date(autumn, 9, 1), dt.date(autumn + 1, 1, 1))
    return Period(first, first)


def purse_of(area: PeriodArea, period: Period) -> Purse:
    """The purse of a bus card that holds this period's money."""
    if area == "season":
        return "ed" if period.first.month in (1, 7) else "ep"
    if area == "term":
        return "ed" if period.first.month == 9 else "ep"
    return "ed" if period.first.month % 2 else "ep"


@dataclass(frozen=True, slots=True)
class PursePeriods:
    """Which period each purse of a bus card holds; None for no period. Bytes of ApplicationRecord's own part.

    offset  bytes  field
    0       3      first month of ED, BCD YYYYMM, or 000000
    3       3      first month of EP
    6       3      last month of ED, or 000000 where it is the first
    9       3      last month of EP
    """

    ed: Period | None = None
    ep: Period | None = None

    @classmethod
    def parse(cls, own: bytes) -> Self:
        """The periods in an application's own bytes; months that are none read as no period."""
        months = [_month(own[place : place + 3]) for place in (0, 3, 6, 9)]
        return cls(_period(months[0], months[2]), _period(months[1], months[3]))

    def encode(self, own: bytes) -> bytes:
        """The own bytes with these periods in them."""
        pairs = (self.ed, self.ep)
        firsts = b"".join(_bytes(period.first if period else None) for period in pairs)
        lasts = b"".join(_bytes(period.last if period and period.last != period.first else None) for period in pairs)
        return firsts + lasts + own[12:]


def _month(raw: bytes) -> dt.date | None:
    digits = raw.hex()
    try:
        return parse_month(f"{digits[:4]}-{digits[4:]}")
    except RequestError:
        return None


def _period(first: dt.date | None, last: dt.date | None) -> Period | None:
    return Period(first, last or first) if first else None


def _bytes(month: dt.date | None) -> bytes:
    return bcd(f"{month:%Y%m}") if month else bytes(3)
