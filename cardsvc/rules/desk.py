"""Questions of desks and readers: what it costs, when it is ready, who must come, whether the photo will do.

Pure functions over a rule set; times are local. Every answer and every refusal names its rule.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from cardsvc.rules.data import Dated
from cardsvc.rules.desk_rules import ConsignmentRule, HoursRule, KeepingRule, ProductRule, StockRule, UncollectedRule
from cardsvc.rules.loading import age, no_rule, refusal
from cardsvc.rules.refunds import is_worked
from cardsvc.rules.ruleset import RuleSet

D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes. ``agent``: for somebody else; ``agent_papers``: with both originals; ``named``: an agent whom the person named
    before; ``birth_date`` of the holder."""

    birth_date: dt.date
    parent: bool = False
    consent: bool = False
    agent: bool = False
    agent_papers: bool = False
    named: bool = False


def _in_force(rules: Iterable[D], day: dt.date) -> D | None:
    return next((rule for rule in rules if rule.holds(day)), None)


def fare(rules: RuleSet, product: str, service: str, full: int, day: dt.date) -> tuple[int, str]:
    """What a product pays of a full price, in fen, rounded down, and the rule. Raises RuleError ``rule_not_taken``."""
    rule = _in_force((r for r in rules.fare if product in r.products and r.service == service), day)
    if rule is None:
        raise no_rule("rule_not_taken", rules, "fare", product=product, service=service)
    return full * rule.percent // 100, rule.id


def fee(rules: RuleSet, job: str, day: dt.date) -> tuple[int, str]:
    """The fee of a job, in fen, and the rule. Raises RuleError ``rule_no_fee``."""
    rule = _in_force((r for r in rules.fee if r.job == job), day)
    if rule is None:
        raise no_rule("rule_no_fee", rules, "fee", job=job)
    return rule.amount, rule.id


def replacement_fee(rules: RuleSet, product: str, reason: str, issued: dt.date, day: dt.date) -> tuple[int, str]:
    """The fee of a replacement for ``lost``, ``damaged`` or ``fault``: none for a natural fault in warranty."""
    known = card_product(rules, product, issued)
    if reason == "fault" and day < _years_later(issued, known.warranty_years):
        return 0, known.id
    return fee(rules, "replace", day)


def card_product(rules: RuleSet, product: str, day: dt.date) -> ProductRule:
    """What a card of this product, issued on this day, is. Raises RuleError ``rule_product_unknown``."""
    rule = _in_force((r for r in rules.product if r.product == product), day)
    if rule is None:
        raise no_rule("rule_product_unknown", rules, "product", product=product)
    return rule


def open_hours(rules: RuleSet, outlet: str, day: dt.date) -> tuple[dt.time, dt.time] | None:
    """From when to when an outlet of this kind is open on a day; None when it is closed."""
    rule = _hours(rules, outlet, day)
    if not (is_worked(rules, day, rule.weekdays) if rule.calendar else day.weekday() in rule.weekdays):
        return None
    ends = (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1) - dt.timedelta(days=1)
    if rule.last_opens and rule.last_closes and (ends - day).days < rule.last_days:
        return rule.last_opens, rule.last_closes
    return rule.opens, rule.closes


def opens_next(rules: RuleSet, outlet_id: str, moment: dt.datetime) -> dt.datetime | None:
    """When an outlet opens that is shut at this local time; None while it is open, and where no rule tells its hours."""
    kind, day = hours_of(rules, outlet_id), moment.date()
    if _in_force((rule for rule in rules.hours if rule.outlet == kind), day) is None:
        return None
    hours = open_hours(rules, kind, day)
    if hours and hours[0] <= moment.time() < hours[1]:
        return None
    if not hours or moment.time() >= hours[1]:
        day, hours = _open_day(rules, kind, day, 1)
    return dt.datetime.combine(day, hours[0] if hours else dt.time(), moment.tzinfo)


def check_opening(rules: RuleSet, outlet_id: str, moment: dt.datetime) -> None:
    """Refuse what an outlet does not do while it is shut. Raises RuleError ``rule_hall_shut``, which says when it opens."""
    opens = opens_next(rules, outlet_id, moment)
    if opens is not None:
        rule = _hours(rules, hours_of(rules, outlet_id), moment.date())
        raise refusal("rule_hall_shut", rules, rule, opens=f"{opens:%m-%d %H:%M}")


def hours_of(rules: RuleSet, outlet_id: str) -> str:
    """The name under which the rules know an outlet: its own where they name it, else ``outlet``, as every other one."""
    return outlet_id if any(rule.outlet == outlet_id for rule in rules.promise) else "outlet"


def makes_cards(rules: RuleSet, outlet_id: str, day: dt.date) -> bool:
    """Whether cards are made at this outlet while people wait: before a cut-off its promise counts minutes, not days."""
    rule = _in_force((r for r in rules.promise if r.outlet == hours_of(rules, outlet_id)), day)
    return rule is not None and rule.cutoff is not None


def _hours(rules: RuleSet, outlet: str, day: dt.date) -> HoursRule:
    rule = _in_force((r for r in rules.hours if r.outlet == outlet), day)
    if rule is None:
        raise no_rule("rule_no_hours", rules, "hours", outlet=outlet)
    return rule


def card_ready(rules: RuleSet, outlet: str, applied: dt.datetime) -> tuple[dt.datetime, str]:
    """When a card that is applied for now is promised, local, and the rule. At the very cut-off it is after it.

    Raises RuleError ``rule_no_promise`` or ``rule_no_hours``.
    """
    day = applied.date()
    rule = _in_force((r for r in rules.promise if r.outlet == outlet), day)
    if rule is None:
        raise no_rule("rule_no_promise", rules, "promise", outlet=outlet)
    hours = open_hours(rules, outlet, day)
    if rule.cutoff and hours and applied.time() < rule.cutoff:
        begun = max(applied, dt.datetime.combine(day, hours[0], applied.tzinfo))
        return begun + dt.timedelta(minutes=rule.minutes), rule.id
    day, hours = _open_day(rules, outlet, day, rule.open_days, hours)
    at = hours[0] if hours and rule.cutoff else hours[1] if hours else dt.time()
    return dt.datetime.combine(day, at, applied.tzinfo), rule.id


def _open_day(
    rules: RuleSet, outlet: str, day: dt.date, number: int, hours: tuple[dt.time, dt.time] | None = None
) -> tuple[dt.date, tuple[dt.time, dt.time] | None]:
    """The so many-th day after this one on which an outlet is open, with its hours; ``hours``: those of this day."""
    for _ in range(number):
        hours = None
        while hours is None:
            day += dt.timedelta(days=1)
            hours = open_hours(rules, outlet, day)
    return day, hours


def consignment_rule(rules: RuleSet, day: dt.date) -> ConsignmentRule | None:
    """In how many days cards come from one outlet to another; None where the rule set says nothing of it."""
    return _in_force(rules.consignment, day)


def open_day_after(rules: RuleSet, outlet_id: str, day: dt.date, number: int) -> dt.date:
    """The so many-th day after this one on which an outlet is open. Raises RuleError ``rule_no_hours``."""
    return _open_day(rules, hours_of(rules, outlet_id), day, number)[0]


def check_person(rules: RuleSet, job: str, who: Visitor, day: dt.date) -> tuple[str, ...]:
    """Accept whoever came, or raise RuleError: ``rule_parent_needed``, ``rule_consent_needed``, ``rule_in_person``,
    ``rule_agent_papers``. A parent is no agent."""
    rule = _in_force((r for r in rules.person if r.job == job), day)
    if rule is None:
        raise no_rule("rule_no_person", rules, "person", job=job)
    years = age(who.birth_date, day)
    if years < rule.parent_under and not who.parent:
        raise refusal("rule_parent_needed", rules, rule, age=rule.parent_under)
    if years < rule.consent_under and not who.consent:
        raise refusal("rule_consent_needed", rules, rule, age=rule.consent_under)
    if who.agent and rule.in_person and not (rule.named_agent and who.named):
        raise refusal("rule_in_person", rules, rule)
    if who.agent and not who.agent_papers:
        raise refusal("rule_agent_papers", rules, rule)
    return (rule.id,)


def check_photo(rules: RuleSet, photo: tuple[int, int, int, str, int], day: dt.date) -> str:
    """Accept a photo as it was measured (width and height in pixels, size in bytes, format, percent of the background that is
    white), or raise RuleError ``rule_photo`` or ``rule_photo_background`` saying what it must be. Returns the rule."""
    rule = _in_force(rules.photo, day)
    if rule is None:
        raise no_rule("rule_no_photo", rules, "photo")
    width, height, size, kind, white = photo
    if (width, height, kind) != (rule.width, rule.height, rule.format) or not rule.min_bytes <= size <= rule.max_bytes:
        sizes = f"{rule.min_bytes // 1024}-{rule.max_bytes // 1024}"
        raise refusal("rule_photo", rules, rule, width=rule.width, height=rule.height, size=sizes, format=rule.format)
    if white < rule.white_percent:
        raise refusal("rule_photo_background", rules, rule, white=white, percent=rule.white_percent)
    return rule.id


def loss_lapses(rules: RuleSet, product: str, report: str, at: dt.datetime) -> tuple[dt.datetime | None, str]:
    """When a loss report of this kind (phone, formal) lapses unless a formal one follows; None: never. And the rule.

    Raises RuleError ``rule_not_reportable``: a bearer card's money goes with the card.
    """
    known = card_product(rules, product, at.date())
    if not known.reportable:
        raise refusal("rule_not_reportable", rules, known, product=product)
    rule = _in_force((r for r in rules.loss if r.report == report), at.date())
    if rule is None:
        raise no_rule("rule_not_reportable", rules, "loss", product=product)
    hours = rule.lapses_after_hours
    return at + dt.timedelta(hours=hours) if hours else None, rule.id


def uncollected_rule(rules: RuleSet, day: dt.date) -> UncollectedRule | None:
    """When holders are told again that their card waits; None where the rule set says nothing of it."""
    return _in_force(rules.uncollected, day)


def keeping_rule(rules: RuleSet, data: str, day: dt.date) -> KeepingRule | None:
    """How long data (photo, request) are kept that nothing needs; None: for ever, where the rule set says nothing of them."""
    return _in_force((rule for rule in rules.keeping if rule.data == data), day)


def stock_rule(rules: RuleSet, day: dt.date) -> StockRule | None:
    """How blank cards are looked after on a day; None where the rule set says nothing of them."""
    return _in_force(rules.stock, day)


def _years_later(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)
