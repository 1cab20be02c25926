"""One table as a collection of records: the few statements that every repository needs, written once."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Connection, Table, Tuple, and_, cast, func, select

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    R = TypeVar("R", bound=DataclassInstance)
else:
    R = TypeVar("R")

IN_ONE_STATEMENT = 2000
"""Values in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535, and a tuple has up to four."""


class Rows(Generic[R]):
    """The rows of ``table`` as values of ``record``, whose field names are the column names."""

    table: ClassVar[Table]
    record: type[R]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, *key: object) -> R | None:
        """The row with this primary key."""
        found = self.where(*self._is(*key), limit=1)
        return found[0] if found else None

    def for_update(self, *key: object) -> R | None:
        """The row with this primary key, locked against other workers until the transaction ends (SQLite locks as a whole)."""
        query = select(self.table).where(*self._is(*key)).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return self.record(**row) if row else None

    def add(self, row: R) -> R:
        """Insert a row."""
        values = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
        self._connection.execute(self.table.insert().values(values))
        return row

    def add_many(self, rows: Iterable[R]) -> None:
        """Insert many rows in one go."""
        names = [field.name for field in dataclasses.fields(self.record)]
        values = [{name: getattr(row, name) for name in names} for row in rows]
        if values:
            self._connection.execute(self.table.insert(), values)

    def change(self, row: R, **values: Any) -> R:
        """Update a row by its primary key; returns the row as it is then."""
        key = (getattr(row, column.name) for column in self.table.primary_key)
        self._connection.execute(self.table.update().where(and_(*self._is(*key))).values(values))
        return dataclasses.replace(row, **values)

    def where(self, *conditions: ColumnElement[bool], limit: int | None = None, newest: str | None = None) -> list[R]:
        """Rows that fulfil all conditions; ``newest`` names the column to sort by, last first."""
        query = select(self.table).where(*conditions).limit(limit)
        if newest:
            query = query.order_by(self.table.c[newest].desc())
        return [self.record(**row) for row in self._connection.execute(query).mappings()]

    def where_in(self, key: ColumnElement[Any], wanted: Collection[Any], *conditions: ColumnElement[bool]) -> list[R]:
        """Rows whose column (or tuple of columns) is one of many values, and that fulfil all conditions."""
        return [row for part in self.parts(wanted) for row in self.where(self._among(key, part), *conditions)]

    @staticmethod
    def parts(values: Collection[Any]) -> Iterator[list[Any]]:
        """Many values in parts that a statement takes, sorted: whoever locks rows by them locks in the same order."""
        rest = iter(sorted(set(values)))
        while part := list(islice(rest, IN_ONE_STATEMENT)):
            yield part

    def _among(self, key: ColumnElement[Any], wanted: list[Any]) -> ColumnElement[bool]:
        """A condition that a column or a tuple of columns is one of these.

        PostgreSQL would take a list of tuples apart into thousands of ORs: it gets one array for each column instead.
        """
        if not isinstance(key, Tuple) or self._connection.dialect.name == "sqlite":
            return key.in_(wanted)
        arrays = zip(key.clauses, zip(*wanted, strict=True), strict=True)
        return key.in_(select(*(func.unnest(cast(list(values), ARRAY(part.type))) for part, values in arrays)))

    def delete_in(self, key: ColumnElement[Any], wanted: Collection[Any]) -> None:
        """Delete the rows whose column (or tuple of columns) is one of many values."""
        for part in self.parts(wanted):
            self._connection.execute(self.table.delete().where(self._among(key, part)))

    def _is(self, *key: object) -> list[ColumnElement[bool]]:
        return [column == value for column, value in zip(self.table.primary_key, key, strict=True)]
