"""Asking the rules about a load: what they need to know of card, holder and day."""

import datetime as dt
from dataclasses import dataclass, replace
from typing import Literal

from cardsvc.card.periods import Period
from cardsvc.errors import OperationError, RuleError
from cardsvc.rules import LoadDecision, LoadRequest, Payable, RuleSet, check_load, check_moved, payable
from cardsvc.rules.ruleset import Method
from cardsvc.service.people.died import refuse_dead_holder
from cardsvc.service.purse.areas import CITY_PURSE, Target
from cardsvc.service.purse.payments import OLD_CARD
from cardsvc.store import UnitOfWork
from cardsvc.units import LOCAL

CASH: Method = "cash"

LAST_MINUTE = dt.timedelta(minutes=1)
"""An operation may wait this long for the card; money for a month that ends meanwhile is not taken."""

CLOCK_TOLERANCE = dt.timedelta(minutes=2)
"""How far the clocks of two hosts of this service may be apart."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A load that is asked for. ``amount``: what is paid, in fen; ``channel``: kind of the party that asks.

    ``ordered``: paid before, as an order that was accepted then. ``moved``: the balance of an old card, whatever it is.
    """

    card_no: str
    target: Target
    amount: int
    method: Method | Literal["old_card"]
    channel: str
    ordered: bool = False
    moved: bool = False


def decide(rules: RuleSet, uow: UnitOfWork, load: Proposal, balance: int, now: dt.datetime) -> LoadDecision:
    """Accept a load onto a purse with this balance, or raise RuleError, OperationError ``clock_went_back``, or RequestError
    ``citizen_died``: what a dead holder has is paid out, and nothing is added to it.

    What was ordered as the first load of a period may meet another on the card: it is accepted as the first it was.
    Money of an old card keeps the terms on which it was loaded, but for the caps.
    """
    local = now.astimezone(LOCAL)
    refuse_dead_holder(uow, load.card_no)
    if load.method == OLD_CARD:
        return _taken_over(rules, load, balance, local)
    request = _request(uow, load, load.method, balance, now)
    try:
        return check_load(rules, request)
    except RuleError:
        if not load.ordered or request.first_load:
            raise
    return check_load(rules, replace(request, first_load=True))


def may_load(rules: RuleSet, uow: UnitOfWork, load: Proposal, balance: int, now: dt.datetime) -> Payable:
    """What a load onto a purse with this balance may come to, whatever its amount and payment. Raises as ``decide``."""
    refuse_dead_holder(uow, load.card_no)
    return payable(rules, _request(uow, load, CASH, balance, now))


def _request(uow: UnitOfWork, load: Proposal, method: Method, balance: int, now: dt.datetime) -> LoadRequest:
    """A load as the rules see it."""
    local, target = now.astimezone(LOCAL), load.target
    return LoadRequest(
        product=target.product,
        area=target.area,
        amount=load.amount,
        balance=balance,
        day=_day(target.period, local),
        loads_today=_loads_today(uow, load, now),
        method=method,
        named=True,
        channel=load.channel,
        moved=load.moved,
        birth_date=_birth_date(uow, load.card_no) if target.ref != CITY_PURSE else None,
        period=target.period,
        first_load=not (target.period and uow.loads.for_month(load.card_no, target.product, target.period.first)),
        review_due=target.review,
    )


def _taken_over(rules: RuleSet, load: Proposal, balance: int, local: dt.datetime) -> LoadDecision:
    """Minimum, step and count were kept when it was loaded; caps stand over moved money too. What does not fit stays held."""
    target, period = load.target, load.target.period
    check_moved(rules, target.product, target.area, balance + load.amount, local.date())
    if period is not None and _day(period, local) >= period.end:
        raise RuleError("rule_month_over", period=period)
    first, end = (max(period.first, local.date()), period.end) if period else (local.date(), None)
    return LoadDecision(load.amount, 0, load.amount, (OLD_CARD,), (), rules.version, first, end)


def _day(period: Period | None, local: dt.datetime) -> dt.date:
    """The day by which it is judged: in the last minute of a period, already the next."""
    ending = period is not None and (local + LAST_MINUTE).date() >= period.end
    return (local + LAST_MINUTE).date() if ending else local.date()


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
