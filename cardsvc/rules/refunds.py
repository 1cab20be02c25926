"""What of the money on a card, or of its deposit, goes back to the holder; and how long an unreadable card's money waits.

Rounding: every share and every fee that the holder bears is worked out so that what goes back is rounded down to a whole fen,
and what is kept is the rest: the parts always add up to the balance, and nobody gets a fen that is not there.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from cardsvc.card.periods import Period
from cardsvc.errors import RuleError
from cardsvc.rules.ruleset import Area, DepositRule, RefundRule, RuleSet

WORK_DAYS = range(5)


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """Money on a card as the rules see it. ``balance`` in fen, of which ``gift`` was not paid; ``period``: months it is
    good for; ``day`` local."""

    product: str
    area: Area
    balance: int
    day: dt.date
    gift: int = 0
    period: Period | None = None


@dataclass(frozen=True, slots=True)
class RefundTerms:
    """Where a balance goes, in fen: ``returned + fee + forfeited + gift`` is the balance. ``gift`` goes back to its giver."""

    returned: int
    fee: int
    forfeited: int
    gift: int
    rules: tuple[str, ...]
    version: str


def check_refund(rules: RuleSet, request: RefundRequest) -> RefundTerms:
    """The terms on which this money goes back. Raises RuleError ``rule_not_refundable`` where no rule says."""
    rule = _rule(rules, request)
    gift = min(request.gift, request.balance)
    own = request.balance - gift
    over, whole = _share(rule, request)
    left = own * over // whole
    fee = min(left, -(-own * rule.fee_percent // 100))
    return RefundTerms(left - fee, fee, own - left, gift, (rule.id,), rules.version)


def _rule(rules: RuleSet, request: RefundRequest) -> RefundRule:
    for rule in rules.refund:
        if request.product in rule.products and request.area == rule.area and rule.holds(request.day):
            return rule
    raise RuleError("rule_not_refundable", product=request.product, area=request.area, version=rules.version)


def _share(rule: RefundRule, request: RefundRequest) -> tuple[int, int]:
    """The share of the holder's own money that is not void, as a fraction. Money of a period that has not begun is whole."""
    period, day = request.period, request.day
    if period is None or day < period.first:
        return 1, 1
    if day >= period.end:
        return 0, 1
    if rule.by_month:
        months = _months(period.first, period.last) + 1
        return months - _months(period.first, day) - 1, months
    return next((percent for last, percent in rule.tiers if day.day <= last), 0 if rule.tiers else 100), 100


def _months(first: dt.date, later: dt.date) -> int:
    """Calendar months between two days."""
    return (later.year - first.year) * 12 + later.month - first.month


@dataclass(frozen=True, slots=True)
class DepositTerms:
    """What of a deposit goes back, and what the card's use took off, in fen: they add up to the deposit."""

    returned: int
    depreciation: int
    rules: tuple[str, ...]
    version: str


def deposit_rule(rules: RuleSet, product: str, day: dt.date) -> DepositRule:
    """The deposit of a product's card on a day. Raises RuleError ``rule_no_deposit``."""
    for rule in rules.deposit:
        if rule.product == product and rule.holds(day):
            return rule
    raise RuleError("rule_no_deposit", product=product, version=rules.version)


def deposit_refund(rules: RuleSet, product: str, deposit: int, issued: dt.date, day: dt.date) -> DepositTerms:
    """What is left of a deposit by the rule of the day it was paid. A part of a month counts as a month.

    Raises RuleError ``rule_no_deposit``, ``rule_day_before_issue``.
    """
    rule = deposit_rule(rules, product, issued)
    if day < issued:
        raise RuleError("rule_day_before_issue", issued=issued, rule=rule.id, version=rules.version)
    if rule.full_days and (day - issued).days <= rule.full_days:
        return DepositTerms(deposit, 0, (rule.id,), rules.version)
    begun = _months(issued, day) + (1 if day.day >= issued.day else 0)
    taken = min(deposit, rule.monthly * begun)
    return DepositTerms(deposit - taken, taken, (rule.id,), rules.version)


def hold_until(rules: RuleSet, reason: str, day: dt.date) -> tuple[dt.date, str]:
    """The day on which the money of a card taken in on ``day`` is moved from the books, and the rule.

    Working days are Monday to Friday but for what the calendar says; ``day`` itself does not count. Raises RuleError
    ``rule_no_hold``.
    """
    rule = next((rule for rule in rules.hold if rule.reason == reason and rule.holds(day)), None)
    if rule is None:
        raise RuleError("rule_no_hold", reason=reason, version=rules.version)
    return working_day(rules, day, rule.working_days), rule.id


@dataclass(frozen=True, slots=True)
class PayoutTerms:
    """When and how held money is paid back; ``approve_from`` in fen."""

    due: dt.date
    approve_from: int
    fee_percent: int
    rules: tuple[str, ...]
    version: str

    def fee(self, own: int) -> int:
        """The fee of an amount that the holder had paid; what goes back is rounded down."""
        return -(-own * self.fee_percent // 100)


def payout_terms(rules: RuleSet, reason: str, taken_in: dt.date, day: dt.date) -> PayoutTerms:
    """The terms, by the rule of the day, for the money of a card that was taken in. Raises RuleError ``rule_no_payout``."""
    rule = next((rule for rule in rules.payout if rule.reason == reason and rule.holds(day)), None)
    if rule is None:
        raise RuleError("rule_no_payout", reason=reason, version=rules.version)
    due = working_day(rules, taken_in, rule.working_days)
    return PayoutTerms(due, rule.approve_from, rule.fee_percent, (rule.id,), rules.version)


def working_day(rules: RuleSet, day: dt.date, number: int) -> dt.date:
    """The so-manieth working day after a day."""
    until = day
    for _ in range(number):
        until += dt.timedelta(days=1)
        while not is_worked(rules, until, WORK_DAYS):
            until += dt.timedelta(days=1)
    return until


def is_worked(rules: RuleSet, day: dt.date, weekdays: Collection[int]) -> bool:
    """Whether those work on a day who work on these days of the week (0 is Monday), as the year's calendar moves them."""
    calendars = [calendar for calendar in rules.calendar if calendar.holds(day)]
    if any(day in calendar.worked for calendar in calendars):
        return True
    return day.weekday() in weekdays and not any(day in calendar.free for calendar in calendars)
