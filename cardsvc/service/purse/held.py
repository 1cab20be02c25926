"""What the purses of an open application hold, and where a fare is taken when the month ticket goes first (优惠区)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.card.periods import Period, PeriodArea, PursePeriods, period_of
from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.procedures.areas import AreaSight
from cardsvc.procedures.purse import PurseRef
from cardsvc.service.purse.areas import CITY_PURSE, PARKING_CARD, PURSE_PRODUCTS, Target


def held_areas(name: str, record: ApplicationRecord, balances: Mapping[str, int], today: dt.date) -> list[dict[str, Any]]:
    """The purses for a look at the card. ``over``: the money is void and waits to be cleared."""
    return [
        {
            "application": name,
            "product": record.product if name == "bus" else name,
            "purse": purse,
            "area": _area_of(period) if period else "purse",
            "period": str(period) if period else None,
            "balance": balances[purse],
            "over": period is not None and today >= period.end,
        }
        for purse, period in _held(name, record)
        if purse in balances
    ]


def _held(name: str, record: ApplicationRecord) -> list[tuple[str, Period | None]]:
    """The purses in use, with the period that each holds."""
    if name == "parking":
        return [("ep", None)] if record.product == PARKING_CARD else []
    if record.product in PURSE_PRODUCTS:
        return [("ep", None)]
    kept = PursePeriods.parse(record.own)
    return [(purse, period) for purse, period in (("ed", kept.ed), ("ep", kept.ep)) if period]


def month_ticket_first(sight: AreaSight, amount: int, today: dt.date) -> Target:
    """From the month ticket if it is good today and has enough, else from the city purse."""
    record = sight.record
    if record is not None and record.state is ApplicationState.OPEN:
        for purse, period in _held("bus", record):
            if period is not None and period.holds(today) and sight.balances[purse] >= amount:
                return Target(record.product, _area_of(period), PurseRef("bus", purse), period)
    return Target("citizen", "purse", CITY_PURSE)


def _area_of(period: Period) -> PeriodArea:
    areas: tuple[PeriodArea, ...] = ("month", "season", "term")
    return next((area for area in areas if period_of(area, period.first) == period), "month")
