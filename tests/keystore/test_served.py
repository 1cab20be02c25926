"""The service as it is run, gunicorn with two workers, on keys in a token."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from cardsvc.bootstrap import now
from cardsvc.client import ApiClient, create_key, load_key
from cardsvc.errors import CardsvcError
from cardsvc.keystore.pkcs11 import Pkcs11KeyStore
from cardsvc.readers.carry import carry_out
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.vcard import VirtualCard
from tests.databases import url_of
from tests.keystore.softhsm import SoftHsm
from tests.postgres import free_port
from tests.waiting import PATIENCE, until
from tests.world import World, key_ring

ROOT = Path(__file__).parent.parent.parent


class Service:
    """The processes and the kiosk's client."""

    def __init__(self, folder: Path, environment: Mapping[str, str], key: Path) -> None:
        port = free_port()
        self.url, self.key, self.log = f"http://127.0.0.1:{port}", key, folder / "log"
        program = [sys.executable, "-c", "from cardsvc.cli.main import main; main()"]
        command = [*program, "serve", "--port", str(port), "--workers", "2"]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT, stdout=log, stderr=log)

    def workers(self) -> list[int]:
        """The worker processes now."""
        found = subprocess.run(["pgrep", "-P", str(self.process.pid)], check=False, capture_output=True, text=True)
        return [int(pid) for pid in found.stdout.split()]

    def top_up(self, card: VirtualCard) -> int:
        """The balance after a top-up of 50.00 through the service. Raises CardsvcError where nobody answers."""
        params: dict[str, Any] = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
        with ApiClient(self.url, "kiosk-7", load_key(self.key), clock=now, waits=(0.2, 0.2)) as client:
            return int(carry_out(client, card.channel(), "topup", params, idempotency_key=str(uuid.uuid4()))["balance"])

    def top_up_at_last(self, card: VirtualCard) -> int:
        """The same, tried until the service is there."""

        def balance() -> int | None:
            assert self.process.poll() is None, self.log.read_text()
            with suppress(CardsvcError):
                return self.top_up(card)
            return None

        return int(until(balance, self.log.read_text))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The real clock: signatures are checked against it."""
    made = World(tmp_path / "city.db", now())
    yield made
    made.close()


@pytest.fixture
def service(world: World, hsm: SoftHsm, tmp_path: Path) -> Iterator[Service]:
    """Keys of the test city in the token; no sealed file anywhere."""
    Pkcs11KeyStore.open(hsm.token("served")).taken_over(key_ring())
    key = tmp_path / "kiosk.pem"
    register_terminal(world.store, "kiosk-7", "", "310000000007", public_hex(create_key(key)), "topup", now())
    environment = {
        "CARDSVC_DATABASE_URL": url_of(tmp_path / "city.db"),
        "CARDSVC_KEYSTORE": str(tmp_path / "nothing"),
        **hsm.environment("served"),
    }
    made = Service(tmp_path, environment, key)
    yield made
    made.process.terminate()
    assert made.process.wait(PATIENCE) == 0, (
        made.log.read_text()
    )  # stopped as it should be: systemd takes anything else for a failure
    assert "exited with code" not in made.log.read_text().rpartition("Handling signal: term")[2]


def test_workers_serve_from_the_token_and_wait_for_one_that_is_away(
    service: Service, world: World, hsm: SoftHsm, tmp_path: Path
) -> None:
    """Killed workers are replaced; started while the token is away, they wait, and the service does not stop."""
    card = world.issue("fudan-fmcos2")
    assert service.top_up_at_last(card) == 5000
    (folder,) = hsm.folders_of("served")
    away = folder.rename(tmp_path / "away")
    before = service.workers()
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    until(lambda: not set(service.workers()) & set(before) and len(service.workers()) == 2)
    time.sleep(2)
    assert service.process.poll() is None, service.log.read_text()
    away.rename(folder)
    assert service.top_up_at_last(card) == 10000
    assert "Traceback" not in service.log.read_text()
