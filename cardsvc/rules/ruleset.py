"""The rule set: models of the rules about money and applications. Amounts in fen. parsing.py reads them."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cardsvc.errors.fields import FieldsError
from cardsvc.rules.data import NO_AGE, Amount, Data, Dated, Days, Items, MonthDay, Percent, Positive, Years
from cardsvc.rules.desk_rules import (
    ConsignmentRule,
    FareRule,
    FeeRule,
    HoursRule,
    KeepingRule,
    LossRule,
    PayerRule,
    PersonRule,
    PhotoRule,
    ProductRule,
    PromiseRule,
    StockRule,
    UncollectedRule,
)
from cardsvc.rules.hall_rules import AppraisalRule, ChecklistRule, ComplaintRule, GreenRule, PapersRule, QueueRule, TicketRule
from cardsvc.rules.life_rules import ChangeRule, HeirRule, RenewalRule, SwapRule
from cardsvc.rules.rights import CorrectionRule, RightRule

Area = Literal["purse", "month", "season", "term"]
Month = Annotated[int, Field(ge=1, le=12)]
MonthsDay = Annotated[int, Field(ge=1, le=31)]
Method = Literal["cash", "bank_card", "mobile", "credit_card", "transfer"]


class LoadRule(Dated):
    """What may be loaded into one area of one product.

    ``minimum``: of each load, or, with ``further_minimum``, of the first for a period only; ``step`` counts above the
    minimum. ``gift_percent`` of what is paid. ``months_ahead``: how early a period may be loaded before it begins.
    ``closed_months``: of the year, for which there is no money. ``reviewed``: no money for a day on which the review is due.
    """

    product: str
    area: Area
    minimum: Positive
    further_minimum: Positive | None = None
    maximum: Positive
    step: Positive = 1
    months_ahead: int = Field(default=0, ge=0, le=1)
    reviewed: bool = False
    balance_cap: Positive
    loads_a_day: int | None = Field(default=None, gt=0)
    gift_percent: int = Field(default=0, ge=0, le=1000)
    max_age: Years | None = None
    closed_months: Items[Month] = ()
    refused_methods: Items[Method] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> "LoadRule":
        if not (self.further_minimum or 0) <= self.minimum <= self.maximum <= self.balance_cap:
            raise FieldsError(
                f"{self.id}：起充、单次上限、余额上限应依次增大", f"{self.id}: minimum, maximum and balance cap must rise"
            )
        return self

    def lowest(self, *, first: bool) -> int:
        """The smallest load: the first for a period, or one more."""
        return self.minimum if first or self.further_minimum is None else self.further_minimum

    def credited(self, paid: int) -> int:
        """What is credited for what is paid, in fen; the gift is rounded down."""
        return paid + paid * self.gift_percent // 100


class SpendRule(Dated):
    """The largest single spend from one product's purse."""

    product: str
    maximum: Positive


class StopRule(Dated):
    """Loading of a product has stopped at a channel, or at all (channel "any")."""

    product: str
    channel: str


class LegalCap(Dated):
    """The most that a card may hold by law."""

    named: Positive
    bearer: Positive


class OpenRule(Dated):
    """Opening an application. ``years`` of validity from the day; 0 for none. A fee goes by product (tariff class).

    ``holders``: the classes of people it is for, all where there are none. ``review_from``: it holds to the end of the school
    year, and from this day on a review is one for the next. ``body_years``: of a renewal, how long after it was opened at the
    first price; what begins later is opened anew. 0: always. ``deposit_holders``: the classes of people for whom the deposit
    of the same name is taken first.
    """

    application: Literal["bus", "parking", "library", "park"]
    products: Items[str]
    years: Years = 0
    min_age: Years = 0
    max_age: Years = NO_AGE
    fee: Amount = 0
    sold_from: MonthDay | None = None
    sold_until: MonthDay | None = None
    half_year_from: MonthDay | None = None
    half_year_fee: Amount = 0
    runs_on_until: MonthDay | None = None
    review_from: MonthDay | None = None
    holders: Items[str] = ()
    body_years: Years = 0
    deposit_holders: Items[str] = ()


class RefundRule(Dated):
    """What of an area is given back. ``fee_percent``: of the balance; ``tiers``: [last day of the month, percent given back]
    for money of the current month, by default all of it; ``by_month``: the months of a period that have begun are taken off.
    """

    products: Items[str]
    area: Area
    fee_percent: Percent
    tiers: Items[Annotated[tuple[MonthsDay, Percent], Field(strict=False)]] = ()
    by_month: bool = False


class DepositRule(Dated):
    """The deposit of a product's card. ``monthly``: what each month that has begun takes off; ``full_days`` after the day of
    issue it is given back whole."""

    product: str
    amount: Positive
    monthly: Amount
    full_days: Days = 0


class HoldRule(Dated):
    """How long the money of an old card waits before it is moved from the books."""

    reason: str
    working_days: Days


class PayoutRule(Dated):
    """Money of an old card that no new card takes, paid back. ``working_days`` after the card was taken in; from
    ``approve_from`` fen on two people decide; ``fee_percent`` of what the holder had paid."""

    reason: str
    working_days: Days
    approve_from: Amount
    fee_percent: Percent = 0


class WorkCalendar(Dated):
    """Days that differ from Monday to Friday: free ones, and weekend days that are worked."""

    free: Items[dt.date] = ()
    worked: Items[dt.date] = ()


class ReconciliationRule(Dated):
    """What explains a difference. ``waiting_days``: how long spending may be on its way from the operators; ``guarantee``: what
    a rented bicycle holds, in fen; ``last_ride``: the most that a rider may owe after the last ride, in fen.
    """

    waiting_days: int = Field(gt=0, le=366)
    guarantee: Positive
    last_ride: Positive


class RuleSet(Data):
    """All rules of a city, of one version."""

    city: str
    version: str
    load: Items[LoadRule]
    spend: Items[SpendRule]
    stop: Items[StopRule] = ()
    legal_cap: Items[LegalCap]
    opening: Items[OpenRule]
    refund: Items[RefundRule] = ()
    deposit: Items[DepositRule] = ()
    hold: Items[HoldRule] = ()
    payout: Items[PayoutRule] = ()
    calendar: Items[WorkCalendar] = ()
    reconciliation: Items[ReconciliationRule] = ()
    fare: Items[FareRule] = ()
    fee: Items[FeeRule] = ()
    hours: Items[HoursRule] = ()
    promise: Items[PromiseRule] = ()
    person: Items[PersonRule] = ()
    photo: Items[PhotoRule] = ()
    loss: Items[LossRule] = ()
    product: Items[ProductRule] = ()
    payer: Items[PayerRule] = ()
    stock: Items[StockRule] = ()
    uncollected: Items[UncollectedRule] = ()
    consignment: Items[ConsignmentRule] = ()
    keeping: Items[KeepingRule] = ()
    ticket: Items[TicketRule] = ()
    papers: Items[PapersRule] = ()
    queue: Items[QueueRule] = ()
    green: Items[GreenRule] = ()
    appraisal: Items[AppraisalRule] = ()
    complaint: Items[ComplaintRule] = ()
    checklist: Items[ChecklistRule] = ()
    right: Items[RightRule] = ()
    correction: Items[CorrectionRule] = ()
    renewal: Items[RenewalRule] = ()
    change: Items[ChangeRule] = ()
    heir: Items[HeirRule] = ()
    swap: Items[SwapRule] = ()

    def rule(self, rule_id: str) -> Dated | None:
        """The rule with this id."""
        return next((rule for _table, _number, rule in self.every() if rule.id == rule_id), None)

    def every(self) -> list[tuple[str, int, Dated]]:
        """All rules with their table of the file and their place in it, from 0."""
        tables = [(name, getattr(self, name)) for name in type(self).model_fields]
        return [(name, n, rule) for name, rules in tables if isinstance(rules, tuple) for n, rule in enumerate(rules)]
