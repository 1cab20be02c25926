"""``GET /metrics`` of the real service: what Prometheus' own parser reads from two workers, and who may read it."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families as parsed

from cardsvc.bootstrap import now
from cardsvc.client import create_key
from cardsvc.client.http import ServiceRefused
from cardsvc.errors import CardsvcError
from cardsvc.keystore.sealed import SealedKeystore
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.vcard import FaultPlan
from tests.databases import url_of
from tests.real_service import Service
from tests.waiting import PATIENCE, until
from tests.world import World, key_ring

TOKEN = "a token for the tests of the metrics"
Labels = tuple[tuple[str, str], ...]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The real clock: signatures are checked against it."""
    made = World(tmp_path / "city.db", now())
    yield made
    made.close()


def serve(world: World, folder: Path, token: str | None) -> Service:
    """The service over this city, with a kiosk."""
    (folder / "tmp").mkdir()
    SealedKeystore(folder / "keys", key_ring(), b"for the metrics", 2**10).save(key_ring())
    key = folder / "kiosk.pem"
    register_terminal(world.store, "kiosk-7", "", "310000000007", public_hex(create_key(key)), "topup", now())
    environment = {
        "CARDSVC_DATABASE_URL": url_of(folder / "city.db"),
        "CARDSVC_KEYSTORE": str(folder / "keys"),
        "CARDSVC_PASSPHRASE": "for the metrics",
        "CARDSVC_LANG": "en",
        "TMPDIR": str(folder / "tmp"),
    }
    if token is not None:
        (folder / "token").write_text(f"{token}\n")
        environment["CARDSVC_METRICS_TOKEN_FILE"] = str(folder / "token")
    return Service(folder, environment, key)


@pytest.fixture
def service(world: World, tmp_path: Path) -> Iterator[Service]:
    """With a token."""
    made = serve(world, tmp_path, TOKEN)
    yield made
    made.process.terminate()
    made.process.wait(PATIENCE)


def read(service: Service) -> dict[str, dict[Labels, float]]:
    """Every sample by its name, and by its labels."""
    answer = requests.get(f"{service.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    found: dict[str, dict[Labels, float]] = {}
    for family in parsed(answer.text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def total(found: dict[Labels, float], **labels: str) -> float:
    """The samples with these labels, added up."""
    return sum(value for have, value in found.items() if set(labels.items()) <= set(have))


def test_both_workers_count_into_one_number_and_the_city_is_told(world: World, service: Service, tmp_path: Path) -> None:
    """Requests, their time, problems, and what the day took, whichever worker answered; also after one was killed. Who has no
    token reads nothing; a service that is stopped leaves no file of numbers."""
    card = world.issue("fudan-fmcos2")
    service.top_up_at_last(card)
    starts = {"route": "/api/v1/operations", "method": "POST", "status": "201"}
    first = total(read(service)["cardsvc_requests_total"], **starts)
    for _ in range(9):
        service.top_up(card)
    card.plan = FaultPlan(tear_after_write=1)
    with pytest.raises(CardsvcError, match="card_gone"):
        service.top_up(card)
    with pytest.raises(ServiceRefused, match="params_invalid"):
        service.top_up(card, amount=-1)
    found = read(service)
    assert total(found["cardsvc_requests_total"], **starts) == first + 10
    answered = total(found["cardsvc_requests_total"], method="POST")
    assert total(found["cardsvc_request_seconds_count"], method="POST") == answered
    assert found["cardsvc_problems_total"][(("code", "params_invalid"), ("outcome", "not_done"))] == 1
    assert found["cardsvc_topups_today_fen"] == {(("paid_by", "cash"),): 50000}
    assert found["cardsvc_suspects_fen"] == {
        (("subject", kind),): 5000.0 * (kind == "load") for kind in ("load", "purchase", "fee")
    }
    assert 0 < found["cardsvc_suspects_oldest_seconds"][(("subject", "load"),)] < PATIENCE

    os.kill(service.workers()[0], signal.SIGKILL)
    until(lambda: len(service.workers()) == 2)
    assert total(read(service)["cardsvc_requests_total"], **starts) == first + 10

    for given in ({}, {"Authorization": "Bearer guessed"}, {"Authorization": f"Basic {TOKEN}"}, {"Authorization": "Bearer é"}):
        answer = requests.get(f"{service.url}/metrics", headers=given, timeout=PATIENCE)
        assert (answer.status_code, answer.json()["code"]) == (401, "metrics_token_wrong")
        assert TOKEN not in answer.text

    assert list((tmp_path / "tmp").glob("cardsvc-metrics-*/*.db"))
    service.process.terminate()
    service.process.wait(PATIENCE)
    assert not list((tmp_path / "tmp").iterdir())


@pytest.mark.parametrize(("token", "said"), [("short", "fewer than 16"), (None, "")])
def test_a_short_token_stops_the_start_and_without_one_there_is_no_page(
    world: World, tmp_path: Path, token: str | None, said: str
) -> None:
    """``settings_wrong`` says which setting; no setting, no numbers kept."""
    service = serve(world, tmp_path, token)
    if token is not None:
        assert service.process.wait(PATIENCE) == 2
        assert said in service.log.read_text()
        return
    service.top_up_at_last(world.issue("fudan-fmcos2"))
    assert requests.get(f"{service.url}/metrics", timeout=PATIENCE).status_code == 404
    service.process.terminate()
    service.process.wait(PATIENCE)
