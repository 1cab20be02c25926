"""The city's rules: the values that notices of the time give, and what must hold for every amount."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardsvc.errors import RuleError
from cardsvc.rules import LoadRequest, OpenRequest, check_load, check_open, check_spend, load_rule_set

RULES = load_rule_set()
PACKAGED = Path(__file__).parent.parent.parent / "cardsvc" / "rules" / "hangzhou.toml"


def request(product: str, area: Any, amount: int, balance: int = 0, day: str = "2012-05-15", **given: Any) -> LoadRequest:
    """A top-up in yuan."""
    plain: dict[str, Any] = {"loads_today": 0, "method": "cash", "named": True}
    return LoadRequest(product, area, amount * 100, balance * 100, dt.date.fromisoformat(day), **(plain | given))


@pytest.mark.parametrize(
    ("asked", "credited"),
    [
        (request("citizen", "purse", 50), 50),
        (request("citizen", "purse", 1000), 1000),
        (request("citizen", "purse", 900, 100), 900),
        (request("A", "month", 50), 50),
        (request("A", "month", 55), 55),
        (request("A", "season", 150), 150),
        (request("B", "month", 25, birth_date=dt.date(2000, 1, 1)), 25),
        (request("B", "month", 28, birth_date=dt.date(2000, 1, 1)), 28),
        (request("B", "term", 150, birth_date=dt.date(2000, 1, 1)), 150),
        (request("C", "purse", 50), 100),
        (request("C", "purse", 50, 450), 100),
        (request("C", "purse", 50, day="2011-02-28"), 60),
        (request("C", "purse", 50, day="2011-03-01"), 100),
        (request("D", "purse", 450, 100), 450),
        (request("tong", "purse", 50, day="2014-06-01"), 50),
    ],
)
def test_what_is_allowed(asked: LoadRequest, credited: int) -> None:
    """Accepted, with the gift, and with the rule that allowed it."""
    decision = check_load(RULES, asked)
    assert decision.credited == credited * 100
    assert decision.rules


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (request("citizen", "purse", 49), "rule_amount_below_minimum"),
        (request("citizen", "purse", 1001), "rule_amount_above_maximum"),
        (request("citizen", "purse", 901, 100), "rule_balance_cap"),
        (request("citizen", "purse", 100, method="credit_card"), "rule_payment_method"),
        (request("citizen", "month", 50), "rule_area_not_loadable"),
        (request("A", "month", 45), "rule_amount_below_minimum"),
        (request("A", "month", 52), "rule_amount_not_a_step"),
        (request("A", "month", 50, day="2019-09-18"), "rule_loading_stopped"),
        (request("B", "month", 27, birth_date=dt.date(2000, 1, 1)), "rule_amount_not_a_step"),
        (request("B", "month", 25, birth_date=dt.date(2000, 1, 1), day="2012-07-15"), "rule_closed_month"),
        (request("B", "month", 25, birth_date=dt.date(1994, 5, 15)), "rule_too_old"),
        (request("B", "month", 25), "rule_too_old"),
        (request("C", "purse", 51, 450), "rule_balance_cap"),
        (request("D", "purse", 451, 100), "rule_balance_cap"),
        (request("D", "purse", 50, 520), "rule_balance_cap"),
        (request("tong", "purse", 50, day="2014-06-01", loads_today=1), "rule_loads_a_day"),
        (request("Z", "purse", 50), "rule_area_not_loadable"),
    ],
)
def test_what_is_refused(asked: LoadRequest, code: str) -> None:
    """With the reason and what would be accepted."""
    with pytest.raises(RuleError) as told:
        check_load(RULES, asked)
    assert told.value.code == code
    assert RULES.version in told.value.message("en") + str(told.value.details.get("version"))


@pytest.mark.parametrize(("balance", "most"), [(450, "50.00"), (500, "0.00"), (100, "225.00")])
def test_a_refusal_by_the_cap_says_how_much_can_be_paid(balance: int, most: str) -> None:
    """C card: pay 50, get 100, never above 550."""
    with pytest.raises(RuleError) as told:
        check_load(RULES, request("C", "purse", 275, balance))
    assert told.value.details["most"] == most


@given(
    st.sampled_from(RULES.load),
    st.integers(1, 2 * 10**5),
    st.integers(0, 10**5),
    st.dates(dt.date(2010, 1, 1), dt.date(2030, 1, 1)),
)
def test_nothing_is_accepted_above_a_cap_or_without_a_rule(rule: Any, amount: int, balance: int, day: dt.date) -> None:
    """For every product, amount, balance and day."""
    asked = LoadRequest(
        rule.product, rule.area, amount, balance, day, 0, "cash", True, birth_date=day - dt.timedelta(days=3650)
    )
    try:
        decision = check_load(RULES, asked)
    except RuleError as error:
        assume(error.code != "rules_invalid")
        assert error.message("zh")
        assert "?" not in error.what.en
        return
    used = next(r for r in RULES.load if r.id == decision.rules[0])
    assert used.holds(day)
    assert balance + decision.credited <= used.balance_cap
    assert decision.credited >= amount


def opening(application: str, product: str, day: str, born: str = "1980-01-01") -> OpenRequest:
    """Somebody opens an application."""
    return OpenRequest(application, product, dt.date.fromisoformat(born), dt.date.fromisoformat(day), dt.date(2036, 11, 24))


@pytest.mark.parametrize(
    ("asked", "fee", "start", "end"),
    [
        (opening("park", "1", "2010-12-01"), 50, "2011-01-01", "2012-01-20"),
        (opening("park", "2", "2010-12-01"), 40, "2011-01-01", "2012-01-20"),
        (opening("park", "1", "2011-03-01"), 50, "2011-03-01", "2012-01-20"),
        (opening("park", "1", "2011-07-01"), 30, "2011-07-01", "2012-01-20"),
        (opening("park", "2", "2011-07-01"), 20, "2011-07-01", "2012-01-20"),
        (opening("bus", "T", "2026-11-24"), 0, "2026-11-24", "2036-11-24"),
        (opening("bus", "B", "2026-09-01", "2015-01-01"), 0, "2026-09-01", "2027-08-31"),
        (opening("library", "1", "2026-11-24"), 0, "2026-11-24", "2036-11-24"),
    ],
)
def test_terms_of_opening(asked: OpenRequest, fee: int, start: str, end: str) -> None:
    """Fee by date, validity with the run-on to 20 January."""
    terms = check_open(RULES, asked)
    assert (terms.fee, terms.valid_from.isoformat(), terms.valid_to.isoformat()) == (fee * 100, start, end)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (opening("park", "1", "2011-11-01"), "rule_not_on_sale"),
        (opening("park", "1", "2011-11-14"), "rule_not_on_sale"),
        (opening("bus", "A", "2020-01-01"), "rule_not_offered"),
        (opening("bus", "B", "2026-09-01"), "rule_age"),
        (opening("bus", "C", "2026-09-01"), "rule_age"),
    ],
)
def test_what_cannot_be_opened(asked: OpenRequest, code: str) -> None:
    """Out of season, withdrawn, or for other people."""
    with pytest.raises(RuleError) as told:
        check_open(RULES, asked)
    assert told.value.code == code


def test_the_largest_single_spend() -> None:
    """550 yuan."""
    assert check_spend(RULES, "citizen", 55000, dt.date(2026, 11, 24))
    with pytest.raises(RuleError):
        check_spend(RULES, "citizen", 55001, dt.date(2026, 11, 24))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "tong-2014"\nproduct = "tong"', 'id = "tong-2014"\nproduct = "citizen"', "purse-2009 and tong-2014"),
        ("loads_a_day = 1", "loads_a_day = 1\ncolour = 5", "colour"),
        (
            "minimum = 5000\nmaximum = 100000\nbalance_cap = 100000\nloads",
            "minimum = 5000\nmaximum = 200000\nbalance_cap = 100000\nloads",
            "tong-2014",
        ),
    ],
)
def test_rules_that_contradict_each_other_are_refused(tmp_path: Path, old: str, new: str, named: str) -> None:
    """At load, naming both."""
    text = PACKAGED.read_text("utf-8")
    assert old in text
    (tmp_path / "rules.toml").write_text(text.replace(old, new), "utf-8")
    with pytest.raises(RuleError) as told:
        load_rule_set(tmp_path / "rules.toml")
    assert told.value.code == "rules_invalid"
    assert named in told.value.message("en")
