"""Opening an application: whether it may be opened for this person today, for how much, and how long it holds."""

import datetime as dt
from dataclasses import dataclass

from cardsvc.errors import RuleError
from cardsvc.rules.data import NO_AGE
from cardsvc.rules.loading import age, no_rule, refusal
from cardsvc.rules.ruleset import OpenRule, RuleSet
from cardsvc.text import Text

SCHOOL_YEAR = "09-01"
"""The day on which a school year begins."""


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Opening an application. ``product``: the bus product A B C D T, or the tariff class of the others ("1").

    ``holder``: the class of the person, by the papers shown: resident, permit, student... ``body_issued``: of a renewal, the
    day on which it was opened at the first price, if known.
    """

    application: str
    product: str
    birth_date: dt.date
    day: dt.date
    card_expiry: dt.date
    holder: str = "resident"
    body_issued: dt.date | None = None


@dataclass(frozen=True, slots=True)
class OpenTerms:
    """What opening means: the fee in fen, first and last day, day of the next review, whether the application's deposit must be
    held, the rules that decided."""

    fee: int
    valid_from: dt.date
    valid_to: dt.date
    rules: tuple[str, ...]
    sources: tuple[Text, ...]
    version: str
    review: dt.date | None = None
    deposit: bool = False


def check_open(rules: RuleSet, request: OpenRequest) -> OpenTerms:
    """Terms of opening, or RuleError: ``rule_not_offered``, ``rule_age``, ``rule_not_on_sale``, ``rule_holder``,
    ``rule_body_over``."""
    rule = next(
        (
            rule
            for rule in rules.opening
            if rule.application == request.application and request.product in rule.products and rule.holds(request.day)
        ),
        None,
    )
    if rule is None:
        raise no_rule("rule_not_offered", rules, "opening", application=request.application, product=request.product)
    years = age(request.birth_date, request.day)
    if not rule.min_age <= years <= rule.max_age:
        raise refusal("rule_age", rules, rule, ages=_ages(rule))
    if rule.holders and request.holder not in rule.holders:
        raise refusal("rule_holder", rules, rule, holder=request.holder, holders=", ".join(rule.holders))
    start, end, fee = _period(rules, rule, request)
    if rule.body_years and request.body_issued is not None:
        last = _years_later(request.body_issued, rule.body_years)
        if start > last:
            raise refusal("rule_body_over", rules, rule, last=last, years=rule.body_years)
    review = next_review(rule.review_from, request.day) if rule.review_from else None
    if review is not None:
        end = min(end, review - dt.timedelta(days=1))
    deposit = request.holder in rule.deposit_holders
    return OpenTerms(fee, start, end, (rule.id,), (rule.source,), rules.version, review, deposit)


def _ages(rule: OpenRule) -> Text:
    """For which ages, as people say it: what bounds nobody is left out."""
    young, old = rule.max_age < NO_AGE, rule.min_age > 0
    zh = "、".join([*([f"满 {rule.min_age} 岁"] if old else []), *([f"未满 {rule.max_age + 1} 岁"] if young else [])])
    en = " and ".join([*([f"{rule.min_age} or over"] if old else []), *([f"under {rule.max_age + 1}"] if young else [])])
    return Text(zh, en)


def is_opened_anew(rules: RuleSet, renewal: OpenRequest) -> bool:
    """Whether what this renewal asks for can only be had at the first price, for its body is too old."""
    try:
        check_open(rules, renewal)
    except RuleError as refused:
        return refused.code == "rule_body_over"
    return False


def next_review(review_from: str, day: dt.date) -> dt.date:
    """When a review made on this day is due again: on the 1 September after the school year it is for."""
    coming = review_from <= f"{day:%m-%d}" < SCHOOL_YEAR
    year = day.year + 1 if coming or f"{day:%m-%d}" >= SCHOOL_YEAR else day.year
    return dt.date(year, 9, 1)


def _period(rules: RuleSet, rule: OpenRule, request: OpenRequest) -> tuple[dt.date, dt.date, int]:
    """First day, last day and fee. A rule with a sale window sells calendar years ahead (the park pass)."""
    day = request.day
    if rule.sold_from is None or rule.sold_until is None:
        end = _years_later(day, rule.years) if rule.years else request.card_expiry
        return day, min(end, request.card_expiry), rule.fee
    if rule.sold_until < f"{day:%m-%d}" < rule.sold_from:
        raise refusal("rule_not_on_sale", rules, rule, since=rule.sold_from, until=rule.sold_until)
    next_year = f"{day:%m-%d}" >= rule.sold_from
    start = dt.date(day.year + 1, 1, 1) if next_year else day
    half = rule.half_year_from is not None and not next_year and f"{day:%m-%d}" >= rule.half_year_from
    month, last = (int(part) for part in (rule.runs_on_until or "12-31").split("-"))
    end_year = start.year + 1 if rule.runs_on_until else start.year
    return start, dt.date(end_year, month, last), rule.half_year_fee if half else rule.fee


def _years_later(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years) - dt.timedelta(days=1)
    except ValueError:
        return dt.date(day.year + years, 2, 28)
