"""Asking the rules about a load: what they need to know of card, holder and day."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.card.periods import Period
from cardsvc.errors import OperationError, RuleError
from cardsvc.rules import LoadDecision, LoadRequest, check_load
from cardsvc.service.areas import CITY_PURSE, Target
from cardsvc.service.kinds import Context
from cardsvc.store import UnitOfWork
from cardsvc.units import LOCAL

LAST_MINUTE = dt.timedelta(minutes=1)
"""An operation may wait this long for the card; money for a month that ends meanwhile is not taken."""

CLOCK_TOLERANCE = dt.timedelta(minutes=2)
"""How far the clocks of two hosts of this service may be apart."""


def decide(
    context: Context, uow: UnitOfWork, target: Target, job: Mapping[str, Any], balance: int, now: dt.datetime
) -> LoadDecision:
    """Accept a load of ``job`` (amount, payment) into this area, or raise RuleError, or OperationError ``clock_went_back``."""
    local = now.astimezone(LOCAL)
    if target.period is not None:
        _refuse_ending(target.period, local)
    return check_load(
        context.rules,
        LoadRequest(
            product=target.product,
            area=target.area,
            amount=job["amount"],
            balance=balance,
            day=local.date(),
            loads_today=_loads_today(context, uow, target, now),
            method=job.get("paid_by") or job["payment"]["method"],
            named=True,
            channel=context.actor.kind,
            birth_date=_birth_date(context, uow) if target.ref != CITY_PURSE else None,
        ),
    )


def _refuse_ending(period: Period, local: dt.datetime) -> None:
    if (local + LAST_MINUTE).date() >= period.end:
        raise RuleError("rule_month_over", period=period)


def _loads_today(context: Context, uow: UnitOfWork, target: Target, now: dt.datetime) -> int:
    """Loads of this purse since midnight. One later than now shows that the clock went back, and dates decide about money."""
    midnight = now.astimezone(LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)
    loads = uow.loads.since(context.card_no, midnight.astimezone(dt.UTC))
    if any(load.authorised_at > now + CLOCK_TOLERANCE for load in loads):
        raise OperationError("clock_went_back")
    return sum((load.application, load.purse) == (target.ref.application, target.ref.purse) for load in loads)


def _birth_date(context: Context, uow: UnitOfWork) -> dt.date | None:
    card = uow.cards.get(context.card_no)
    citizen = uow.citizens.get(card.citizen_id) if card else None
    return citizen.birth_date if citizen else None
