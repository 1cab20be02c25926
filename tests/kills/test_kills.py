"""SIGKILL to service workers, clients and the database at random moments of many top-ups: nothing lost, nothing doubled.

The cards stay, as cards do. ``--topups 1000`` makes it the long run that releases go through.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from cardsvc.bootstrap import now
from cardsvc.client import create_key
from cardsvc.keystore.sealed import SealedKeystore
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store.records import Load
from cardsvc.vcard import VirtualCard
from tests.kills.reader import Reader
from tests.postgres import Cluster, free_port
from tests.waiting import PATIENCE, until
from tests.world import FAMILIES, World, balance_on, key_ring

CARDS = 3
PASSPHRASE = "for the kill test"
ROOT = Path(__file__).parent.parent.parent
SAFE_TO_BE_TOLD = {
    "service_unreachable",
    "store_unreachable",
    "card_busy",
    "operation_abandoned",
    "operation_left_nothing",
    "rule_balance_cap",
}
"""What a customer may hear while everything is being killed, or when the card is full. Anything else is a defect."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """A server that writes to its disk before it acknowledges, and may be killed."""
    made = Cluster(())
    made.make()
    made.start()
    made.execute("CREATE DATABASE city")
    yield made
    made.remove()


class Service:
    """The service as it is run: gunicorn with two workers, in processes of its own."""

    def __init__(self, folder: Path, database_url: str) -> None:
        SealedKeystore(folder / "keys", key_ring(), PASSPHRASE.encode(), 2**10).save(key_ring())
        (folder / "passphrase").write_text(PASSPHRASE)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            **os.environ,
            "CARDSVC_DATABASE_URL": database_url,
            "CARDSVC_KEYSTORE": str(folder / "keys"),
            "CARDSVC_PASSPHRASE_FILE": str(folder / "passphrase"),
            "CARDSVC_PORT": str(self.port),
        }
        with (folder / "service.log").open("w") as log:
            command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", "serve"]
            self.process = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)

    def workers(self) -> list[int]:
        """The worker processes now."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], check=False, capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def stop(self) -> None:
        """End it the ordinary way."""
        self.process.terminate()
        self.process.wait(PATIENCE)


class CustomerProcess:
    """A customer's client that can be killed and started again on the same card and journal."""

    def __init__(self, folder: Path, service: Service, key: Path, reader: Reader) -> None:
        journal, self._out = folder / f"{reader.port}.journal", folder / f"{reader.port}.out"
        script = ["-m", "tests.kills.customer", service.url, "kiosk-7", str(key), str(reader.port), str(journal)]
        self._command = [sys.executable, *script]
        self._errors = folder / f"{reader.port}.err"
        self.start()

    def start(self) -> None:
        """A fresh process, which recovers what the last one left."""
        with self._out.open("a") as out, self._errors.open("a") as errors:
            self.process = subprocess.Popen(self._command, cwd=ROOT, stdout=out, stderr=errors)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def told(self, what: str) -> list[str]:
        """Everything of a kind that it was told."""
        words = (line.split() for line in self._out.read_text().splitlines())
        return [word[1] for word in words if len(word) == 2 and word[0] == what]

    @property
    def trace(self) -> str:
        """What it complained about, if it fell over."""
        return self._errors.read_text()


def disturb(chance: random.Random, cluster: Cluster, service: Service, customers: list[CustomerProcess]) -> None:
    """Kill one thing; what does not come back by itself is started again."""
    victim = chance.choices(("worker", "client", "database"), (6, 6, 1))[0]
    if victim == "worker" and (workers := service.workers()):
        with suppress(ProcessLookupError):  # it ended by itself just now: its database had been killed before
            os.kill(chance.choice(workers), signal.SIGKILL)
    if victim == "client":
        customer = chance.choice(customers)
        customer.kill()
        customer.start()
    if victim == "database":
        cluster.kill()
        time.sleep(chance.uniform(0, 0.3))
        cluster.restart()


def test_a_worker_that_starts_while_the_database_is_away_waits_for_it(cluster: Cluster, tmp_path: Path) -> None:
    """The service stays up, and answers as soon as the database is back."""
    World(tmp_path / "none", now(), url=cluster.url("city")).close()
    service = Service(tmp_path, cluster.url("city"))
    try:
        until_ready(service)
        cluster.kill()
        for pid in service.workers():
            os.kill(pid, signal.SIGKILL)
        time.sleep(1.5)
        assert service.process.poll() is None
        cluster.restart()
        until_ready(service)
    finally:
        service.stop()


def until_ready(service: Service) -> None:
    """Wait until the service says that it and its database are ready."""

    def ready() -> bool:
        try:
            return requests.get(f"{service.url}/readyz", timeout=10).ok
        except requests.RequestException:
            return False

    until(ready)


def test_nothing_is_lost_when_everything_is_killed(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """In the end each card, the ledger and what was acknowledged agree to the fen, and no suspect is left."""
    wanted = int(request.config.getoption("--topups"))
    world = World(tmp_path / "none", now(), url=cluster.url("city"))
    cards = [world.issue(FAMILIES[number % len(FAMILIES)], number + 1) for number in range(CARDS)]
    key = tmp_path / "kiosk.pem"
    register_terminal(world.store, "kiosk-7", "", "310000000007", public_hex(create_key(key)), "topup", world.now)
    service = Service(tmp_path, cluster.url("city"))
    readers = [Reader(card) for card in cards]
    customers = [CustomerProcess(tmp_path, service, key, reader) for reader in readers]
    chance = random.Random(wanted)
    try:
        until_ready(service)  # one that starts while its database is away says so and ends
        while (done := acknowledged(customers)) < wanted:
            until_progress(customers, done + chance.randint(0, 2))
            time.sleep(chance.uniform(0, 0.2))
            disturb(chance, cluster, service, customers)
    finally:
        for customer in customers:
            customer.kill()
        for reader in readers:
            reader.close()
        service.stop()
    assert [customer.trace for customer in customers] == [""] * CARDS
    for card, customer in zip(cards, customers, strict=True):
        assert set(customer.told("error")) <= SAFE_TO_BE_TOLD
        settled_and_agreed(world, card, customer)
    assert sum(world.balances().values()) == 0
    print(Counter(row.settled_by for card in cards for row in loads_of(world, card)))
    world.close()


def loads_of(world: World, card: VirtualCard) -> list[Load]:
    """Every load of a card."""
    with world.store.read() as uow:
        return uow.loads.of_card(world.card_no_of(card), limit=10**6)


def acknowledged(customers: list[CustomerProcess]) -> int:
    """Top-ups that customers were told are done."""
    return sum(len(customer.told("topup")) for customer in customers)


def until_progress(customers: list[CustomerProcess], wanted: int) -> None:
    """Wait until so many are acknowledged; a customer who gave up because nobody answered tries again."""

    def come() -> bool:
        for customer in customers:
            if customer.process.poll() is not None:
                customer.start()
        return acknowledged(customers) >= wanted

    until(come, lambda: [customer.trace for customer in customers])


def settled_and_agreed(world: World, card: VirtualCard, customer: CustomerProcess) -> None:
    """One contact settles what is open; then card, books and acknowledgements say the same."""
    world.now = now()
    with world.store.read() as uow:
        live = uow.operations.live_on(world.card_no_of(card))
    if live is not None:
        world.now = live.expires_at
    card_no = world.do(card, "inspect")["card_no"]
    loads = {load.load_id: load.state for load in loads_of(world, card)}
    with world.store.read() as uow:
        spent = {row.purchase_id: row.state for row in uow.purchases.of_card(card_no, limit=10**6)}
        assert not uow.loads.open_on(card_no)
        assert not uow.purchases.open_on(card_no)
    balance, online, offline = balance_on(card)
    assert {loads[load_id] for load_id in customer.told("topup")} == {"confirmed"}
    assert {spent[purchase_id] for purchase_id in customer.told("purchase")} <= {"confirmed"}
    assert online == list(loads.values()).count("confirmed")
    assert offline == list(spent.values()).count("confirmed")
    assert balance == world.purse_total(card_no) == 5000 * (online - offline)
