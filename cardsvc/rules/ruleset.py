"""The rule set: models of the TOML data, and reading it. Amounts in fen; dates are the first and the last day, included."""

import datetime as dt
import tomllib
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cardsvc.errors import RuleError

T = TypeVar("T")
Items = Annotated[tuple[T, ...], Field(strict=False)]
Area = Literal["purse", "month", "season", "term"]
Method = Literal["cash", "bank_card", "mobile", "credit_card", "transfer"]
PACKAGED = "hangzhou"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Dated(_Data):
    """A rule with its life and its source."""

    id: str
    since: dt.date
    until: dt.date | None = None
    source: str

    def holds(self, day: dt.date) -> bool:
        """Whether the rule is in force on this day."""
        return self.since <= day and (self.until is None or day <= self.until)


class LoadRule(Dated):
    """What may be loaded into one area of one product. ``step`` counts above ``minimum``; ``gift_percent`` of what is paid."""

    product: str
    area: Area
    minimum: int = Field(gt=0)
    maximum: int = Field(gt=0)
    step: int = Field(default=1, gt=0)
    balance_cap: int = Field(gt=0)
    loads_a_day: int | None = Field(default=None, gt=0)
    gift_percent: int = Field(default=0, ge=0)
    max_age: int | None = None
    closed_months: Items[int] = ()
    refused_methods: Items[Method] = ()

    @model_validator(mode="after")
    def _makes_sense(self) -> "LoadRule":
        if not self.minimum <= self.maximum <= self.balance_cap:
            raise ValueError(f"{self.id}: minimum, maximum and balance cap must rise")
        return self


class SpendRule(Dated):
    """The largest single spend from one product's purse."""

    product: str
    maximum: int = Field(gt=0)


class StopRule(Dated):
    """Loading of a product has stopped at a channel, or at all (channel "any")."""

    product: str
    channel: str


class LegalCap(Dated):
    """The most that a card may hold by law."""

    named: int = Field(gt=0)
    bearer: int = Field(gt=0)


class OpenRule(Dated):
    """Opening an application. ``years`` of validity from the day; 0 for none. A fee goes by product (tariff class)."""

    application: Literal["bus", "parking", "library", "park"]
    products: Items[str]
    years: int = Field(default=0, ge=0)
    min_age: int = Field(default=0, ge=0)
    max_age: int = Field(default=150, ge=0)
    fee: int = Field(default=0, ge=0)
    deposit: int = Field(default=0, ge=0)
    sold_from: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")
    sold_until: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")
    half_year_from: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")
    half_year_fee: int = Field(default=0, ge=0)
    runs_on_until: str | None = Field(default=None, pattern=r"^\d\d-\d\d$")


class RefundRule(Dated):
    """What of an area is given back. ``fee_percent``: of the balance; ``tiers``: [last day of the month, percent given back]
    for money of the current month, by default all of it; ``by_month``: the months of a period that have begun are taken off.
    """

    products: Items[str]
    area: Area
    fee_percent: int = Field(ge=0, le=100)
    tiers: Items[Annotated[tuple[int, int], Field(strict=False)]] = ()
    by_month: bool = False


class DepositRule(Dated):
    """The deposit of a product's card. ``monthly``: what each month that has begun takes off; ``full_days`` after the day of
    issue it is given back whole."""

    product: str
    amount: int = Field(gt=0)
    monthly: int = Field(ge=0)
    full_days: int = Field(default=0, ge=0)


class HoldRule(Dated):
    """How long the money of an old card waits before it is moved from the books."""

    reason: str
    working_days: int = Field(ge=0)


class WorkCalendar(Dated):
    """Days that differ from Monday to Friday: free ones, and weekend days that are worked."""

    free: Items[dt.date] = ()
    worked: Items[dt.date] = ()


class RuleSet(_Data):
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
    calendar: Items[WorkCalendar] = ()

    @model_validator(mode="after")
    def _no_contradictions(self) -> "RuleSet":
        """Two rules for the same thing on the same day contradict each other, unless they are the same rule twice."""
        groups: dict[tuple[str, ...], list[Dated]] = {}
        for load in self.load:
            groups.setdefault(("load", load.product, load.area), []).append(load)
        for spend in self.spend:
            groups.setdefault(("spend", spend.product), []).append(spend)
        for opening in self.opening:
            for product in opening.products:
                groups.setdefault(("open", opening.application, product), []).append(opening)
        for refund in self.refund:
            for product in refund.products:
                groups.setdefault(("refund", product, refund.area), []).append(refund)
        for deposit in self.deposit:
            groups.setdefault(("deposit", deposit.product), []).append(deposit)
        for hold in self.hold:
            groups.setdefault(("hold", hold.reason), []).append(hold)
        groups[("legal_cap",)] = list(self.legal_cap)
        for rules in groups.values():
            _refuse_overlap(rules)
        return self


def _refuse_overlap(rules: list[Dated]) -> None:
    ordered = sorted(rules, key=lambda rule: rule.since)
    for earlier, later in pairwise(ordered):
        if earlier.until is None or later.since <= earlier.until:
            raise ValueError(f"rules {earlier.id} and {later.id} hold on the same day ({later.since})")


def load_rule_set(path: Path | None = None) -> RuleSet:
    """The rule set in a file, or the packaged one. Raises RuleError ``rules_invalid`` naming the contradicting lines."""
    try:
        if path is None:
            source = resources.files(__package__).joinpath(f"{PACKAGED}.toml").read_text("utf-8")
        else:
            source = path.read_text("utf-8")
        return RuleSet.model_validate(tomllib.loads(source))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RuleError("rules_invalid", reason=error) from None
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        reason = "; ".join(f"{'.'.join(map(str, p['loc'])) or 'rules'}: {p['msg']}" for p in problems)
        raise RuleError("rules_invalid", reason=reason) from None
