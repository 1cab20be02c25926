"""May this amount be loaded, or spent? The answer names the rule; a refusal says what would be accepted."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import RuleError
from cardsvc.rules.ruleset import Area, LoadRule, Method, RuleSet
from cardsvc.units import format_yuan


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """A top-up as the rules see it. ``balance`` in fen as the card shows it; ``day`` local; ``birth_date`` if known."""

    product: str
    area: Area
    amount: int
    balance: int
    day: dt.date
    loads_today: int
    method: Method
    named: bool
    channel: str = "desk"
    birth_date: dt.date | None = None


@dataclass(frozen=True, slots=True)
class LoadDecision:
    """An accepted top-up: what is credited (a gift included) and the rules that allowed it."""

    credited: int
    rules: tuple[str, ...]
    version: str


def check_load(rules: RuleSet, request: LoadRequest) -> LoadDecision:
    """Accept a top-up or raise RuleError with the reason."""
    rule = _rule(rules, request)
    _check_stop(rules, request)
    _check_person_and_season(rules, rule, request)
    if request.amount < rule.minimum:
        raise _refusal("rule_amount_below_minimum", rules, rule, limit=rule.minimum)
    if request.amount > rule.maximum:
        raise _refusal("rule_amount_above_maximum", rules, rule, limit=rule.maximum)
    if (request.amount - rule.minimum) % rule.step:
        raise _refusal("rule_amount_not_a_step", rules, rule, limit=rule.minimum, step=format_yuan(rule.step))
    if rule.loads_a_day is not None and request.loads_today >= rule.loads_a_day:
        raise _refusal("rule_loads_a_day", rules, rule, times=rule.loads_a_day)
    if request.method in rule.refused_methods:
        raise _refusal("rule_payment_method", rules, rule, method=request.method)
    return _capped(rules, rule, request)


def _rule(rules: RuleSet, request: LoadRequest) -> LoadRule:
    for rule in rules.load:
        if rule.product == request.product and rule.area == request.area and rule.holds(request.day):
            return rule
    raise RuleError("rule_area_not_loadable", product=request.product, area=request.area, version=rules.version)


def _check_stop(rules: RuleSet, request: LoadRequest) -> None:
    for stop in rules.stop:
        if stop.product == request.product and stop.channel in ("any", request.channel) and stop.holds(request.day):
            raise RuleError("rule_loading_stopped", product=stop.product, since=stop.since, rule=stop.id, version=rules.version)


def _check_person_and_season(rules: RuleSet, rule: LoadRule, request: LoadRequest) -> None:
    if request.day.month in rule.closed_months:
        raise _refusal("rule_closed_month", rules, rule, month=request.day.month)
    if rule.max_age is not None and (request.birth_date is None or age(request.birth_date, request.day) >= rule.max_age):
        raise _refusal("rule_too_old", rules, rule, age=rule.max_age)


def _capped(rules: RuleSet, rule: LoadRule, request: LoadRequest) -> LoadDecision:
    """The balance cap counts the gift; the legal cap stands over every rule."""
    legal = next(cap for cap in rules.legal_cap if cap.holds(request.day))
    cap = min(rule.balance_cap, legal.named if request.named else legal.bearer)
    credited = request.amount + request.amount * rule.gift_percent // 100
    if request.balance + credited > cap:
        most = max(0, cap - request.balance) * 100 // (100 + rule.gift_percent)
        raise _refusal("rule_balance_cap", rules, rule, limit=cap, most=_payable(rule, most))
    return LoadDecision(credited, (rule.id, legal.id), rules.version)


def _payable(rule: LoadRule, most: int) -> str:
    """The largest payable amount up to ``most`` that the other limits allow."""
    if most < rule.minimum:
        return format_yuan(0)
    return format_yuan(min(rule.maximum, most - (most - rule.minimum) % rule.step))


def check_spend(rules: RuleSet, product: str, amount: int, day: dt.date) -> tuple[str, ...]:
    """Accept a single spend or raise RuleError ``rule_spend_above_maximum``; returns the rules that allowed it."""
    for rule in rules.spend:
        if rule.product == product and rule.holds(day):
            if amount > rule.maximum:
                raise RuleError(
                    "rule_spend_above_maximum",
                    limit=format_yuan(rule.maximum),
                    rule=rule.id,
                    version=rules.version,
                    source=rule.source,
                )
            return (rule.id,)
    return ()


def age(birth_date: dt.date, day: dt.date) -> int:
    """Full years on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def _refusal(code: str, rules: RuleSet, rule: LoadRule, *, limit: int | None = None, **details: Any) -> RuleError:
    if limit is not None:
        details["limit"] = format_yuan(limit)
    return RuleError(code, rule=rule.id, version=rules.version, source=rule.source, **details)
