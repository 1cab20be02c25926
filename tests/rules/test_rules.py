"""The city's rules: the values that notices of the time give, and what must hold for every amount."""

import datetime as dt
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cardsvc.card.periods import parse_month, period_of
from cardsvc.errors import RuleError
from cardsvc.rules import (
    LoadRequest,
    OpenRequest,
    Payable,
    check_load,
    check_open,
    check_spend,
    checked_rule_set,
    load_rule_set,
    parse_rule_set,
    payable,
    rule_text,
)
from cardsvc.text import Text
from cardsvc.units import parse_yuan

RULES = load_rule_set()
PACKAGED = Path(__file__).parent.parent.parent / "cardsvc" / "rules" / "hangzhou.toml"


def request(product: str, area: Any, amount: int, balance: int = 0, day: str = "2012-05-15", **given: Any) -> LoadRequest:
    """A top-up in yuan."""
    plain: dict[str, Any] = {"loads_today": 0, "method": "cash", "named": True}
    if product == "B":
        plain |= {"birth_date": dt.date(2000, 1, 1), "review_due": dt.date(2012, 9, 1)}
    if area != "purse":
        given["period"] = period_of(area, parse_month(given.pop("month", day[:7])))
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
        (request("A", "month", 5, first_load=False), 5),
        (request("A", "month", 10, 50, first_load=False), 10),
        (request("A", "month", 50, month="2012-06"), 50),
        (request("A", "month", 50, day="2012-05-01", month="2012-06"), 50),
        (request("A", "season", 5, first_load=False), 5),
        (request("A", "season", 150, day="2012-06-01", month="2012-07"), 150),
        (request("T", "month", 50, month="2012-06"), 50),
        (request("B", "month", 25), 25),
        (request("B", "month", 28), 28),
        (request("B", "month", 3, 25, first_load=False), 3),
        (request("B", "month", 25, birth_date=dt.date(1994, 5, 16)), 25),
        (request("B", "month", 25, day="2012-08-20", month="2012-09", review_due=dt.date(2013, 9, 1)), 25),
        (request("B", "term", 150), 150),
        (request("B", "term", 3, 150, first_load=False), 3),
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
    assert decision.paid + decision.gift == decision.credited
    assert (decision.paid, decision.version) == (asked.amount, RULES.version)
    assert decision.sources == tuple(rule.source for rule in map(RULES.rule, decision.rules) if rule)
    assert decision.valid_from == max(asked.day, asked.period.first if asked.period else asked.day)
    assert decision.expires == (asked.period.end if asked.period else None)


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
        (request("A", "month", 5), "rule_amount_below_minimum"),
        (request("A", "month", 4, first_load=False), "rule_amount_below_minimum"),
        (request("A", "month", 7, first_load=False), "rule_amount_not_a_step"),
        (request("A", "season", 149), "rule_amount_below_minimum"),
        (request("A", "month", 50, month="2012-07"), "rule_month_too_early"),
        (request("A", "month", 50, day="2012-05-31", month="2012-07"), "rule_month_too_early"),
        (request("A", "month", 50, month="2012-04"), "rule_month_over"),
        (request("A", "season", 150, day="2012-05-31", month="2012-07"), "rule_month_too_early"),
        (request("A", "month", 50, day="2019-09-18"), "rule_loading_stopped"),
        (request("A", "month", 50, day="2019-07-17", channel="terminal"), "rule_loading_stopped"),
        (request("T", "term", 150), "rule_area_not_loadable"),
        (request("B", "month", 27), "rule_amount_not_a_step"),
        (request("B", "month", 24), "rule_amount_below_minimum"),
        (request("B", "term", 149), "rule_amount_below_minimum"),
        (request("B", "month", 25, day="2012-07-15"), "rule_closed_month"),
        (request("B", "month", 25, day="2012-06-15", month="2012-07"), "rule_closed_month"),
        (request("B", "term", 150, day="2012-08-15"), "rule_closed_month"),
        (request("B", "month", 25, birth_date=dt.date(1994, 5, 15)), "rule_too_old"),
        (request("B", "month", 25, birth_date=None), "rule_too_old"),
        (request("B", "month", 25, review_due=None), "rule_review_due"),
        (request("B", "month", 25, day="2012-08-20", month="2012-09"), "rule_review_due"),
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
    named = told.value.details["rule"]
    assert (told.value.details["version"], named in told.value.message("zh")) == (RULES.version, False), "beside the words"
    rule = RULES.rule(named)
    assert told.value.details["source"].en == (rule.source.en if rule else f"hangzhou {RULES.version}")


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
    asked = any_load(rule, amount, balance, day)
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


def any_load(rule: Any, amount: int, balance: int, day: dt.date, *, first: bool = True) -> LoadRequest:
    """A load of a ten-year-old by one rule's product and area, for the period of its day."""
    period = None if rule.area == "purse" else period_of(rule.area, day)
    born, due = day - dt.timedelta(days=3650), day + dt.timedelta(days=365)
    return LoadRequest(
        rule.product,
        rule.area,
        amount,
        balance,
        day,
        0,
        "cash",
        True,
        birth_date=born,
        period=period,
        first_load=first,
        review_due=due,
    )


@given(st.data())
def test_what_a_refusal_says_can_be_paid_is_accepted_and_one_step_more_is_not(data: st.DataObject) -> None:
    """For every product, on days of its life: a load that is above the cap by anything from one fen."""
    rule = data.draw(st.sampled_from(RULES.load))
    first = data.draw(st.booleans(), "first")
    lowest = rule.lowest(first=first)
    amount = lowest + rule.step * data.draw(st.integers(0, (rule.maximum - lowest) // rule.step), "steps")
    balance = rule.balance_cap - rule.credited(amount) + data.draw(st.integers(1, rule.credited(amount)), "above")
    days = (rule.until - rule.since).days if rule.until else 3000
    day = rule.since + dt.timedelta(days=data.draw(st.integers(0, days), "day"))
    assume(day.month not in rule.closed_months)

    def load(paid: int) -> LoadRequest:
        return any_load(rule, paid, balance, day, first=first)

    error = error_of(RULES, load(amount))
    assert error.code == "rule_balance_cap"
    most = int(parse_yuan(error.details["most"])) if error.details["most"] != "0.00" else 0
    if most:
        assert check_load(RULES, load(most)).paid == most
    over = error_of(RULES, load(most + rule.step if most else rule.lowest(first=first)))
    assert over.code in ("rule_balance_cap", "rule_amount_above_maximum")


def error_of(rules: Any, asked: LoadRequest) -> RuleError:
    """How a load is refused."""
    with pytest.raises(RuleError) as told:
        check_load(rules, asked)
    return told.value


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
        (opening("bus", "B", "2026-06-30", "2015-01-01"), 0, "2026-06-30", "2026-08-31"),
        (opening("bus", "B", "2026-07-01", "2015-01-01"), 0, "2026-07-01", "2027-08-31"),
        (opening("bus", "B", "2027-01-15", "2015-01-01"), 0, "2027-01-15", "2027-08-31"),
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


def test_an_age_is_told_as_people_say_it() -> None:
    """Not as a range from 0 or to 150."""
    for product, words in (("B", "未满 18 岁"), ("C", "满 60 岁")):
        with pytest.raises(RuleError) as told:
            check_open(RULES, opening("bus", product, "2026-09-01"))
        assert told.value.what.zh == f"持卡人须{words}"


def test_the_park_pass_is_for_people_of_the_city() -> None:
    """Residents, permit holders, pupils, minors and groups: by the papers shown."""
    visitor = replace(opening("park", "1", "2010-12-01"), holder="visitor")
    with pytest.raises(RuleError) as told:
        check_open(RULES, visitor)
    assert (told.value.code, told.value.details["rule"]) == ("rule_holder", "open-park-2009")
    assert check_open(RULES, replace(visitor, holder="permit")).fee == 5000


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (request("citizen", "purse", 0, day="2026-11-24"), Payable(5000, 100000, 1, None)),
        (request("citizen", "purse", 0, 100, day="2026-11-24"), Payable(5000, 90000, 1, None)),
        (request("citizen", "purse", 0, 970, day="2026-11-24"), "rule_balance_cap"),
        (request("T", "month", 0), Payable(5000, 50000, 500, None)),
        (request("T", "month", 0, 400, first_load=False), Payable(500, 10000, 500, None)),
        (request("C", "purse", 0, 450), Payable(5000, 5000, 1, None)),
        (request("D", "purse", 0, 520), "rule_balance_cap"),
        (request("B", "month", 0, day="2012-07-15"), "rule_closed_month"),
        (request("tong", "purse", 0, day="2014-05-01", named=False), Payable(5000, 100000, 1, 1)),
        (request("tong", "purse", 0, day="2014-05-01", named=False, loads_today=1), "rule_loads_a_day"),
        (request("nothing", "purse", 0), "rule_area_not_loadable"),
    ],
)
def test_what_the_desk_says_before_it_takes_the_money(asked: LoadRequest, expected: Any) -> None:
    """Purse from 50 to 1000 with 1000 on it at most, C twice what is paid, D up to 550, once a day; or why nothing."""
    if isinstance(expected, str):
        with pytest.raises(RuleError) as told:
            payable(RULES, asked)
        assert told.value.code == expected
        return
    assert payable(RULES, asked) == expected
    assert check_load(RULES, replace(asked, amount=expected.least)).paid == expected.least
    assert check_load(RULES, replace(asked, amount=expected.most)).paid == expected.most
    with pytest.raises(RuleError):
        check_load(RULES, replace(asked, amount=expected.most + expected.step))


def test_the_largest_single_spend() -> None:
    """550 yuan."""
    assert check_spend(RULES, "citizen", 55000, dt.date(2026, 11, 24))
    with pytest.raises(RuleError):
        check_spend(RULES, "citizen", 55001, dt.date(2026, 11, 24))


def line_of(text: str, rule_id: str) -> int:
    """The line of the header above a rule's id."""
    lines = text.splitlines()
    place = lines.index(f'id = "{rule_id}"')
    return max(number for number, line in enumerate(lines[:place], start=1) if line.startswith("[["))


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('id = "tong-2014"\nproduct = "tong"', 'id = "tong-2014"\nproduct = "citizen"', ("purse-2009", "tong-2014")),
        ("loads_a_day = 1", "loads_a_day = 1\ncolour = 5", ("tong-2014",)),
        ("minimum = 5000\nmaximum = 100000\nbalance_cap = 100000\nloads", "minimum = 0\nmaximum = 1\nloads", ("tong-2014",)),
        ("until = 2011-02-28", "until = 2011-03-01", ("bus-c-2010", "bus-c-2011")),
        ("until = 2011-02-28", "until = 2009-02-28", ("bus-c-2010",)),
        ("until = 2012-11-14", "until = 2012-11-15", ("open-park-2009", "open-park-2012")),
    ],
)
def test_rules_that_contradict_each_other_are_refused(tmp_path: Path, old: str, new: str, named: tuple[str, ...]) -> None:
    """At load, naming the lines of all that are concerned."""
    text = PACKAGED.read_text("utf-8")
    assert text.count(old) == 1
    changed = text.replace(old, new)
    (tmp_path / "rules.toml").write_text(changed, "utf-8")
    with pytest.raises(RuleError) as told:
        load_rule_set(tmp_path / "rules.toml")
    assert told.value.code == "rules_invalid"
    for rule_id in named:
        assert f"line {line_of(changed, rule_id)}" in told.value.message("en")
        assert f"第 {line_of(changed, rule_id)} 行" in told.value.message("zh")


def test_two_rules_of_one_name_are_refused() -> None:
    """An id must lead to one rule: both lines are told."""
    text = PACKAGED.read_text("utf-8").replace('id = "bus-d"', 'id = "bus-a-month"')
    places = [n for n, line in enumerate(text.splitlines(), start=1) if line == 'id = "bus-a-month"']
    with pytest.raises(RuleError) as told:
        parse_rule_set(text)
    assert f"line {places[0] - 1} and line {places[1] - 1}: two rules are called bus-a-month" in told.value.message("en")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "city = 5",
        "[[load]\n",
        "a = " + "[" * 20000,
        'city = "x"\nversion = "1"\nload = [{}]\nspend = []\nlegal_cap = []\nopening = []',
        'city = "x"\nversion = "1"\nload = []\nspend = []\nlegal_cap = []\nopening = []',
        "x" * 1_000_001,
        "\x00",
    ],
)
def test_a_file_that_is_no_rule_set_is_refused(text: str) -> None:
    """By what is wrong with it; never with a stack trace."""
    with pytest.raises(RuleError) as told:
        parse_rule_set(text)
    assert told.value.code == "rules_invalid"
    assert told.value.details["reason"]


@given(st.sampled_from(RULES.load), st.dates(dt.date(2006, 1, 1), dt.date(2040, 1, 1)))
def test_on_no_day_do_two_load_rules_hold_for_the_same(rule: Any, day: dt.date) -> None:
    """Each product and area has at most one, so the order in the file means nothing."""
    assert sum(r.holds(day) and (r.product, r.area) == (rule.product, rule.area) for r in RULES.load) <= 1


def test_every_source_is_told_in_both_languages() -> None:
    """With the same letter of reliability; a rule set from before there were two says the same in both."""
    for _table, _place, rule in RULES.every():
        assert rule.source.zh[0] == rule.source.en[0] in "ABCK", rule.id
        assert re.search(r"[一-鿿]", rule.source.zh), rule.id
        assert not re.search(r"[一-鿿]", rule.source.en), rule.id
    text = PACKAGED.read_text("utf-8")
    older = parse_rule_set(re.sub(r'source\.zh = .*\nsource\.en = (".*")', r"source = \1", text))
    assert older.load[0].source == Text(RULES.load[0].source.en, RULES.load[0].source.en)


def test_every_pair_of_rules_that_contradict_each_other_is_named() -> None:
    """One that never ends stands against each that comes after it, not only against the next."""
    spend = '\n[[spend]]\nid = "{}"\nproduct = "zz"\nmaximum = 1\nsince = {}\n{}source.zh = "K"\nsource.en = "K"\n'
    more = (("zz-ever", "2009-01-01", ""), ("zz-once", "2010-01-01", "until = 2010-12-31\n"), ("zz-new", "2012-01-01", ""))
    text = PACKAGED.read_text("utf-8") + "".join(spend.format(*rule) for rule in more)
    with pytest.raises(RuleError) as told:
        parse_rule_set(text)
    ever, once, new = (line_of(text, rule_id) for rule_id, _since, _until in more)
    for other in (once, new):
        assert f"line {ever} and line {other}: " in told.value.message("en")
    assert f"line {once} and line {new}" not in told.value.message("en")


@pytest.mark.parametrize(
    ("rule_id", "old", "new"),
    [
        ("tong-2014", "balance_cap = 100000\n", f"balance_cap = {10**20}\n"),
        ("bus-c-2011", "gift_percent = 100\n", "gift_percent = 100000000\n"),
        ("prepaid-2012", "named = 500000\n", f"named = {10**9}\n"),
        ("open-park-2012", "fee = 5000\n", f"fee = {10**12}\n"),
        ("deposit-t", "amount = 2000\n", f"amount = {10**20}\n"),
        ("deposit-t", "monthly = 33\n", f"monthly = {10**20}\n"),
        ("hold-unreadable", "working_days = 7\n", "working_days = 1000000000\n"),
        ("bus-b-month", "max_age = 18\n", "max_age = 1000\n"),
        ("refund-month", "[10, 50]", "[10, 500]"),
        ("refund-month", "[10, 50]", "[40, 50]"),
    ],
)
def test_numbers_that_no_rule_can_mean_are_refused_by_their_line(rule_id: str, old: str, new: str) -> None:
    """More fen than a card's purse can hold, more days than dates have, more given back than there is."""
    text = PACKAGED.read_text("utf-8")
    start = text.index(f'id = "{rule_id}"')
    place = text.index(old, start)
    assert "[[" not in text[start:place]
    changed = text[:place] + new + text[place + len(old) :]
    with pytest.raises(RuleError) as told:
        parse_rule_set(changed)
    assert told.value.code == "rules_invalid"
    assert f"line {line_of(changed, rule_id)}: " in told.value.message("en")


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('product = "citizen"\narea', 'product = "citzen"\narea'),
        ('product = "T"\narea', 'product = "TT"\narea'),
        ('products = ["A"]', 'products = ["AA"]'),
        ('becomes = "T"', 'becomes = "tt"'),
    ],
)
def test_a_misspelt_product_is_named_before_the_rules_come_in(right: str, wrong: str) -> None:
    """With its line, its rule and the name that was meant; a rule set that is in force keeps what it has."""
    text = rule_text()
    assert right in text
    assert checked_rule_set(text).version == load_rule_set().version
    broken = text.replace(right, wrong, 1)
    name = wrong.split('"')[1]
    with pytest.raises(RuleError, match=rf"line \d+: \S+: no card and no application is of the product {name}; is it "):
        checked_rule_set(broken)
    assert parse_rule_set(broken).version == load_rule_set().version
