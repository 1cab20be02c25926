"""Where tests keep their cities: SQLite files, or databases of a real PostgreSQL cluster (pytest --database postgresql).

A test names a database by a path in its own folder, whichever kind it is; the same path is the same database, also in a
process that the test starts (the cluster's port travels in the environment).
"""

import atexit
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from cardsvc.store import open_store
from tests.compiled import compiled_once
from tests.postgres import Cluster

PORT = "CARDSVC_TEST_POSTGRES_PORT"


def on_postgresql() -> bool:
    """Whether this test run keeps its cities in PostgreSQL."""
    return PORT in os.environ


def start_cluster() -> Cluster:
    """A cluster for this test process; every database of the run lives in it."""
    cluster = Cluster()
    cluster.make()
    cluster.start()
    os.environ[PORT] = str(cluster.port)
    return cluster


def url_of(path: Path) -> str:
    """SQLAlchemy's address of the database that goes by this path, made empty when it is new."""
    if not on_postgresql():
        return f"sqlite:///{path}"
    name = _name(path)
    if not known(path):
        _server().execute(f"CREATE DATABASE {name} STRATEGY FILE_COPY")  # type: ignore[arg-type] # a name of our own
    return f"postgresql+psycopg://postgres@127.0.0.1:{os.environ[PORT]}/{name}"


def with_tables(path: Path) -> str:
    """The address of the database that goes by this path; a new one is copied from one that was migrated once in this process.

    Migrating takes ten times as long as copying. ``tests/store/test_migrations.py`` goes through the migrations themselves.
    """
    if not known(path):
        copy(_migrated(), path)
    return compiled_once(url_of(path))


@cache
def _migrated() -> Path:
    """An empty database with all tables, which nobody opens again."""
    folder = Path(tempfile.mkdtemp(prefix="cardsvc-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "migrated.db"
    open_store(url_of(path)).close()
    return path


def known(path: Path) -> bool:
    """Whether there is a database by this path."""
    if not on_postgresql():
        return path.exists()
    return bool(_server().execute("SELECT 1 FROM pg_database WHERE datname = %s", (_name(path),)).fetchone())


def copy(source: Path, target: Path) -> None:
    """Make the target the same as the source, which nobody may have open."""
    if not on_postgresql():
        for suffix in ("-wal", "-shm"):
            target.with_name(target.name + suffix).unlink(missing_ok=True)
        shutil.copy(source, target)
        return
    _server().execute(f"DROP DATABASE IF EXISTS {_name(target)} WITH (FORCE)")  # type: ignore[arg-type]
    _server().execute(f"CREATE DATABASE {_name(target)} TEMPLATE {_name(source)} STRATEGY FILE_COPY")  # type: ignore[arg-type]


def fingerprint(path: Path) -> object:
    """Something that is another one after anything was written to the database that goes by this path."""
    if on_postgresql():
        return _server().execute("SELECT pg_current_wal_insert_lsn()").fetchone()
    log = path.with_name(path.name + "-wal")
    found = path.stat()
    return found.st_mtime_ns, found.st_size, log.stat().st_size if log.exists() else 0


def forget_under(folder: Path) -> None:
    """Drop the databases that go by paths in this folder: hundreds of tests would fill the memory."""
    gone = [name for name, path in _made.items() if path.is_relative_to(folder)]
    if not gone:
        return
    for name in gone:
        _server().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type] # a name of our own
        del _made[name]


_made: dict[str, Path] = {}
"""PostgreSQL's databases of this process, and the paths they go by."""


def _name(path: Path) -> str:
    name = "t" + hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:24]
    _made[name] = path
    return name


@cache
def _server() -> psycopg.Connection[Any]:
    """The cluster, for making and dropping databases: one connection in a process, a test asks for ten of them."""
    dsn = f"host=127.0.0.1 port={os.environ[PORT]} user=postgres dbname=postgres"
    made: psycopg.Connection[Any] = psycopg.connect(dsn, autocommit=True)
    atexit.register(made.close)
    return made
