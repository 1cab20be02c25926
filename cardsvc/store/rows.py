"""One table as a collection of records: the few statements that every repository needs, written once."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    Connection,
    Insert,
    Select,
    Table,
    Tuple,
    Update,
    bindparam,
    cast,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    R = TypeVar("R", bound=DataclassInstance)
else:
    R = TypeVar("R")

IN_ONE_STATEMENT = 2000
"""Values in one statement; SQLite takes 32,766 parameters, PostgreSQL 65,535, and a tuple has up to four."""


def insert_or(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that says what is done where the row is there already (ON CONFLICT), for the database of this connection."""
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


class Rows(Generic[R]):
    """The rows of ``table`` as values of ``record``, whose field names are the column names."""

    table: ClassVar[Table]
    record: type[R]

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, *key: object) -> R | None:
        """The row with this primary key."""
        return self._one(_by_key(self.table), key)

    def get_one(self, *key: object) -> R:
        """The row with this primary key, which an operation or another row names: such never go away. Raises LookupError."""
        row = self.get(*key)
        if row is None:
            raise LookupError(f"a row of {self.table.name} is gone")
        return row

    def for_update(self, *key: object) -> R | None:
        """The row with this primary key, locked against other workers until the transaction ends (SQLite locks as a whole)."""
        return self._one(_locked_by_key(self.table), key)

    def add(self, row: R) -> R:
        """Insert a row."""
        values = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
        self._connection.execute(_insert(self.table), values)
        return row

    def add_many(self, rows: Iterable[R]) -> None:
        """Insert many rows in one go."""
        names = [field.name for field in dataclasses.fields(self.record)]
        values = [{name: getattr(row, name) for name in names} for row in rows]
        if values:
            self._connection.execute(_insert(self.table), values)

    def change(self, row: R, **values: Any) -> R:
        """Update a row by its primary key; returns the row as it is then."""
        key = tuple(getattr(row, column.name) for column in self.table.primary_key)
        self._connection.execute(_update_by_key(self.table), values | self._key(key))
        return dataclasses.replace(row, **values)

    def where(self, *conditions: ColumnElement[bool], limit: int | None = None, newest: str | None = None) -> list[R]:
        """Rows that fulfil all conditions; ``newest`` names the column to sort by, last first."""
        query = select(self.table).where(*conditions).limit(limit)
        if newest:
            query = query.order_by(self.table.c[newest].desc())
        return self._records(query)

    def where_is(self, *, limit: int | None = None, newest: str | None = None, **values: object) -> list[R]:
        """Rows whose columns have these values: None for none at all, a tuple or set for one of many; else see ``where``."""
        shape = tuple((name, _how(value)) for name, value in values.items())
        given = {name: value for name, value in values.items() if value is not None}
        return self._records(_by_values(self.table, shape, newest, limit), given)

    def first_is(self, *, newest: str | None = None, **values: object) -> R | None:
        """The first of the rows whose columns have these values."""
        found = self.where_is(limit=1, newest=newest, **values)
        return found[0] if found else None

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

    def _one(self, query: "Select[Any]", key: tuple[object, ...]) -> R | None:
        return self._record(query, self._key(key))

    def _record(self, query: "Select[Any]", values: Mapping[str, object] | None = None) -> R | None:
        """The row that a query of this table's columns finds, which finds one at most."""
        (one,) = self._records(query, values) or (None,)
        return one

    def _records(self, query: "Select[Any]", values: Mapping[str, object] | None = None) -> list[R]:
        """The rows that a query of this table's columns finds. SQLAlchemy's own mappings look each column of each row up by
        its name, which takes half as long again."""
        found = self._connection.execute(query, values)
        names = tuple(found.keys())
        return [self.record(**dict(zip(names, row, strict=True))) for row in found]

    def _key(self, key: tuple[object, ...]) -> dict[str, object]:
        return {KEY + column.name: value for column, value in zip(self.table.primary_key, key, strict=True)}


KEY = "key_"
"""Before the names of a primary key's parameters: an update may set a column of the same name."""


# A statement that is built once is compiled once, and known again without walking over it: building and recognising
# statements took more of a top-up's time than carrying them out.


@cache
def _by_key(table: Table) -> "Select[Any]":
    return select(table).where(*_is_key(table))


@cache
def _locked_by_key(table: Table) -> "Select[Any]":
    return _by_key(table).with_for_update()


def _how(value: object) -> str:
    if value is None:
        return "absent"
    return "among" if isinstance(value, tuple | frozenset | set) else "is"


@cache
def _by_values(table: Table, shape: tuple[tuple[str, str], ...], newest: str | None, limit: int | None) -> "Select[Any]":
    query = select(table).where(*(_condition(table.c[name], how) for name, how in shape)).limit(limit)
    return query.order_by(table.c[newest].desc()) if newest else query


def _condition(column: ColumnElement[Any], how: str) -> ColumnElement[bool]:
    if how == "absent":
        return column.is_(None)
    wanted: BindParameter[Any] = bindparam(column.key, expanding=how == "among")
    return column.in_(wanted) if how == "among" else column == wanted


@cache
def _insert(table: Table) -> Insert:
    return table.insert()


@cache
def _update_by_key(table: Table) -> Update:
    return table.update().where(*_is_key(table))


def _is_key(table: Table) -> list[ColumnElement[bool]]:
    return [column == bindparam(KEY + column.name) for column in table.primary_key]
