"""Values that notices and the law of the time give, one a row, where test_rules, test_refunds and test_desk_rules lack them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cardsvc.errors import RuleError
from cardsvc.readers.carry import CarriedOut
from cardsvc.rules import (
    LoadRequest,
    OpenRequest,
    RefundRequest,
    RuleSet,
    check_load,
    check_open,
    check_refund,
    check_spend,
    hold_until,
    load_rule_set,
    parse_rule_set,
    payout_terms,
    rule_text,
)
from cardsvc.rules.desk import Visitor, check_person, loss_lapses
from cardsvc.rules.hall import appraisal_rule, check_appraisal
from cardsvc.service.operations.rule_book import RuleBook
from tests.service.purse.test_areas import local
from tests.world import DESK, FAMILIES, World

RULES = load_rule_set()
DAY = dt.date(2026, 11, 24)


def city(*changes: tuple[str, str]) -> RuleSet:
    """The packaged rules as another city, or another law, would have them."""
    text = rule_text()
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse_rule_set(text)


def told(ask: Callable[[], Any]) -> Any:
    """The answer, or the code of the refusal and, where money would fit, how much."""
    try:
        return ask()
    except RuleError as error:
        return (error.code, error.details["most"]) if "most" in error.details else error.code


class Load(NamedTuple):
    """One value about a load, in yuan. ``expected``: what is credited, or the refusal."""

    product: str
    area: Any
    day: str
    balance: int
    paid: int
    expected: Any
    source: str
    loads_today: int = 0
    channel: str = "desk"


LOADS = [
    Load("T", "month", "2012-05-15", 0, 25, "rule_amount_below_minimum", "T has no area for pupils: 25 buys nothing on it"),
    Load("B", "month", "2012-08-15", 0, 25, "rule_closed_month", "pupils: no month ticket in either summer month"),
    Load("C", "purse", "2012-05-15", 0, 49, "rule_amount_below_minimum", "old-age card: 50 at least"),
    Load("C", "purse", "2012-05-15", 450, 275, ("rule_balance_cap", "50.00"), "at 450 the most that can be paid is 50"),
    Load("D", "purse", "2012-05-15", 0, 49, "rule_amount_below_minimum", "ordinary card: 50 at least"),
    Load("D", "purse", "2012-05-15", 0, 50, 50, "ordinary card: 50 at least"),
    Load("D", "purse", "2012-05-15", 0, 500, 500, "ordinary card: 500 at most"),
    Load("D", "purse", "2012-05-15", 0, 501, "rule_amount_above_maximum", "ordinary card: 500 at most"),
    Load("D", "purse", "2012-05-15", 100, 500, ("rule_balance_cap", "450.00"), "never above 550: at 100 the most is 450"),
    Load("D", "purse", "2012-05-15", 520, 50, ("rule_balance_cap", "0.00"), "never above 550: at 520 nothing"),
    Load("tong", "purse", "2010-06-01", 0, 49, "rule_amount_below_minimum", "T card: 50 at least"),
    Load("tong", "purse", "2010-06-01", 0, 50, 50, "T card: 50 at least"),
    Load("tong", "purse", "2010-06-01", 0, 1000, 1000, "T card: 1000 at most"),
    Load("tong", "purse", "2010-06-01", 0, 1001, "rule_amount_above_maximum", "T card: 1000 at most"),
    Load("tong", "purse", "2010-06-01", 950, 50, 50, "T card: up to 1000 on it"),
    Load("tong", "purse", "2010-06-01", 901, 100, ("rule_balance_cap", "99.00"), "T card: up to 1000 on it"),
    Load("tong", "purse", "2013-12-31", 50, 50, 50, "twice a day before the rule of 2014", loads_today=1),
    Load("tong", "purse", "2014-01-01", 50, 50, "rule_loads_a_day", "once a calendar day by the rule of 2014", loads_today=1),
    *(
        Load(product, "purse", day, 0, 50, expected, "withdrawn products: some channels first, then everywhere", 0, channel)
        for product, credited in (("C", 100), ("D", 50))
        for day, channel, expected in (
            ("2019-07-16", "terminal", credited),
            ("2019-07-17", "terminal", "rule_loading_stopped"),
            ("2019-09-17", "desk", credited),
            ("2019-09-18", "desk", "rule_loading_stopped"),
        )
    ),
]


@pytest.mark.parametrize("row", LOADS, ids=lambda row: f"{row.product}-{row.day}-{row.balance}+{row.paid}-{row.channel}")
def test_loads(row: Load) -> None:
    """Credited, or refused."""
    from tests.rules.test_rules import request

    more: dict[str, Any] = {"loads_today": row.loads_today, "channel": row.channel, "named": row.product != "tong"}
    asked: LoadRequest = request(row.product, row.area, row.paid, row.balance, row.day, **more)
    expected = row.expected * 100 if isinstance(row.expected, int) else row.expected
    assert told(lambda: check_load(RULES, asked).credited) == expected, row.source


@pytest.mark.parametrize(
    ("product", "amount", "expected"),
    [("tong", 55000, ("spend-tong",)), ("tong", 55001, "rule_spend_above_maximum")],
)
def test_the_largest_single_spend_of_a_bearer_card(product: str, amount: int, expected: Any) -> None:
    """550, as of the purse of a citizen card."""
    assert told(lambda: check_spend(RULES, product, amount, DAY)) == expected


HIGHER = (
    ('id = "purse-2009"\nproduct = "citizen"\narea = "purse"\nsince = 2009-01-01\nminimum = 5000\nmaximum = 100000\n'
     'balance_cap = 100000', 'id = "purse-2009"\nproduct = "citizen"\narea = "purse"\nsince = 2009-01-01\nminimum = 5000\n'
     'maximum = 900000\nbalance_cap = 900000'),
    ('minimum = 5000\nmaximum = 100000\nbalance_cap = 100000\nloads_a_day = 1',
     'minimum = 5000\nmaximum = 900000\nbalance_cap = 900000\nloads_a_day = 1'),
)  # fmt: skip


@pytest.mark.parametrize(
    ("product", "named", "balance", "amount", "expected"),
    [
        ("citizen", True, 0, 500000, 500000),
        ("citizen", True, 400000, 100001, ("rule_balance_cap", "1000.00")),
        ("tong", False, 0, 100000, 100000),
        ("tong", False, 0, 100001, ("rule_balance_cap", "1000.00")),
    ],
)
def test_the_law_stands_over_a_rule_that_allows_more(
    product: str, named: bool, balance: int, amount: int, expected: Any
) -> None:
    """A card with a name holds 5000 at most, one without 1000, whatever the city's own rule says."""
    asked = LoadRequest(product, "purse", amount, balance, DAY, 0, "cash", named)
    rules = city(*HIGHER)
    assert told(lambda: check_load(rules, asked).credited) == expected
    if isinstance(expected, tuple):
        with pytest.raises(RuleError) as refused:
            check_load(rules, asked)
        assert refused.value.details["rule"] == "prepaid-2012"


def test_a_bearer_card_is_refunded_by_the_local_rule_and_the_conflict_with_the_law_is_told() -> None:
    """100 gives back 99.00; the rule that says so names the law that says otherwise."""
    terms = check_refund(RULES, RefundRequest("tong", "purse", 10000, DAY))
    rule = RULES.rule(terms.rules[0])
    assert (terms.returned, terms.fee) == (9900, 100)
    assert rule is not None
    assert "owner" in rule.source.en


def park(product: str, day: str, holder: str = "resident") -> OpenRequest:
    """Somebody buys a park pass."""
    return OpenRequest("park", product, dt.date(1980, 1, 1), dt.date.fromisoformat(day), dt.date(2036, 1, 1), holder)


@pytest.mark.parametrize(
    ("asked", "fee", "start", "end"),
    [
        (park("2", "2011-10-31"), 20, "2011-10-31", "2012-01-20"),
        (park("1", "2011-11-15"), 50, "2012-01-01", "2013-01-20"),
        (park("1", "2011-06-30"), 50, "2011-06-30", "2012-01-20"),
        (park("1", "2011-12-31"), 50, "2012-01-01", "2013-01-20"),
        *(
            (park("1", "2010-12-01", holder), 50, "2011-01-01", "2012-01-20")
            for holder in ("permit", "student", "minor", "group")
        ),
    ],
)
def test_the_edges_of_a_park_pass(asked: OpenRequest, fee: int, start: str, end: str) -> None:
    """Sale from 15 November to 31 October, half-year from 1 July; every class of people that may have one."""
    terms = check_open(RULES, asked)
    assert (terms.fee, terms.valid_from.isoformat(), terms.valid_to.isoformat()) == (fee * 100, start, end)


@pytest.mark.parametrize(("day", "expected"), [("2011-11-01", "rule_not_on_sale"), ("2011-11-14", "rule_not_on_sale")])
def test_no_renewal_between_two_sales(day: str, expected: str) -> None:
    """1 to 14 November."""
    assert told(lambda: check_open(RULES, park("2", day))) == expected


def opened(world: World, card: Any, product: str) -> Any:
    """First and last day and fee of a pass, or why it is refused."""
    try:
        done = world.do(card, "open", DESK, application="park", product=product)
    except CarriedOut as ended:
        return (ended.reply.problem or {})["code"]
    return done["valid_from"], done["valid_to"], done["terms"]["fee"]


def test_a_pass_is_renewed_while_last_years_runs_on(world: World) -> None:
    """From 15 November on, 40 yuan, once for a year, without a day between; when the old one is over too, for three years."""
    card = world.issue(FAMILIES[0])
    assert opened(world, card, "1") == ("2027-01-01", "2028-01-20", 5000)
    assert opened(world, card, "1") == "application_already_open"
    assert opened(world, card, "2") == "application_already_open"
    world.now = local(2027, 8, 1, 9, 0)
    assert opened(world, card, "2") == "application_already_open"
    world.now = local(2027, 11, 14, 9, 0)
    assert opened(world, card, "2") == "rule_not_on_sale"
    world.now = local(2027, 11, 15, 9, 0)
    assert opened(world, card, "1") == "application_already_open"
    assert opened(world, card, "2") == ("2027-01-01", "2029-01-20", 4000)
    assert opened(world, card, "2") == "application_already_open"
    world.now = local(2029, 7, 1, 9, 0)
    assert opened(world, card, "1") == "application_already_open"
    assert opened(world, card, "2") == ("2029-07-01", "2030-01-20", 2000)
    world.now = local(2029, 11, 15, 9, 0)
    assert opened(world, card, "2") == "rule_body_over"
    assert opened(world, card, "1") == ("2029-07-01", "2031-01-20", 5000), "its 10 yuan are the body's"
    world.now = local(2030, 11, 15, 9, 0)
    assert opened(world, card, "2") == ("2029-07-01", "2032-01-20", 4000)


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2011-11-15", 4000), ("2012-11-15", 4000), ("2013-07-01", 2000), ("2013-10-31", 2000), ("2013-11-15", "rule_body_over")],
)
def test_a_park_pass_has_a_body_of_three_years(day: str, expected: Any) -> None:
    """Issued on 2010-12-01: what begins by 2013-11-30 is a renewal, 2014 is opened anew; another city may say otherwise."""
    asked = replace(park("2", day), body_issued=dt.date(2010, 12, 1))
    assert told(lambda: check_open(RULES, asked).fee) == expected
    assert told(lambda: check_open(city(("body_years = 3\n", "")), asked).fee) in (2000, 4000)


@pytest.mark.parametrize(
    ("who", "expected"),
    [
        (Visitor(dt.date(2012, 11, 24), parent=True), ("person-apply",)),
        (Visitor(dt.date(2012, 11, 25), parent=True), "rule_consent_needed"),
        (Visitor(dt.date(2010, 11, 24)), ("person-apply",)),
        (Visitor(dt.date(2010, 11, 25)), "rule_parent_needed"),
    ],
)
def test_the_days_on_which_somebody_becomes_fourteen_and_sixteen(who: Visitor, expected: Any) -> None:
    """Under 14 a guardian's consent is kept, under 16 a parent comes."""
    assert told(lambda: check_person(RULES, "apply", who, DAY)) == expected


def test_another_city_has_its_own_days() -> None:
    """15 working days for an unreadable card, 72 hours for a report by phone: data, no code."""
    hold = 'reason = "unreadable"\nsince = 2009-01-01\nworking_days = '
    rules = city((f"{hold}7", f"{hold}15"), ("lapses_after_hours = 360", "lapses_after_hours = 72"))
    at = dt.datetime.fromisoformat("2026-11-24T09:30")
    assert hold_until(rules, "unreadable", DAY)[0] == dt.date(2026, 12, 15)
    assert loss_lapses(rules, "citizen", "phone", at)[0] == dt.datetime.fromisoformat("2026-11-27T09:30")


def test_held_money_is_paid_back_after_its_days_by_two_people_from_an_amount_on() -> None:
    """Seven working days as for an unreadable card, 200 yuan, no fee; another city keeps 1 percent, rounded up."""
    terms = payout_terms(city(), "held", DAY, DAY)
    assert (terms.due, terms.approve_from, terms.fee(9999)) == (hold_until(city(), "unreadable", DAY)[0], 20000, 0)
    assert payout_terms(city(("fee_percent = 0", "fee_percent = 1")), "held", DAY, DAY).fee(9999) == 100
    with pytest.raises(RuleError, match="rule_no_payout"):
        payout_terms(city(), "held", DAY, dt.date(2008, 12, 31))


@pytest.mark.parametrize(
    ("level", "reason", "expected"),
    [
        (5, None, None),
        (3, None, None),
        (2, None, "rule_appraisal_reason"),
        (2, "because", "rule_appraisal_reason"),
        (2, "slow", dt.date(2026, 12, 1)),
        (1, "other", dt.date(2026, 12, 1)),
        (0, "slow", "rule_appraisal_level"),
        (6, None, "rule_appraisal_level"),
    ],
)
def test_appraisals(level: int, reason: str | None, expected: Any) -> None:
    """Five levels; the two bad ones have a reason and are called back within five working days."""
    assert len(appraisal_rule(RULES, DAY).levels) == 5
    assert told(lambda: check_appraisal(RULES, level, reason, DAY)) == expected


def test_once_a_calendar_day_is_counted_from_midnight_in_hangzhou(tmp_path: Path) -> None:
    """By the loads of the purse, whichever terminal made them; the first minute of the next day is another day."""
    world = World(tmp_path / "city.db", local(2026, 11, 24, 0, 0, 1))
    once = ("balance_cap = 100000\nrefused_methods", "balance_cap = 100000\nloads_a_day = 1\nrefused_methods")
    text = rule_text().replace(*once, 1)
    world.engine = replace_rules(world, parse_rule_set(text))
    card = world.issue(FAMILIES[0])

    def code() -> Any:
        with pytest.raises(CarriedOut) as refused:
            world.topup(card, actor=DESK)
        return (refused.value.reply.problem or {})["code"]

    world.topup(card)
    world.now = local(2026, 11, 24, 23, 59, 59)
    assert code() == "rule_loads_a_day"
    world.now = local(2026, 11, 25, 0, 0)
    assert world.topup(card)["balance"] == 10000
    assert code() == "rule_loads_a_day"
    world.close()


def replace_rules(world: World, rules: RuleSet) -> Any:
    """The engine under other rules."""
    return replace(world.engine, rules=RuleBook(rules))
