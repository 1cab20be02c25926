"""A synchronous standby: the primary dies in the middle of a stream of top-ups, the standby takes over."""

import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.client import ApiClient
from cardsvc.readers.carry import carry_out
from cardsvc.vcard import VirtualCard
from tests.postgres import Cluster, free_port
from tests.serving import Served, serving
from tests.waiting import until
from tests.world import FAMILIES, World, balance_on

CARDS = 3
WAITS = (0.1, 0.2, 0.5, 1.0, 2.0, 4.0, 4.0)


@pytest.fixture
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary that acknowledges a commit only when the standby has it on its disk, and that standby."""
    primary = Cluster(("synchronous_standby_names=standby", "wal_level=replica", "synchronous_commit=on"))
    standby = Cluster(("hot_standby=on",))
    primary.make()
    # Until the standby is there, nothing must wait for it.
    primary.start()
    source = f"host=127.0.0.1 port={primary.port} user=postgres application_name=standby"
    standby.run("pg_basebackup", "-d", source, "-D", str(standby.data), "-R", "-X", "stream", "-c", "fast")
    standby.start()
    yield primary, standby
    standby.remove()
    primary.remove()


class Customer(threading.Thread):
    """Tops its card up and spends it, again and again; keeps what was acknowledged."""

    def __init__(self, served: Served, card: VirtualCard, stop: threading.Event) -> None:
        super().__init__()
        self.acknowledged: list[str] = []
        self.times: list[float] = []
        self.error: BaseException | None = None
        self._served, self._card, self._stop_event = served, card, stop

    def run(self) -> None:
        """Until told to stop; any error ends it and fails the test."""
        channel = self._card.channel()
        try:
            with ApiClient(self._served.url, "kiosk-7", self._served.kiosk_key, clock=now, waits=WAITS) as client:
                while not self._stop_event.is_set():
                    job = {"amount": 5000, "payment": {"method": "cash"}}
                    result = carry_out(client, channel, "topup", job, idempotency_key=str(uuid.uuid4()))
                    self.acknowledged.append(result["load_id"])
                    self.times.append(time.monotonic())
                    spend = {"amount": 5000, "merchant": "bus"}
                    carry_out(client, channel, "purchase", spend, idempotency_key=str(uuid.uuid4()))
        except BaseException as error:
            self.error = error
        finally:
            channel.close()


def test_no_acknowledged_step_is_lost_when_the_primary_dies(pair: tuple[Cluster, Cluster], tmp_path: Path) -> None:
    """Clients carry on by retrying; every acknowledged load is in the books of the new primary, and cards and books agree."""
    primary, standby = pair
    primary.execute("CREATE DATABASE city")
    hosts = f"host=127.0.0.1:{primary.port}&host=127.0.0.1:{standby.port}&target_session_attrs=read-write"
    world = World(tmp_path / "none", now(), url=f"postgresql+psycopg://postgres@/city?{hosts}")
    cards = [world.issue(FAMILIES[number % 2], number + 1) for number in range(CARDS)]
    stop = threading.Event()
    with serving(world, WAITS) as served:
        customers = [Customer(served, card, stop) for card in cards]
        for customer in customers:
            customer.start()
        until(lambda: all(customer.error or len(customer.times) > 3 for customer in customers))
        primary.kill()
        killed = time.monotonic()
        time.sleep(0.5)
        standby.promote()
        try:
            until(lambda: all(customer.error or customer.times[-1] > killed + 1 for customer in customers))
        finally:
            stop.set()
            for customer in customers:
                customer.join()
        assert [customer.error for customer in customers] == [None] * CARDS
        for card, customer in zip(cards, customers, strict=True):
            seen = world.do(card, "inspect")
            assert balance_on(card)[0] == world.purse_total(seen["card_no"]) == 0
            with world.store.read() as uow:
                states = {load.load_id: load.state for load in uow.loads.of_card(seen["card_no"], limit=100000)}
                assert not uow.loads.open_on(seen["card_no"])
            assert {states[load_id] for load_id in customer.acknowledged} == {"confirmed"}
            assert balance_on(card)[1] == len([state for state in states.values() if state == "confirmed"])


def test_a_service_without_its_database_says_so(tmp_path: Path) -> None:
    """Nobody listens: told as not done, nothing hangs."""
    from cardsvc.errors import StoreError
    from cardsvc.store import open_store

    with pytest.raises(StoreError) as told:
        open_store(f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/city")
    assert (told.value.code, told.value.outcome) == ("store_unreachable", "not_done")
