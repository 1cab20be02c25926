"""What every model of rule data is made of. Amounts in fen; dates are the first and the last day, included."""

import datetime as dt
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from cardsvc.text import Text

T = TypeVar("T")
Items = Annotated[tuple[T, ...], Field(strict=False)]
Amount = Annotated[int, Field(ge=0, le=10**8)]
"""Fen."""
Positive = Annotated[int, Field(gt=0, le=10**8)]
"""Fen, and not nothing."""
Days = Annotated[int, Field(ge=0, le=366)]
NO_AGE = 150
"""In years: nobody becomes so old."""
Years = Annotated[int, Field(ge=0, le=NO_AGE)]
Percent = Annotated[int, Field(ge=0, le=100)]
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
"""A day of every year, ``"11-15"``."""


def _in_both(value: object) -> object:
    """Text in one language stands for both: rule sets from before there were two."""
    return Text(value, value) if isinstance(value, str) else value


Source = Annotated[Text, BeforeValidator(_in_both), PlainSerializer(Text._asdict)]
"""Where a rule comes from: its reliability (A to C, K; see hangzhou.toml), then what says so."""


class Data(BaseModel):
    """Strict types, no unknown fields."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Dated(Data):
    """A rule with its life and its source."""

    id: str
    since: dt.date
    until: dt.date | None = None
    source: Source

    def holds(self, day: dt.date) -> bool:
        """Whether the rule is in force on this day."""
        return self.since <= day and (self.until is None or day <= self.until)
