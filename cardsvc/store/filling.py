"""Many rows at once into a scratch database, for benchmarks: by COPY on PostgreSQL, by inserts elsewhere."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from psycopg.sql import SQL, Identifier

from cardsvc.store.rows import Rows

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def fill_rows(rows: "Rows[Any]", records: "Sequence[DataclassInstance]") -> None:
    """Add the records to the table of this repository, within its transaction. All are new."""
    connection = rows._connection
    if connection.dialect.name != "postgresql":
        rows.add_many(records)
        return
    names = [field.name for field in dataclasses.fields(rows.record)]
    sent = [(name, _sent(rows, name)) for name in names]
    words = SQL("COPY {} ({}) FROM STDIN").format(Identifier(rows.table.name), SQL(", ").join(map(Identifier, names)))
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(words) as copy:
        for record in records:
            copy.write_row([made(getattr(record, name)) for name, made in sent])


def _sent(rows: "Rows[Any]", name: str) -> Callable[[Any], Any]:
    """How the values of a column are given to the driver."""
    dialect = rows._connection.dialect
    made = rows.table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    return made or (lambda value: value)
