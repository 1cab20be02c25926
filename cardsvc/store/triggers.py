"""Rules that hold in the database itself, for any program that writes to it.

Append-only: a row of transfer, of evidence, of the hot list, or of what a file or a card said, once there, stays as it is.
States: a load, fee or purchase moves only along its list (ledger/states.py). Alembic forgets triggers when it rebuilds a table
on SQLite, so migrations call these functions.
"""

from collections.abc import Iterable, Mapping, Set
from enum import StrEnum
from typing import Any

from cardsvc.ledger.states import FEE_ALLOWED, LOAD_ALLOWED, ORDER_ALLOWED, PURCHASE_ALLOWED, SHIFT_ALLOWED
from cardsvc.store.handout_states import CONSIGNED_ALLOWED, CONSIGNMENT_ALLOWED, HANDOUT_ALLOWED
from cardsvc.store.states import (
    APPROVAL_ALLOWED,
    BATCH_ALLOWED,
    BICYCLE_ALLOWED,
    BULK_ALLOWED,
    BULK_LINE_ALLOWED,
    CARD_ALLOWED,
    CARD_REQUEST_ALLOWED,
    DEPOSIT_ALLOWED,
    DIFFERENCE_ALLOWED,
    FACE_PRINT_ALLOWED,
    LEGACY_CARD_ALLOWED,
    NOTICE_ALLOWED,
    OLD_CARD_ALLOWED,
    OPERATION_ALLOWED,
    TICKET_ALLOWED,
)

APPEND_ONLY = (
    "rule_version",
    "transfer",
    "evidence",
    "spending_record",
    "statement_record",
    "card_sighting",
    "reconciliation_run",
    "refund",
    "day_seal",
    "sealed_head",
    "month_end",
    "takeover_part",
    "hotlist_entry",
    "diagnosis",
    "ticket_event",
    "appraisal_case",
    "appraisal",
    "call_back",
    "complaint",
    "complaint_step",
    "hall_note",
    "cancellation",
    "cash_given",
    "held_payout",
    "rights_file",
    "staff_act",
    "bulk_event",
    "blank_batch",
    "blank_movement",
    "blank_count",
    "making_note",
    "staff_change",
)

STATES: Mapping[str, Mapping[Any, Set[Any]]] = {
    "card": CARD_ALLOWED,
    "operation": OPERATION_ALLOWED,
    "load": LOAD_ALLOWED,
    "application_fee": FEE_ALLOWED,
    "purchase": PURCHASE_ALLOWED,
    "approval": APPROVAL_ALLOWED,
    "topup_order": ORDER_ALLOWED,
    "file_batch": BATCH_ALLOWED,
    "difference": DIFFERENCE_ALLOWED,
    "bicycle_hold": BICYCLE_ALLOWED,
    "shift": SHIFT_ALLOWED,
    "legacy_card": LEGACY_CARD_ALLOWED,
    "takeover": OLD_CARD_ALLOWED,
    "deposit": DEPOSIT_ALLOWED,
    "ticket": TICKET_ALLOWED,
    "card_request": CARD_REQUEST_ALLOWED,
    "bulk_batch": BULK_ALLOWED,
    "bulk_line": BULK_LINE_ALLOWED,
    "notice": NOTICE_ALLOWED,
    "library_notice": NOTICE_ALLOWED,
    "face_print": FACE_PRINT_ALLOWED,
    "handout": HANDOUT_ALLOWED,
    "consignment": CONSIGNMENT_ALLOWED,
    "consigned_card": CONSIGNED_ALLOWED,
}
"""Tables whose column ``state`` moves only along a list."""

REFUSED: Mapping[str, tuple[str, str, str]] = {
    "shift_counted_by": (
        "shift",
        "NEW.counted_by IS NULL AND ((NEW.state = 'difference_pending' AND OLD.state <> 'difference_pending') "
        "OR (NEW.state = 'closed' AND NEW.approval_id IS NULL))",
        "a drawer is counted by somebody",
    ),
}
"""Changes that no program may make, by the name of their trigger: table, condition, message. A CHECK cannot say these, for rows
of before its migration would not pass it."""


def create_statements(dialect: str, *tables: str) -> tuple[str, ...]:
    """SQL that creates the triggers of these tables, or of all, on this database (sqlite or postgresql).

    A migration names the tables that it makes, or triggers of ``REFUSED``: later ones are not there yet.
    """
    make = _sqlite if dialect == "sqlite" else _postgresql
    statements: list[str] = []
    for table in _of(APPEND_ONLY, tables):
        statements += append_only(dialect, table)
    for table in _of(STATES, tables):
        statements += make(f"{table}_states", table, "UPDATE", _forbidden(STATES[table]), f"{table} state not allowed")
    for name in _of(REFUSED, tables):
        table, when, message = REFUSED[name]
        statements += make(name, table, "UPDATE", when, message)
    return tuple(statements)


def append_only(dialect: str, table: str) -> tuple[str, ...]:
    """SQL that makes a table append-only: also one which was that at the time of a migration, and is no more."""
    make = _sqlite if dialect == "sqlite" else _postgresql
    statements = make(f"{table}_no_update", table, "UPDATE", None, f"{table} is append-only")
    statements += make(f"{table}_no_delete", table, "DELETE", None, f"{table} is append-only")
    return (*statements, _no_truncate(table)) if dialect == "postgresql" else tuple(statements)


def _of(known: Iterable[str], wanted: tuple[str, ...]) -> list[str]:
    return [table for table in known if not wanted or table in wanted]


def _forbidden(allowed: Mapping[StrEnum, Set[StrEnum]]) -> str:
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
