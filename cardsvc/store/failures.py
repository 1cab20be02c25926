"""What the database refuses, in the words of our own error tree."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError

from cardsvc.errors import CardsvcError, OperationError, RequestError, StoreError

_UNIQUE: dict[str, type[CardsvcError]] = {
    "uq_operation_live": OperationError,
    "operation.card_no": OperationError,
    "uq_operation_idempotency": RequestError,
    "operation.idempotency_key": RequestError,
}
_CODES = {OperationError: "card_busy", RequestError: "request_in_flight"}
_OPERATIONAL = (
    ("locked", "store_locked"),
    ("readonly", "store_read_only"),
    ("read-only", "store_read_only"),
    ("full", "store_full"),
    ("No space", "store_full"),
)


@contextmanager
def translated() -> Iterator[None]:
    """Turn errors of the database driver into errors with a code. None of them names values of a row."""
    try:
        yield
    except IntegrityError as error:
        raise _integrity(str(error.orig)) from error
    except DBAPIError as error:
        raise _operational(str(error.orig)) from error


def _integrity(message: str) -> CardsvcError:
    for mark, family in _UNIQUE.items():
        if mark in message:
            return family(_CODES[family])
    return StoreError("store_refused", reason=message.splitlines()[0])


def _operational(message: str) -> StoreError:
    code = next((code for mark, code in _OPERATIONAL if mark in message), "store_unreachable")
    return StoreError(code, reason=message.splitlines()[0])
