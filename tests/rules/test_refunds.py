"""Refunds, deposits and holds: the values that the notices give, and what holds for every amount and day."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.card.periods import period_of
from cardsvc.errors import RuleError
from cardsvc.rules import RefundRequest, check_refund, deposit_refund, hold_until, load_rule_set

RULES = load_rule_set()


def day(text: str) -> dt.date:
    """A day."""
    return dt.date.fromisoformat(text)


def asked(product: str, area: Any, balance: int, on: str, month: str | None = None, gift: int = 0) -> RefundRequest:
    """Money on a card."""
    period = period_of(area, day(f"{month}-01")) if month else None
    return RefundRequest(product, area, balance, day(on), gift, period)


@pytest.mark.parametrize(
    ("request_", "returned", "fee", "forfeited"),
    [
        (asked("A", "month", 5000, "2012-05-10", "2012-05"), 2450, 50, 2500),
        (asked("A", "month", 5000, "2012-05-11", "2012-05"), 950, 50, 4000),
        (asked("A", "month", 5000, "2012-05-20", "2012-05"), 950, 50, 4000),
        (asked("A", "month", 5000, "2012-05-21", "2012-05"), 0, 0, 5000),
        (asked("T", "month", 5000, "2012-05-31", "2012-06"), 4950, 50, 0),
        (asked("T", "month", 5000, "2012-06-01", "2012-05"), 0, 0, 5000),
        (asked("citizen", "purse", 10000, "2012-05-31"), 9900, 100, 0),
        (asked("D", "purse", 10000, "2012-05-31"), 9900, 100, 0),
        (asked("citizen", "purse", 0, "2012-05-31"), 0, 0, 0),
        (asked("citizen", "purse", 1, "2012-05-31"), 0, 1, 0),
        (asked("citizen", "purse", 101, "2012-05-31"), 99, 2, 0),
        (asked("C", "purse", 10000, "2012-05-31", gift=5000), 4950, 50, 0),
        (asked("C", "purse", 3000, "2012-05-31", gift=5000), 0, 0, 0),
        (asked("A", "season", 15000, "2012-03-31", "2012-04"), 14850, 150, 0),
        (asked("A", "season", 15000, "2012-04-01", "2012-04"), 9850, 150, 5000),
        (asked("A", "season", 15000, "2012-06-30", "2012-04"), 0, 0, 15000),
        (asked("B", "term", 15000, "2012-09-30", "2012-09"), 11850, 150, 3000),
        (asked("B", "term", 15000, "2013-01-31", "2012-09"), 0, 0, 15000),
    ],
)
def test_what_goes_back(request_: RefundRequest, returned: int, fee: int, forfeited: int) -> None:
    """In fen, with the rule that says so."""
    terms = check_refund(RULES, request_)
    assert (terms.returned, terms.fee, terms.forfeited) == (returned, fee, forfeited)
    assert terms.gift == min(request_.gift, request_.balance)
    assert terms.rules
    assert terms.version == RULES.version


def test_what_no_rule_gives_back() -> None:
    """A product without that area, and a day before the rules."""
    for nothing in (asked("citizen", "month", 5000, "2012-05-10", "2012-05"), asked("D", "purse", 5000, "2007-12-31")):
        with pytest.raises(RuleError) as told:
            check_refund(RULES, nothing)
        assert told.value.code == "rule_not_refundable"


@given(
    st.sampled_from([("citizen", "purse"), ("C", "purse"), ("A", "month"), ("A", "season"), ("B", "term")]),
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.dates(dt.date(2009, 1, 1), dt.date(2030, 12, 31)),
    st.integers(-1, 1),
)
def test_the_parts_add_up_and_none_is_negative(area: tuple[str, Any], balance: int, gift: int, on: dt.date, later: int) -> None:
    """For every balance, gift and day; one yuan more on the card never gives back less."""
    period = None if area[1] == "purse" else period_of(area[1], on + dt.timedelta(days=31 * later))

    def terms(amount: int) -> Any:
        return check_refund(RULES, RefundRequest(*area, amount, on, gift, period))

    found = terms(balance)
    parts = (found.returned, found.fee, found.forfeited, found.gift)
    assert sum(parts) == balance
    assert min(parts) >= 0
    assert found.returned * 100 <= 99 * (balance - found.gift)
    assert terms(balance + 100).returned >= found.returned


@pytest.mark.parametrize(
    ("product", "paid", "issued", "back", "returned"),
    [
        ("T", 2000, "2010-01-31", "2010-01-31", 1967),
        ("T", 2000, "2010-01-15", "2010-01-16", 1967),
        ("T", 2000, "2010-01-15", "2010-02-14", 1967),
        ("T", 2000, "2010-01-15", "2010-02-15", 1934),
        ("T", 2000, "2010-01-15", "2015-01-14", 20),
        ("T", 2000, "2010-01-15", "2015-01-15", 0),
        ("T", 2000, "2010-01-15", "2025-01-15", 0),
        ("C", 3000, "2014-05-01", "2019-05-01", 0),
        ("travel", 2000, "2010-01-15", "2010-01-22", 2000),
        ("travel", 2000, "2010-01-15", "2010-01-23", 1967),
    ],
)
def test_what_is_left_of_a_deposit(product: str, paid: int, issued: str, back: str, returned: int) -> None:
    """A part of a month counts as a month; never below nothing."""
    terms = deposit_refund(RULES, product, paid, day(issued), day(back))
    assert (terms.returned, terms.depreciation) == (returned, paid - returned)


def test_deposits_that_make_no_sense() -> None:
    """No deposit for this product; a day before the card was issued."""
    for product, back, code in (("citizen", "2010-01-15", "rule_no_deposit"), ("T", "2010-01-14", "rule_day_before_issue")):
        with pytest.raises(RuleError) as told:
            deposit_refund(RULES, product, 2000, day("2010-01-15"), day(back))
        assert told.value.code == code


@pytest.mark.parametrize(
    ("taken_in", "until"),
    [
        ("2026-11-24", "2026-12-03"),
        ("2026-11-28", "2026-12-08"),
        ("2026-09-18", "2026-09-29"),
        ("2026-09-30", "2026-10-15"),
        ("2027-01-01", "2027-01-12"),
    ],
)
def test_seven_working_days(taken_in: str, until: str) -> None:
    """Weekends, holidays and worked weekends; without a calendar Monday to Friday."""
    assert hold_until(RULES, "unreadable", day(taken_in)) == (day(until), "hold-unreadable")
    with pytest.raises(RuleError) as told:
        hold_until(RULES, "lost interest", day(taken_in))
    assert told.value.code == "rule_no_hold"
