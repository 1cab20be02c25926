"""Months, seasons and terms, and the bytes in which a bus card keeps them."""

import datetime as dt
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.card.periods import Period, PeriodArea, PursePeriods, parse_month, period_of, purse_of
from cardsvc.errors import RequestError

MONTHS = st.dates(dt.date(2001, 1, 1), dt.date(2098, 12, 31)).map(lambda day: day.replace(day=1))
AREAS = st.sampled_from(get_args(PeriodArea))
PERIODS = st.builds(period_of, AREAS, MONTHS)


@given(AREAS, MONTHS)
def test_a_period_holds_its_month_and_the_next_begins_where_it_ends(area: PeriodArea, month: dt.date) -> None:
    """No month belongs to two periods or to none, and this period and the next never share a purse."""
    period = period_of(area, month)
    assert period.holds(month)
    assert period_of(area, period.last) == period
    after = period_of(area, period.end)
    assert after.first == period.end
    assert not period.holds(period.end)
    assert purse_of(area, period) != purse_of(area, after)


@given(st.none() | PERIODS, st.none() | PERIODS, st.binary(min_size=4, max_size=4))
def test_periods_survive_the_card(ed: Period | None, ep: Period | None, rest: bytes) -> None:
    """Encoded and read again; the bytes after them are left alone."""
    own = PursePeriods(ed, ep).encode(bytes(12) + rest)
    assert (len(own), own[12:]) == (16, rest)
    assert PursePeriods.parse(own) == PursePeriods(ed, ep)


@given(st.binary(min_size=16, max_size=16))
def test_any_bytes_read_as_periods_or_none(own: bytes) -> None:
    """A damaged card shows no period rather than an error."""
    for period in (PursePeriods.parse(own).ed, PursePeriods.parse(own).ep):
        assert period is None or period.first.day == period.last.day == 1


def test_the_bytes_are_those_of_the_table() -> None:
    """A season in ED, a month in EP."""
    season, month = period_of("season", dt.date(2026, 8, 1)), period_of("month", dt.date(2026, 12, 1))
    assert PursePeriods(season, month).encode(bytes(16)).hex() == "202607" + "202612" + "202609" + "000000" + "00" * 4


@pytest.mark.parametrize(
    ("area", "month", "first", "last"),
    [
        ("term", "2026-09", "2026-09", "2027-01"),
        ("term", "2027-01", "2026-09", "2027-01"),
        ("term", "2027-08", "2027-02", "2027-08"),
        ("season", "2026-12", "2026-10", "2026-12"),
    ],
)
def test_terms_and_seasons_of_the_year(area: PeriodArea, month: str, first: str, last: str) -> None:
    """A school year begins in September."""
    assert str(period_of(area, parse_month(month))) == f"{first}..{last}"


@pytest.mark.parametrize("text", ["2026-13", "2026-00", "26-12", "2026-1", "9999-12", "2026-12-01", "", "２０２６-12"])
def test_what_is_no_month_is_refused(text: str) -> None:
    """Never a guess."""
    with pytest.raises(RequestError) as told:
        parse_month(text)
    assert told.value.code == "month_malformed"
