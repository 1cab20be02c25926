"""What a store sends to its database, recorded statement by statement, for benchmarks that repeat it without the service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import ClientCursor
from sqlalchemy import event
from sqlalchemy.engine import make_url

from cardsvc.store.store import Store

Statement = tuple[str, dict[str, Any]]
"""SQL with named parameters, and their values; BEGIN and COMMIT are statements like others."""


@contextmanager
def recorded(store: Store) -> Iterator[list[Statement]]:
    """Every statement that writing transactions send while this is open. PostgreSQL only: SQLite has no named parameters."""
    seen: list[Statement] = []

    def begun(_connection: Any) -> None:
        seen.append(("BEGIN", {}))

    def ended(_connection: Any) -> None:
        seen.append(("COMMIT", {}))

    def sent(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        seen.append((sql, dict(parameters)))

    listeners = (("begin", begun), ("commit", ended), ("before_cursor_execute", sent))
    for name, listener in listeners:
        event.listen(store._writer, name, listener)
    try:
        yield seen
    finally:
        for name, listener in listeners:
            event.remove(store._writer, name, listener)


def as_text(store: Store, statements: list[Statement]) -> list[str]:
    """Statements with their values in place, each on one line."""
    with store._writer.connect() as connection:
        cursor = ClientCursor(connection.connection.driver_connection)  # type: ignore[arg-type] # it is psycopg's
        return [" ".join((cursor.mogrify(sql, values) if values else sql).split()) for sql, values in statements]


def libpq_url(database_url: str) -> str:
    """The address of a PostgreSQL database for its own programs."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
