"""What all tables are declared with."""

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import (
    DateTime,
    Dialect,
    MetaData,
    TypeDecorator,
)

from cardsvc.ledger.postings import CHART

metadata = MetaData()


class UtcDateTime(TypeDecorator[dt.datetime]):
    """An aware time in UTC on every database (SQLite forgets the zone)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Refuse a time without a zone: it would be read as something else elsewhere."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time needs a zone")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Give the zone back."""
        return value.replace(tzinfo=dt.UTC) if value and value.tzinfo is None else value


def one_of(column: str, values: Iterable[str]) -> str:
    """SQL of a CHECK that a column holds one of these values."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def in_chart(column: str) -> str:
    """SQL of a CHECK that a column names an account of the chart."""
    return " OR ".join(f"{column} LIKE '{prefix}:%'" for prefix in CHART)
