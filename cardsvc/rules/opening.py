"""Opening an application: whether it may be opened for this person today, for how much, and how long it holds."""

import datetime as dt
from dataclasses import dataclass

from cardsvc.errors import RuleError
from cardsvc.rules.loading import age
from cardsvc.rules.ruleset import OpenRule, RuleSet


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """Opening an application. ``product``: the bus product A B C D T, or the tariff class of the others ("1")."""

    application: str
    product: str
    birth_date: dt.date
    day: dt.date
    card_expiry: dt.date


@dataclass(frozen=True, slots=True)
class OpenTerms:
    """What opening means: fee and deposit in fen, first and last day, and the rules that decided."""

    fee: int
    deposit: int
    valid_from: dt.date
    valid_to: dt.date
    rules: tuple[str, ...]
    version: str


def check_open(rules: RuleSet, request: OpenRequest) -> OpenTerms:
    """Terms of opening, or RuleError: ``rule_not_offered``, ``rule_age``, ``rule_not_on_sale``."""
    rule = next(
        (
            rule
            for rule in rules.opening
            if rule.application == request.application and request.product in rule.products and rule.holds(request.day)
        ),
        None,
    )
    if rule is None:
        raise RuleError("rule_not_offered", application=request.application, product=request.product, version=rules.version)
    years = age(request.birth_date, request.day)
    if not rule.min_age <= years <= rule.max_age:
        raise RuleError(
            "rule_age", low=rule.min_age, high=rule.max_age, rule=rule.id, version=rules.version, source=rule.source
        )
    start, end, fee = _period(rules, rule, request)
    return OpenTerms(fee, rule.deposit, start, end, (rule.id,), rules.version)


def _period(rules: RuleSet, rule: OpenRule, request: OpenRequest) -> tuple[dt.date, dt.date, int]:
    """First day, last day and fee. A rule with a sale window sells calendar years ahead (the park pass)."""
    day = request.day
    if rule.sold_from is None or rule.sold_until is None:
        end = _years_later(day, rule.years) if rule.years else request.card_expiry
        return day, min(end, request.card_expiry), rule.fee
    if rule.sold_until < f"{day:%m-%d}" < rule.sold_from:
        raise RuleError(
            "rule_not_on_sale",
            since=rule.sold_from,
            until=rule.sold_until,
            rule=rule.id,
            version=rules.version,
            source=rule.source,
        )
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
