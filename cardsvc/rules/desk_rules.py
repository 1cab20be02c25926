"""Models of the rules of desks and readers: fares, fees, hours, promises, who may come, photos, loss reports, card products,
blank cards and making."""

import datetime as dt
from typing import Literal

from pydantic import Field, model_validator

from cardsvc.errors.fields import FieldsError
from cardsvc.rules.data import Amount, Dated, Items


class FareRule(Dated):
    """What part of a full price a product pays at a service (bus, metro, parking). A product without a rule is not taken."""

    products: Items[str]
    service: str
    percent: int = Field(ge=0, le=100)


class FeeRule(Dated):
    """What a job at the desk costs, in fen."""

    job: str
    amount: Amount


class PayerRule(Dated):
    """Who pays on an occasion. ``job``: the holder pays the fee of this job; without one nothing is taken."""

    occasion: str
    payer: Literal["nobody", "holder", "card_company"]
    job: str | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "PayerRule":
        if (self.payer == "holder") != (self.job is not None):
            raise FieldsError(
                f"{self.id}：持卡人付费才有 job，别人付费没有", f"{self.id}: the holder pays for a job, and nobody else does"
            )
        return self


class HoursRule(Dated):
    """When an outlet of a kind is open. ``weekdays``: 0 is Monday; with ``calendar`` it is closed on the free days of the year
    and open on the weekend days that are worked for them; ``last_days`` of the month have hours of their own."""

    outlet: str
    weekdays: Items[int]
    opens: dt.time
    closes: dt.time
    calendar: bool = False
    last_days: int = Field(default=0, ge=0, le=28)
    last_opens: dt.time | None = None
    last_closes: dt.time | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "HoursRule":
        if not set(self.weekdays) <= set(range(7)) or not self.weekdays:
            raise FieldsError(f"{self.id}：weekdays 为 0 至 6，至少一天", f"{self.id}: weekdays are 0 to 6, and one at least")
        if self.opens >= self.closes or bool(self.last_days) != bool(self.last_opens and self.last_closes):
            raise FieldsError(
                f"{self.id}：开门应早于关门；last_days 要有自己的时间",
                f"{self.id}: opens before it closes, and last_days come with their hours",
            )
        return self


class PromiseRule(Dated):
    """When a new card is ready. Before ``cutoff``: after ``minutes``; else on the ``open_days``-th day the outlet is open."""

    outlet: str
    cutoff: dt.time | None = None
    minutes: int = Field(default=0, ge=0)
    open_days: int = Field(ge=1)


class PersonRule(Dated):
    """Who must come for a job. ``in_person``: no agent, but with ``named_agent`` the friend that the person named before;
    ``parent_under`` this age with a parent; ``consent_under``: a guardian's consent is kept."""

    job: str
    in_person: bool = False
    named_agent: bool = False
    parent_under: int = Field(default=0, ge=0)
    consent_under: int = Field(default=0, ge=0)


class PhotoRule(Dated):
    """The holder's photo: pixels, bytes, format; ``white_percent``: how much of its background is white at least."""

    width: int = Field(gt=0)
    height: int = Field(gt=0)
    min_bytes: int = Field(gt=0)
    max_bytes: int = Field(gt=0)
    format: Literal["JPEG"]
    white_percent: int = Field(default=0, ge=0, le=100)


class LossRule(Dated):
    """How long a loss report of a kind holds without a formal one; for ever where no hours are given."""

    report: str
    lapses_after_hours: int | None = Field(default=None, gt=0)


class ProductRule(Dated):
    """A card product: generation, algorithm of its keys, whether it has a name and may be reported lost, years of warranty."""

    product: str
    generation: int = Field(ge=1)
    algorithm: Literal["3DES", "SM4"]
    named: bool
    reportable: bool
    warranty_years: int = Field(default=0, ge=0)


class UncollectedRule(Dated):
    """Made cards that nobody collects: their holder is told again after so many days, every so many days, so many times."""

    after_days: int = Field(gt=0)
    every_days: int = Field(gt=0)
    times: int = Field(ge=0)


class ConsignmentRule(Dated):
    """Cards sent from one outlet to another: in how many of its open days they arrive, and in how many a card that was not in
    its bag is found or given up."""

    arrives_days: int = Field(gt=0)
    search_days: int = Field(gt=0)


class KeepingRule(Dated):
    """How many days personal data are kept when nothing needs them any more: ``photo`` of a person without a card in use,
    ``request``: an application that was withdrawn."""

    data: Literal["photo", "request"]
    days: int = Field(ge=0)


class StockRule(Dated):
    """Blank cards. ``unknown``: a chip of no batch that was delivered; ``empty``: the books say that the desk has none left.

    ``stop_after``: failures in a row, at one desk or from one batch, that stop the making; ``first_article``: the first card
    of each batch at a desk is read again; ``learned_days``: days with cards made that say how many a day needs.
    """

    unknown: Literal["warn", "refuse"]
    empty: Literal["warn", "refuse"]
    stop_after: int = Field(ge=1, le=100)
    first_article: bool = True
    learned_days: int = Field(ge=1, le=100)
