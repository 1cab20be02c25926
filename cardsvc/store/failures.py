"""What the database refuses, in the words of our own error tree. None of it names values of a row."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from cardsvc.errors import CardsvcError, OperationError, RequestError, StoreError
from cardsvc.text import Text


class TransactionLost(StoreError):
    """The transaction as a whole is gone, with its connection or without: nothing more can be done or noted in it."""


class Conflict(TransactionLost):
    """Two transactions met; this one was undone as a whole and may simply run again."""


def _busy(code: str) -> CardsvcError:
    """Two began at the same moment: the one that lost does not see the other's row."""
    return OperationError(code, held=Text("刚开始", "begun just now"), until=Text("一分钟后", "in a minute"))


_UNIQUE: tuple[tuple[str, Callable[[str], CardsvcError], str], ...] = (
    ("uq_operation_live", _busy, "card_busy"),
    ("operation.card_no", _busy, "card_busy"),
    ("uq_operation_idempotency", Conflict, "store_conflict"),
    ("operation.idempotency_key", Conflict, "store_conflict"),
    ("uq_load_payment", RequestError, "payment_reference_used"),
    ("load.payment_reference", RequestError, "payment_reference_used"),
    ("uq_application_fee_payment", RequestError, "payment_reference_used"),
    ("application_fee.payment_reference", RequestError, "payment_reference_used"),
    ("uq_topup_order_payment", RequestError, "payment_reference_used"),
    ("topup_order.payment_reference", RequestError, "payment_reference_used"),
    ("uq_file_batch_content", Conflict, "store_conflict"),
    ("file_batch.sha256", Conflict, "store_conflict"),
    ("pk_reader_day", Conflict, "store_conflict"),
    ("reader_day.place", Conflict, "store_conflict"),
    ("pk_nonce", RequestError, "request_replayed"),
    ("pk_rule_version", Conflict, "store_conflict"),
    ("rule_version.version", Conflict, "store_conflict"),
    ("uq_rule_version_effective_from", Conflict, "store_conflict"),
    ("rule_version.effective_from", Conflict, "store_conflict"),
    ("uq_citizen_id_number", Conflict, "store_conflict"),
    ("citizen.id_number", Conflict, "store_conflict"),
    ("uq_card_request_open", Conflict, "store_conflict"),
    ("card_request.citizen_id", Conflict, "store_conflict"),
    ("card_request.case_no", Conflict, "store_conflict"),
    ("pk_card", Conflict, "store_conflict"),
    ("pk_transfer", Conflict, "store_conflict"),
    ("pk_day_seal", Conflict, "store_conflict"),
    ("uq_day_seal_day", OperationError, "day_ended"),
    ("day_seal.outlet_id", OperationError, "day_ended"),
    ("uq_shift_teller", OperationError, "shift_open_elsewhere"),
    ("shift.staff_id", OperationError, "shift_open_elsewhere"),
    ("uq_shift_workstation", OperationError, "workstation_taken"),
    ("shift.actor_kind", OperationError, "workstation_taken"),
    ("pk_hotlist_entry", Conflict, "store_conflict"),
    ("hotlist_entry.version", Conflict, "store_conflict"),
    ("pk_hotlist_ack", Conflict, "store_conflict"),
)
"""Names of constraints as PostgreSQL gives them, and columns as SQLite does."""

_STATES = {
    "40001": "store_conflict",
    "40P01": "store_conflict",
    "55P03": "store_locked",
    "57014": "store_locked",
    "53100": "store_full",
    "25006": "store_read_only",
    "P0001": "store_refused",
    "57P01": "store_connection_lost",
    "57P02": "store_connection_lost",
}
"""SQLSTATE (PostgreSQL, appendix A): serialization failure, deadlock, lock not available, query cancelled (our time limits),
disk full, read-only transaction, RAISE in one of our triggers, server shut down or crashed."""

_OPERATIONAL = (
    ("locked", "store_locked"),
    ("readonly", "store_read_only"),
    ("read-only", "store_read_only"),
    ("full", "store_full"),
    ("No space", "store_full"),
    ("server closed the connection", "store_connection_lost"),
    ("connection is lost", "store_connection_lost"),
    ("terminating connection", "store_connection_lost"),
    ("consuming input failed", "store_connection_lost"),
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the database driver into errors with a code."""
    try:
        yield
    except IntegrityError as error:
        raise _integrity(str(error.orig)) from error
    except DBAPIError as error:
        raise _operational(error) from error


def _integrity(message: str) -> CardsvcError:
    for mark, family, code in _UNIQUE:
        if mark in message:
            return family(code)
    return StoreError("store_refused", reason=message.splitlines()[0])


def _operational(error: DBAPIError) -> StoreError:
    message = str(error.orig)
    code = _STATES.get(getattr(error.orig, "sqlstate", None) or "")
    if getattr(getattr(error.orig, "diag", None), "severity_nonlocalized", None) == "PANIC":
        code = "store_connection_lost"  # the whole server is gone, by a full WAL disk for one: a commit may have come through
    if code is None:
        code = next((code for mark, code in _OPERATIONAL if mark in message), "store_unreachable")
    if code == "store_conflict":
        return Conflict(code)
    kind = StoreError if code == "store_refused" else TransactionLost
    return kind(code, reason=message.splitlines()[0] if message else type(error.orig).__name__)
