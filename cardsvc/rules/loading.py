"""May this amount be loaded, or spent? The answer names the rule; a refusal says what would be accepted."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cardsvc.card.periods import Period
from cardsvc.errors import RuleError
from cardsvc.rules.data import Dated
from cardsvc.rules.ruleset import Area, LegalCap, LoadRule, Method, RuleSet
from cardsvc.text import Text
from cardsvc.units import format_yuan


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """A top-up as the rules see it. ``balance`` in fen as the card shows it; ``day`` local; ``birth_date`` if known.

    ``moved``: the balance of an old card, to which caps apply but no minimum, step or count.
    Of a period area: ``period``, whether it is the ``first_load`` for it, and ``review_due``, the day of the next review.
    """

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
    period: Period | None = None
    first_load: bool = True
    review_due: dt.date | None = None
    moved: bool = False


@dataclass(frozen=True, slots=True)
class LoadDecision:
    """An accepted top-up, in fen: ``paid + gift == credited``; the rules that allowed it, and where they come from.

    ``valid_from`` is the first day the money is good for, ``expires`` the day at whose 00:00 it is void; None: it never is.
    """

    paid: int
    gift: int
    credited: int
    rules: tuple[str, ...]
    sources: tuple[Text, ...]
    version: str
    valid_from: dt.date
    expires: dt.date | None


def check_load(rules: RuleSet, request: LoadRequest) -> LoadDecision:
    """Accept a top-up or raise RuleError with the reason."""
    rule = _rule(rules, request)
    _check_stop(rules, request)
    _check_person_and_season(rules, rule, request)
    if request.moved:
        return _capped(rules, rule, request)
    lowest = rule.lowest(first=request.first_load)
    if request.amount < lowest:
        raise refusal("rule_amount_below_minimum", rules, rule, limit=lowest)
    if request.amount > rule.maximum:
        raise refusal("rule_amount_above_maximum", rules, rule, limit=rule.maximum)
    if (request.amount - lowest) % rule.step:
        raise refusal("rule_amount_not_a_step", rules, rule, limit=lowest, step=format_yuan(rule.step))
    _check_count(rules, rule, request)
    if request.method in rule.refused_methods:
        raise refusal("rule_payment_method", rules, rule, method=request.method)
    return _capped(rules, rule, request)


def _check_count(rules: RuleSet, rule: LoadRule, request: LoadRequest) -> None:
    if rule.loads_a_day is not None and request.loads_today >= rule.loads_a_day:
        raise refusal("rule_loads_a_day", rules, rule, times=rule.loads_a_day)


def _rule(rules: RuleSet, request: LoadRequest) -> LoadRule:
    for rule in rules.load:
        if rule.product == request.product and rule.area == request.area and rule.holds(request.day):
            return rule
    raise no_rule("rule_area_not_loadable", rules, "load", product=request.product, area=request.area)


def _check_stop(rules: RuleSet, request: LoadRequest) -> None:
    for stop in rules.stop:
        if stop.product == request.product and stop.channel in ("any", request.channel) and stop.holds(request.day):
            raise refusal("rule_loading_stopped", rules, stop, product=stop.product, since=stop.since)


def _check_person_and_season(rules: RuleSet, rule: LoadRule, request: LoadRequest) -> None:
    first = _first_day(rules, rule, request)
    if first.month in rule.closed_months:
        raise refusal("rule_closed_month", rules, rule, month=first.month)
    if rule.max_age is not None and (request.birth_date is None or age(request.birth_date, request.day) >= rule.max_age):
        raise refusal("rule_too_old", rules, rule, age=rule.max_age)
    if rule.reviewed and (request.review_due is None or first >= request.review_due):
        raise refusal("rule_review_due", rules, rule, due=request.review_due or "-")


def _first_day(rules: RuleSet, rule: LoadRule, request: LoadRequest) -> dt.date:
    """The first day the money is good for."""
    period = request.period
    if period is None:
        return request.day
    if request.day >= period.end:
        raise refusal("rule_month_over", rules, rule, period=period)
    earliest = period.first
    for _ in range(rule.months_ahead):
        earliest = (earliest - dt.timedelta(days=1)).replace(day=1)
    if request.day < earliest:
        since = f"{earliest:%Y-%m}"
        raise refusal("rule_month_too_early", rules, rule, period=period, months=rule.months_ahead, since=since)
    return max(period.first, request.day)


def _capped(rules: RuleSet, rule: LoadRule, request: LoadRequest) -> LoadDecision:
    """The balance cap counts the gift; the legal cap stands over every rule."""
    cap, named, legal = _cap(rules, rule, request)
    credited = rule.credited(request.amount)
    if request.balance + credited > cap:
        most = _payable(rule, cap - request.balance, first=request.first_load)
        raise refusal("rule_balance_cap", rules, named, limit=cap, most=format_yuan(most))
    return LoadDecision(
        paid=request.amount,
        gift=credited - request.amount,
        credited=credited,
        rules=(rule.id, legal.id),
        sources=(rule.source, legal.source),
        version=rules.version,
        valid_from=_first_day(rules, rule, request),
        expires=request.period.end if request.period else None,
    )


def _cap(rules: RuleSet, rule: LoadRule, request: LoadRequest) -> tuple[int, Dated, LegalCap]:
    """The most that may be on the card after the load, the rule that says so, and the law's own cap."""
    legal = next(cap for cap in rules.legal_cap if cap.holds(request.day))
    most_by_law = legal.named if request.named else legal.bearer
    caps: tuple[tuple[int, Dated], ...] = ((rule.balance_cap, rule), (most_by_law, legal))
    return *min(caps, key=lambda entry: entry[0]), legal


def check_moved(rules: RuleSet, product: str, area: Area, balance: int, day: dt.date) -> None:
    """Raise RuleError ``rule_moved_above_cap`` for a balance, in fen, that money of another card would make too high: above the
    cap of the area, where there is a rule for it on this day, or of the law for named cards."""
    legal = next(cap for cap in rules.legal_cap if cap.holds(day))
    caps: list[tuple[int, Dated]] = [(legal.named, legal)]
    caps += [(r.balance_cap, r) for r in rules.load if (r.product, r.area) == (product, area) and r.holds(day)]
    cap, named = min(caps, key=lambda entry: entry[0])
    if balance > cap:
        raise refusal("rule_moved_above_cap", rules, named, limit=cap, over=format_yuan(balance - cap))


def _payable(rule: LoadRule, room: int, *, first: bool) -> int:
    """The largest amount that may be paid where ``room`` is left on the card; 0 where none may."""
    most, lowest = max(0, room) * 100 // (100 + rule.gift_percent), rule.lowest(first=first)
    while rule.credited(most + 1) <= room:
        most += 1
    most = min(most, rule.maximum)
    return most - (most - lowest) % rule.step if most >= lowest else 0


@dataclass(frozen=True, slots=True)
class Payable:
    """What may be loaded, in fen: from ``least`` to ``most``, above ``least`` in steps; ``a_day``: how often, if counted."""

    least: int
    most: int
    step: int
    a_day: int | None


def payable(rules: RuleSet, request: LoadRequest) -> Payable:
    """What a load like this may come to, whatever amount and payment it names. Raises RuleError as ``check_load`` does."""
    rule = _rule(rules, request)
    _check_stop(rules, request)
    _check_person_and_season(rules, rule, request)
    _check_count(rules, rule, request)
    cap, named, _law = _cap(rules, rule, request)
    most = _payable(rule, cap - request.balance, first=request.first_load)
    if not most:
        raise refusal("rule_balance_cap", rules, named, limit=cap, most=format_yuan(0))
    return Payable(rule.lowest(first=request.first_load), most, rule.step, rule.loads_a_day)


def refused_methods(rules: RuleSet, product: str, area: Area, day: dt.date) -> frozenset[str]:
    """The ways of payment that no load of this area takes."""
    held = (rule for rule in rules.load if rule.product == product and rule.area == area and rule.holds(day))
    return frozenset(method for rule in held for method in rule.refused_methods)


def credited(rules: RuleSet, product: str, area: Area, amount: int, day: dt.date) -> int:
    """What a card gets for an amount that is paid, its gift included; the amount itself where no rule loads the area."""
    rule = next((r for r in rules.load if (r.product, r.area) == (product, area) and r.holds(day)), None)
    return rule.credited(amount) if rule else amount


def check_spend(rules: RuleSet, product: str, amount: int, day: dt.date) -> tuple[str, ...]:
    """Accept a single spend or raise RuleError ``rule_spend_above_maximum``; returns the rules that allowed it."""
    for rule in rules.spend:
        if rule.product == product and rule.holds(day):
            if amount > rule.maximum:
                raise refusal("rule_spend_above_maximum", rules, rule, limit=rule.maximum)
            return (rule.id,)
    return ()


def age(birth_date: dt.date, day: dt.date) -> int:
    """Full years on a day."""
    return day.year - birth_date.year - ((day.month, day.day) < (birth_date.month, birth_date.day))


def refusal(code: str, rules: RuleSet, rule: Dated, *, limit: int | None = None, **details: Any) -> RuleError:
    """What a rule refuses, with its id, version and source. ``limit`` in fen."""
    if limit is not None:
        details["limit"] = format_yuan(limit)
    return RuleError(code, rule=rule.id, version=rules.version, source=rule.source, **details)


def no_rule(code: str, rules: RuleSet, table: str, **details: Any) -> RuleError:
    """What no rule allows: the table where one would have to stand is named."""
    name = f"{rules.city} {rules.version}"
    return RuleError(code, rule=f"[[{table}]]", version=rules.version, source=Text(name, name), **details)
