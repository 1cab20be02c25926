"""Which purse of a card is meant: by product and area, and for a month ticket by its period.

product  area           purse
citizen  purse          the city purse: application purse, EP
parking  purse          the parking card's own: application parking, EP
C, D     purse          application bus, EP, without a period: the money never lapses
A        month, season  application bus, ED and EP in turn, see card/periods.py
B        month, term    the same
T        month          the same; the purse of T is the city purse

A parking card is the parking application opened with product 2: an application with a purse of its own costs 325 bytes of
the card and no second kind of card.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from cardsvc.card.periods import MONTH, Period, PursePeriods, parse_month, period_of, purse_of
from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.errors import CardError, RequestError
from cardsvc.errors.fields import FieldsError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.areas import AreaSight, read_areas
from cardsvc.procedures.purse import PurseRef
from cardsvc.rules.ruleset import Area
from cardsvc.service.operations.kinds import Context, Params

Product = Literal["citizen", "A", "B", "C", "D", "T", "parking"]
CITY_PURSE = PurseRef("purse", "ep")
PARKING_CARD = "2"
"""Product of the parking application that has a purse of its own."""
PURSE_PRODUCTS = ("C", "D")
"""Bus products whose money is no month ticket."""


class AreaParams(Params):
    """Which money area: by default the city purse. ``product`` of a bus area is by default the one open on the card."""

    product: Product | None = None
    area: Area = "purse"

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.area == "purse" and self.product in ("A", "B", "T"):
            raise FieldsError("A、B、T 卡没有自己的钱包", "products A, B and T have no purse of their own")
        if self.area != "purse" and self.product in ("citizen", "parking", *PURSE_PRODUCTS):
            raise FieldsError("这个产品只有钱包，没有月票区", "this product has a purse only")
        return self


class LoadAreaParams(AreaParams):
    """Which money area to load. ``month``, for example ``"2026-12"``, is by default this month, and stands for the season or
    term that holds it."""

    month: str | None = Field(default=None, pattern=MONTH)

    @model_validator(mode="after")
    def _only_periods_have_months(self) -> Self:
        if self.area == "purse" and self.month is not None:
            raise FieldsError("钱包不分月份", "a purse has no month")
        return self


@dataclass(frozen=True, slots=True)
class Target:
    """The money area of a load or purchase, and its purse on the card. ``review``: the day on which the next is due."""

    product: str
    area: Area
    ref: PurseRef
    period: Period | None = None
    review: dt.date | None = None

    def to_facts(self) -> dict[str, Any]:
        """As facts of an operation."""
        months = [f"{month:%Y-%m}" for month in (self.period.first, self.period.last)] if self.period else None
        review = self.review.isoformat() if self.review else None
        purse = [self.ref.application, self.ref.purse]
        return {"product": self.product, "area": self.area, "purse": purse, "months": months, "review": review}

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> Self:
        """From facts of an operation."""
        period = Period(*map(parse_month, facts["months"])) if facts["months"] else None
        review = dt.date.fromisoformat(facts["review"]) if facts.get("review") else None
        return cls(facts["product"], facts["area"], PurseRef(*facts["purse"]), period, review)


def wanted(context: Context) -> Mapping[str, Any]:
    """Product, area, month, amount and payment: of an order that is fetched, or of the operation's own parameters."""
    order: Mapping[str, Any] = context.facts.get("order", context.params)
    return order


def target_of(context: Context) -> Target:
    """The area that was chosen; the city purse needs no choice."""
    chosen = context.facts.get("target")
    return Target.from_facts(chosen) if chosen else Target("citizen", "purse", CITY_PURSE)


def application_of(area: Mapping[str, Any]) -> str:
    """The application that holds an area."""
    if area["area"] == "purse" and area["product"] in (None, "citizen"):
        return CITY_PURSE.application
    return "parking" if area["product"] == "parking" else "bus"


def outside_city_purse(context: Context) -> bool:
    """Whether the card must be looked at first: which product it has, and what its purses hold for which months."""
    return application_of(wanted(context)) != CITY_PURSE.application


def look(context: Context) -> Procedure[AreaSight]:
    """Record and purses of the application."""
    return read_areas(context.profile, application_of(wanted(context)))


def record_of(area: Mapping[str, Any], sight: AreaSight) -> ApplicationRecord:
    """The record of an application that is open with the product that is asked for.

    Raises RequestError ``application_not_open`` or ``product_not_on_card``.
    """
    name, record = application_of(area), sight.record
    if record is None or record.state is not ApplicationState.OPEN:
        raise RequestError("application_not_open", application=name)
    product = PARKING_CARD if name == "parking" else area["product"]
    if product not in (None, record.product):
        raise RequestError("product_not_on_card", product=area["product"], application=name, found=record.product)
    return record


def target_for_load(area: Mapping[str, Any], record: ApplicationRecord, today: dt.date) -> Target:
    """Where a load into this area goes."""
    if area["area"] == "purse":
        application = application_of(area)
        return Target("parking" if application == "parking" else record.product, "purse", PurseRef(application, "ep"))
    month = parse_month(area["month"]) if area["month"] else today
    period = period_of(area["area"], month)
    return Target(record.product, area["area"], PurseRef("bus", purse_of(area["area"], period)), period, record.review)


def target_for_purchase(area: Mapping[str, Any], record: ApplicationRecord, today: dt.date) -> Target:
    """Where a purchase from this area is taken. Raises CardError ``area_not_loaded`` when no purse holds this month."""
    if area["area"] == "purse":
        return target_for_load(area, record, today)
    kept = PursePeriods.parse(record.own)
    for purse, period in (("ed", kept.ed), ("ep", kept.ep)):
        if period is not None and period.holds(today):
            return Target(record.product, area["area"], PurseRef("bus", purse), period)
    raise CardError("area_not_loaded", month=f"{today:%Y-%m}")


def make_room(target: Target, record: ApplicationRecord, balance: int, today: dt.date) -> dict[str, Any]:
    """What must happen on the card before the load: facts ``record`` (to be written) and ``lapsing`` (fen that are void).

    A purse holds one period at a time. Raises RequestError ``purse_holds_other_period`` while money of another is good.
    """
    if target.ref.application != "bus":
        return {}
    kept = PursePeriods.parse(record.own)
    ed = target.ref.purse == "ed"
    held = kept.ed if ed else kept.ep
    if held == target.period:
        return {}
    if balance and (held is None or today < held.end):
        raise RequestError("purse_holds_other_period", period=held or "-", wanted=target.period or "-")
    periods = PursePeriods(target.period, kept.ep) if ed else PursePeriods(kept.ed, target.period)
    marked = ApplicationRecord(
        record.state,
        record.product,
        record.holder_class,
        record.valid_from,
        record.valid_to,
        record.review,
        periods.encode(record.own),
    )
    facts: dict[str, Any] = {"record": marked.encode().hex()}
    return {**facts, "lapsing": balance} if balance else facts
