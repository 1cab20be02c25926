"""One table as a collection of records: the few statements that every repository needs, written once."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sqlalchemy import ARRAY, ColumnElement, Connection, Insert, Select, Table, Tuple, Update, bindparam, cast, func, select

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    R = TypeVar("R", bound=DataclassInstance)
else:
    R = TypeVar("R")

IN_ONE_STATEMENT = 2000
"""Values in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535, and a tuple has up to four."""

KEY = "key_of_"
"""Before the names of the primary key's columns in an update, whose own names are the new values."""


class Rows(Generic[R]):
    """The rows of ``table`` as values of ``record``, whose field names are the column names."""

    table: ClassVar[Table]
    record: type[R]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, *key: object) -> R | None:
        """The row with this primary key."""
        found = self.equal(**self._named(key))
        return found[0] if found else None

    def for_update(self, *key: object) -> R | None:
        """The row with this primary key, locked against other workers until the transaction ends (SQLite locks as a whole)."""
        named = self._named(key)
        row = self._connection.execute(_select(self.table, tuple(named), lock=True), named).mappings().one_or_none()
        return self.record(**row) if row else None

    def add(self, row: R) -> R:
        """Insert a row."""
        self._connection.execute(_insert(self.table), {name: getattr(row, name) for name in _names(self.record)})
        return row

    def add_many(self, rows: Iterable[R]) -> None:
        """Insert many rows in one go."""
        names = _names(self.record)
        values = [{name: getattr(row, name) for name in names} for row in rows]
        if values:
            self._connection.execute(_insert(self.table), values)

    def change(self, row: R, **values: Any) -> R:
        """Update a row by its primary key; returns the row as it is then."""
        key = {f"{KEY}{column.name}": getattr(row, column.name) for column in self.table.primary_key}
        self._connection.execute(_update(self.table), values | key)
        return dataclasses.replace(row, **values)

    def equal(self, **values: object) -> list[R]:
        """Rows whose columns have these values; None is a value that no column has."""
        found = self._connection.execute(_select(self.table, tuple(values)), values)
        return [self.record(**row) for row in found.mappings()]

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

    def _named(self, key: tuple[object, ...]) -> dict[str, object]:
        return {column.name: value for column, value in zip(self.table.primary_key, key, strict=True)}


# Building a statement takes SQLAlchemy longer than the database takes to answer it: those that only differ in values are kept.


@cache
def _names(record: "type[DataclassInstance]") -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(record))


@cache
def _select(table: Table, names: tuple[str, ...], *, lock: bool = False) -> Select[Any]:
    query = select(table).where(*(table.c[name] == bindparam(name, type_=table.c[name].type) for name in names))
    return query.with_for_update() if lock else query


@cache
def _insert(table: Table) -> Insert:
    return table.insert()


@cache
def _update(table: Table) -> Update:
    return table.update().where(
        *(column == bindparam(f"{KEY}{column.name}", type_=column.type) for column in table.primary_key)
    )
