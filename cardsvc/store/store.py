"""Opening the database: SQLite as one file, PostgreSQL (psycopg 3) where several hosts share it.

SQLite's own defaults lose updates without an error (420 of 480 in a measured run: SELECT ran outside the transaction), so the
driver is told to begin nothing by itself, writers begin with BEGIN IMMEDIATE, and every commit reaches the disk.

On PostgreSQL transactions are READ COMMITTED, and whoever touches a card's money holds the lock of the card's row first. Where
an engine that speaks PostgreSQL's wire is stricter, or two transactions lock each other out, ``transact`` runs the work again:
it is database work only, nothing has been said to a card yet.
"""

import datetime as dt
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.util import asbool

from cardsvc.errors import StoreError
from cardsvc.store.failures import Conflict, translated
from cardsvc.store.migrate import current_revision, head_revision, shown, upgrade
from cardsvc.store.unit_of_work import UnitOfWork

BUSY_SECONDS = 15
ATTEMPTS = 6
CONNECT_SECONDS = 5
_OPTIONS = "-c lock_timeout=15s -c statement_timeout=60s -c idle_in_transaction_session_timeout=60s"
POOL = {"pool_pre_ping": True, "pool_size": 16, "max_overflow": 48, "pool_timeout": BUSY_SECONDS}

T = TypeVar("T")


class Store:
    """A database that is open and of the right version."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._writer = _engine(url, "BEGIN IMMEDIATE")
        self._reader = _engine(url, "BEGIN")
        self._snapshot = self._reader
        if self._reader.dialect.name != "sqlite":
            self._snapshot = self._reader.execution_options(isolation_level="REPEATABLE READ")

    def begin(self) -> UnitOfWork:
        """A transaction that may write. On SQLite there is one at a time; others wait."""
        return UnitOfWork(self._writer)

    def transact(self, work: Callable[[UnitOfWork], T]) -> T:
        """Run database work and commit it, again from its start when it met another transaction."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with self.begin() as uow:
                    value = work(uow)
                    uow.commit()
                    return value
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
                time.sleep(random.uniform(0, 0.01 * 2**attempt))
        raise AssertionError("the last attempt returns or raises")

    def read(self) -> UnitOfWork:
        """A transaction that only reads: it waits for nobody."""
        return UnitOfWork(self._reader)

    def snapshot(self) -> UnitOfWork:
        """A transaction that only reads, and sees the database as it was at its first look. On SQLite every one does."""
        return UnitOfWork(self._snapshot)

    def clock(self) -> dt.datetime | None:
        """The clock of the database's server; None where there is no server."""
        if self._reader.dialect.name == "sqlite":
            return None
        with translated(), self._reader.connect() as connection:
            moment: dt.datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
            return moment

    def ping(self) -> None:
        """Raise StoreError when the database does not answer."""
        with translated(), self._reader.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._writer.dispose()
        self._reader.dispose()


def open_store(url: str, *, create: bool = True) -> Store:
    """Open a database, creating or upgrading its tables where ``create`` is set.

    Raises StoreError: ``store_url_wrong``, ``store_unreachable``, ``store_read_only``, ``store_version``, ``store_foreign``,
    and ``store_missing`` where there is none to open.
    """
    with translated():
        revision = upgrade(url) if create else revision_of(url)
    if revision != head_revision():
        raise StoreError("store_version", found=revision or "none", wanted=head_revision())
    return Store(url)


def revision_of(url: str) -> str:
    """The version of a database that is there. Raises StoreError ``store_missing`` where none is: SQLite would make one."""
    file = sqlite_file(url)
    with translated():
        found = None if file is not None and not file.exists() else current_revision(url)
    if found is None:
        raise StoreError("store_missing", where=shown(url))
    return found


def sqlite_file(url: str) -> Path | None:
    """The file of an SQLite database; None for one in memory and for every other one.

    A file may be named by its path or, with ``uri=true``, by an address (``file:...``).  Source: SQLite, "URI Filenames" 3.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    if not asbool(parsed.query.get("uri", False)) or not str(parsed.database).startswith("file:"):
        return Path(str(parsed.database))
    path = unquote(urlsplit(str(parsed.database)).path)
    in_memory = path in ("", ":memory:") or parsed.query.get("mode") == "memory"
    return None if in_memory else Path(path)


def _parsed(url: str) -> URL:
    """The parts of an address. Raises StoreError ``store_url_wrong``, which does not repeat it: it may hold a password."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() in ("sqlite", "postgresql"):
            parsed.get_dialect().import_dbapi()
            return parsed
    except (ArgumentError, ImportError):
        pass
    raise StoreError("store_url_wrong")


def _engine(url: str, begin: str) -> Engine:
    if make_url(url).get_backend_name() != "sqlite":
        return create_engine(url, connect_args={"connect_timeout": CONNECT_SECONDS, "options": _OPTIONS}, **POOL)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
