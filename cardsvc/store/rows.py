"""One table as a collection of records: the few statements that every repository needs, written once."""

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, and_, select

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    R = TypeVar("R", bound=DataclassInstance)
else:
    R = TypeVar("R")


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

    def add(self, row: R) -> R:
        """Insert a row."""
        values = {field.name: getattr(row, field.name) for field in dataclasses.fields(row)}
        self._connection.execute(self.table.insert().values(values))
        return row

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

    def _is(self, *key: object) -> list[ColumnElement[bool]]:
        return [column == value for column, value in zip(self.table.primary_key, key, strict=True)]
