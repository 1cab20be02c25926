"""The connection to the database breaks before any one statement of a top-up: the caller repeats its call, nothing is lost."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import event

from cardsvc.errors import StoreError
from cardsvc.readers.carry import carry_out
from cardsvc.wire import OperationPort, Reply
from tests.postgres import Cluster
from tests.world import FAMILIES, KIOSK, World, balance_on

T = TypeVar("T")


@pytest.fixture(scope="module")
def cluster_of_module() -> Iterator[Cluster]:
    """One server for this module."""
    cluster = Cluster()
    cluster.make()
    cluster.start()
    yield cluster
    cluster.remove()


class Breaker:
    """Ends the server's side of a connection just before its n-th statement, once."""

    def __init__(self, world: World, cluster: Cluster) -> None:
        self.seen, self.at = 0, -1
        self._cluster = cluster
        event.listen(world.store._writer, "before_cursor_execute", self._before)

    def _before(self, connection: Any, *_: Any) -> None:
        self.seen += 1
        if self.seen == self.at:
            pid = connection.connection.dbapi_connection.info.backend_pid
            with psycopg.connect(self._cluster.dsn(), autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s, 2000)", (pid,))


class Repeating:
    """A caller that repeats a call that was not answered, as clients do."""

    def __init__(self, port: OperationPort) -> None:
        self._port = port
        self.told: list[str] = []

    def _again(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except StoreError as error:
            self.told.append(error.code)
            return call()

    def start(self, kind: str, params: Any, *, atr: bytes, idempotency_key: str) -> Reply:
        return self._again(lambda: self._port.start(kind, params, atr=atr, idempotency_key=idempotency_key))

    def answer(self, operation_id: str, step: int, answers: Any, reader: Any = None) -> Reply:
        return self._again(lambda: self._port.answer(operation_id, step, answers, reader))

    def abandon(self, operation_id: str, step: int, answers: Any, reason: str, reader: Any = None) -> Reply:
        return self._again(lambda: self._port.abandon(operation_id, step, answers, reason, reader))

    def status(self, operation_id: str) -> Reply:
        return self._again(lambda: self._port.status(operation_id))


def test_a_lost_connection_never_ends_an_operation(cluster_of_module: Cluster, tmp_path: Path) -> None:
    """Each statement in turn: the top-up is told as lost, repeated, and confirmed once."""
    cluster_of_module.execute("CREATE DATABASE city")
    world = World(tmp_path / "none", url=cluster_of_module.url("city"))
    card = world.issue(FAMILIES[0])
    world.topup(card)
    breaker = Breaker(world, cluster_of_module)
    world.topup(card)
    statements = breaker.seen
    for at in range(1, statements + 1):
        breaker.seen, breaker.at = 0, at
        caller = Repeating(world.port(KIOSK))
        channel = card.channel()
        job = {"amount": 5000, "payment": {"method": "cash"}}
        result = carry_out(caller, channel, "topup", job, idempotency_key=str(uuid.uuid4()))
        channel.close()
        assert caller.told == ["store_connection_lost"], at
        assert result["state"] == "confirmed"
        world.do(card, "purchase", amount=5000, merchant="bus")
        assert balance_on(card)[0] == world.purse_total(result["card_no"]) == 10000
    assert balance_on(card)[1] == statements + 2
    assert sum(world.balances().values()) == 0
    world.close()
