"""One database transaction with its repositories. It is rolled back unless ``commit`` was called."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import DBAPIError

from cardsvc.store.failures import translated
from cardsvc.store.repositories import Repositories


class UnitOfWork(Repositories):
    """A transaction. Use as a context manager; nothing stays without ``commit``."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def __enter__(self) -> Self:
        with translated():
            self._connection = self._engine.connect()
            self._transaction = self._connection.begin()
        return self

    def hold(self, claim: str) -> None:
        """Hold a name until this transaction ends; whoever holds it now is waited for. For what rows of two cards, or of two
        tables, must not both claim, so that no row's lock and no one index keeps them apart: look for the other after this.

        SQLite has one writer at a time anyway. A hash of the name is locked: two names that share one wait for each other.
        """
        if self._connection.dialect.name != "sqlite":
            self._connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(claim, 0))))

    def commit(self) -> None:
        """Make everything done in this transaction durable."""
        with translated():
            self._transaction.commit()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """A part of the transaction that is undone alone when it raises."""
        with translated():
            part = self._connection.begin_nested()
            try:
                yield
            except DBAPIError:
                # A full disk makes SQLite undo the whole transaction, savepoints with it: the first error tells what happened.
                with suppress(DBAPIError):
                    part.rollback()
                raise
            except BaseException:
                part.rollback()
                raise
            part.commit()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._transaction.is_active:
                with translated():
                    self._transaction.rollback()
        finally:
            self._connection.close()
        if error is not None:
            with translated():
                raise error
