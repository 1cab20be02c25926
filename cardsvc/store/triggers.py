"""Rules that hold in the database itself, for any program that writes to it.

Append-only: a row of transfer or evidence, once there, stays as it is. States: a load or purchase moves only along its list
(ledger/states.py). Alembic forgets triggers when it rebuilds a table on SQLite, so migrations call these functions.
"""

from collections.abc import Mapping
from typing import TypeVar

from cardsvc.ledger.states import LOAD_ALLOWED, PURCHASE_ALLOWED, LoadState, PurchaseState

APPEND_ONLY = ("transfer", "evidence")


def create_statements(dialect: str) -> tuple[str, ...]:
    """SQL that creates every trigger on this database (sqlite or postgresql)."""
    make = _sqlite if dialect == "sqlite" else _postgresql
    statements: list[str] = []
    for table in APPEND_ONLY:
        statements += make(f"{table}_no_update", table, "UPDATE", None, f"{table} is append-only")
        statements += make(f"{table}_no_delete", table, "DELETE", None, f"{table} is append-only")
        if dialect == "postgresql":
            statements.append(_no_truncate(table))
    for table, forbidden in (("load", _forbidden(LOAD_ALLOWED)), ("purchase", _forbidden(PURCHASE_ALLOWED))):
        statements += make(f"{table}_states", table, "UPDATE", forbidden, f"{table} state not allowed")
    return tuple(statements)


S = TypeVar("S", LoadState, PurchaseState)


def _forbidden(allowed: Mapping[S, frozenset[S]]) -> str:
    """A condition that is true for a change of state that is not in the list. Staying in a state is no change."""
    steps = [f"(OLD.state = '{now}' AND NEW.state = '{to}')" for now, nexts in allowed.items() for to in sorted(nexts)]
    return f"NOT (OLD.state = NEW.state OR {' OR '.join(steps)})"


def _sqlite(name: str, table: str, event: str, when: str | None, message: str) -> list[str]:
    condition = f" WHEN {when}" if when else ""
    body = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    return [f'CREATE TRIGGER {name} BEFORE {event} ON "{table}" FOR EACH ROW{condition} {body}']


def _postgresql(name: str, table: str, event: str, when: str | None, message: str) -> list[str]:
    condition = f" WHEN ({when})" if when else ""
    body = f"$$ BEGIN RAISE EXCEPTION '{message}'; END $$"
    return [
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS {body}",
        f'CREATE TRIGGER {name} BEFORE {event} ON "{table}" FOR EACH ROW{condition} EXECUTE FUNCTION {name}()',
    ]


def _no_truncate(table: str) -> str:
    """TRUNCATE fires no row triggers, and SQLite has none."""
    function = f"{table}_no_delete"
    return f'CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON "{table}" EXECUTE FUNCTION {function}()'
