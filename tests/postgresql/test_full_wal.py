"""PostgreSQL whose WAL disk is full stops altogether: the server panics, and starts again when somebody has made room."""

import datetime as dt
import gc
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from cardsvc.errors import StoreError
from cardsvc.readers.carry import carry_out
from cardsvc.service.books.audit import verify_ledger
from cardsvc.store import open_store
from cardsvc.wire import OperationPort, Reply
from tests.postgres import QUICK, Cluster
from tests.postgresql.small_disk import Ballast, small_disk
from tests.waiting import until
from tests.world import FAMILIES, KIOSK, World, balance_on

T = TypeVar("T")
SIZE = "12m"
SEGMENT = 1024 * 1024
PAGE, HEADER = 8192, 24
"""Each page of WAL begins with a header, so a long message takes more room than it has bytes."""
CARD = "3100010100000001"
LEFT = (500, 2500, 4500, 7000, 11_000, 15_000)
"""Bytes of WAL that are left when a top-up begins, which writes some 10,000: the disk is full at one statement or another."""
TOLD = {"store_connection_lost", "store_unreachable"}


class WalDisk(Ballast):
    """A cluster whose WAL lies on a small file system of its own."""

    def __init__(self, cluster: Cluster, place: Path) -> None:
        super().__init__(place)
        self._cluster = cluster

    def fill_but(self, left: int) -> None:
        """The segment is used up but for so many bytes, and there is no room for the next."""
        self.fill()
        broken = suppress(psycopg.OperationalError)  # a checkpoint in between may have used the rest: full is full
        with broken, psycopg.connect(self._cluster.dsn("city"), autocommit=True) as connection:
            row = connection.execute("SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint").fetchone()
            assert row is not None
            used = int(row[0]) % SEGMENT
            if (filler := (SEGMENT - used) * (PAGE - HEADER) // PAGE - left) > 0:
                connection.execute("SELECT pg_logical_emit_message(false, 'filler', repeat('x', %s))", (filler,))

    def mend(self) -> None:
        """Somebody makes room; a server that gave up is started, and answers."""
        self.free()
        until(self._answers, lambda: "the server does not come back")

    def _answers(self) -> bool:
        with suppress(psycopg.OperationalError), psycopg.connect(self._cluster.dsn("city")) as connection:
            connection.execute("SELECT 1")
            return True
        if not (self._cluster.data / "postmaster.pid").exists():
            with suppress(RuntimeError):
                self._cluster.start()
        return False


@pytest.fixture
def disk() -> Iterator[tuple[Cluster, WalDisk]]:
    """The cluster, and the disk of its WAL. What was committed is in the WAL: that is what is tested."""
    quick = tuple(setting for setting in QUICK if not setting.startswith("synchronous_commit"))
    settings = ("wal_recycle=off", "min_wal_size=2MB", "max_wal_size=4MB", "autovacuum=off", "restart_after_crash=on")
    cluster = Cluster((*quick, *settings))
    with small_disk(cluster, SIZE, "wal") as wal:
        cluster.make("--waldir", str(wal), "--wal-segsize=1")
        cluster.start()
        cluster.execute("CREATE DATABASE city")
        yield cluster, WalDisk(cluster, wal.parent)


class Caller:
    """A terminal that sends the same again when the server is back, or one that gives up."""

    def __init__(self, world: World, disk: WalDisk, *, patient: bool) -> None:
        self._world, self._disk, self._patient = world, disk, patient
        self.told: list[str] = []

    def _call(self, call: Callable[[OperationPort], T]) -> T:
        try:
            return call(self._world.port(KIOSK))
        except StoreError as error:
            self.told.append(error.code)
            if not self._patient:
                raise
            self._disk.mend()
            return call(self._world.port(KIOSK))

    def start(self, kind: str, params: Any, *, atr: bytes, idempotency_key: str) -> Reply:
        return self._call(lambda port: port.start(kind, params, atr=atr, idempotency_key=idempotency_key))

    def answer(self, operation_id: str, step: int, answers: Any, reader: Any = None) -> Reply:
        return self._call(lambda port: port.answer(operation_id, step, answers, reader))

    def abandon(self, operation_id: str, step: int, answers: Any, reason: str) -> Reply:
        return self._call(lambda port: port.abandon(operation_id, step, answers, reason))

    def status(self, operation_id: str) -> Reply:
        return self._call(lambda port: port.status(operation_id))


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_full_wal_disk_loses_no_money(disk: tuple[Cluster, WalDisk], tmp_path: Path) -> None:
    """Told as a lost or absent database; sent again when it is back it is done once, and given up it is settled by the card."""
    cluster, wal = disk
    world = World(tmp_path / "none", url=cluster.url("city"))
    card, met = world.issue(FAMILIES[0]), 0
    for turn, left in enumerate(LEFT):
        patient = turn % 2 == 0
        caller = Caller(world, wal, patient=patient)
        wal.fill_but(left)
        channel, job = card.channel(), {"amount": 5000, "payment": {"method": "cash"}}
        with suppress(StoreError):
            carry_out(caller, channel, "topup", job, idempotency_key=str(uuid.uuid4()))
        channel.close()
        wal.mend()
        assert set(caller.told) <= TOLD
        met += bool(caller.told)
        world.now += dt.timedelta(seconds=61)
        world.do(card, "inspect")
        balance = balance_on(card)[0]
        assert balance == world.purse_total(CARD), left
        assert world.balances().get(f"suspense:{CARD}", 0) == 0, left
        assert balance == 5000 or not patient, left
        if balance:
            world.do(card, "purchase", amount=balance, merchant="bus")
    assert met >= len(LEFT) // 2, "the disk was full in the middle of top-ups"
    found = verify_ledger(world.store)
    assert (found["breaks"], found["total"]) == ([], 0)
    world.close()
    open_store(cluster.url("city")).close()
    gc.collect()  # connections that broke while SQLAlchemy was opening them: nobody closes those, which is told here if at all
