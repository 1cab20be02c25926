"""The service as it is run, gunicorn with two workers, on keys in a token."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from cardsvc.client import create_key
from cardsvc.keystore.pkcs11 import Pkcs11KeyStore
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from tests.databases import url_of
from tests.keystore.softhsm import SoftHsm
from tests.real_service import Service
from tests.waiting import PATIENCE, until
from tests.world import World, key_ring


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
