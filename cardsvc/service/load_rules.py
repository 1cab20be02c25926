"""Asking the rules about a load: what they need to know of card, holder and day."""

import datetime as dt
from dataclasses import dataclass

from cardsvc.card.periods import Period, following
from cardsvc.errors import OperationError, RuleError
from cardsvc.rules import LoadDecision, LoadRequest, RuleSet, check_load
from cardsvc.rules.ruleset import Method
from cardsvc.service.areas import CITY_PURSE, Target
from cardsvc.store import UnitOfWork
from cardsvc.units import LOCAL

LAST_MINUTE = dt.timedelta(minutes=1)
"""An operation may wait this long for the card; money for a month that ends meanwhile is not taken."""

CLOCK_TOLERANCE = dt.timedelta(minutes=2)
"""How far the clocks of two hosts of this service may be apart."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A load that is asked for. ``amount``: what is paid, in fen; ``channel``: kind of the party that asks."""

    card_no: str
    target: Target
    amount: int
    method: Method
    channel: str


def decide(rules: RuleSet, uow: UnitOfWork, load: Proposal, balance: int, now: dt.datetime) -> LoadDecision:
    """Accept a load onto a purse with this balance, or raise RuleError, or OperationError ``clock_went_back``."""
    local = now.astimezone(LOCAL)
    target = load.target
    if target.period is not None:
        _check_period(target.period, local)
    return check_load(
        rules,
        LoadRequest(
            product=target.product,
            area=target.area,
            amount=load.amount,
            balance=balance,
            day=local.date(),
            loads_today=_loads_today(uow, load, now),
            method=load.method,
            named=True,
            channel=load.channel,
            birth_date=_birth_date(uow, load.card_no) if target.ref != CITY_PURSE else None,
        ),
    )


def _check_period(period: Period, local: dt.datetime) -> None:
    """Not over, nor over before the card could answer; begun, or beginning next month."""
    if (local + LAST_MINUTE).date() >= period.end:
        raise RuleError("rule_month_over", period=period)
    if period.first > following(local.date()):
        raise RuleError("rule_month_too_early", period=period, since=f"{_month_before(period.first):%Y-%m}")


def _month_before(month: dt.date) -> dt.date:
    return (month - dt.timedelta(days=1)).replace(day=1)


def _loads_today(uow: UnitOfWork, load: Proposal, now: dt.datetime) -> int:
    """Loads of this purse since midnight. One later than now shows that the clock went back, and dates decide about money."""
    midnight = now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    loads = uow.loads.since(load.card_no, midnight.astimezone(dt.UTC))
    if any(other.authorised_at > now + CLOCK_TOLERANCE for other in loads):
        raise OperationError("clock_went_back")
    ref = load.target.ref
    return sum((other.application, other.purse) == (ref.application, ref.purse) for other in loads)


def _birth_date(uow: UnitOfWork, card_no: str) -> dt.date | None:
    card = uow.cards.get(card_no)
    citizen = uow.citizens.get(card.citizen_id) if card else None
    return citizen.birth_date if citizen else None
