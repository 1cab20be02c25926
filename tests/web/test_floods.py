"""Who asks too often is told to wait: a terminal by its good requests, over all workers; an address by its bad ones."""

import datetime as dt
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.test import TestResponse

from cardsvc.bootstrap import Services
from cardsvc.config import Settings
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.service.terminals.registry import change_terminal, register_terminal
from cardsvc.signature import public_hex, sign
from cardsvc.web.api import create_api
from cardsvc.web.api.floods import Unproven
from tests.world import World, profiles

ATR = "3B8B800120900000000000B0AC2842CC"
START = {"kind": "inspect", "params": {}, "reader": {"atr": ATR}}


class City:
    """Terminals in front of a service of two workers, on a clock that only the test moves."""

    def __init__(self, world: World, **settings: Any) -> None:
        self.world, self.at = world, world.now
        self.keys = {name: Ed25519PrivateKey.generate() for name in ("kiosk-1", "kiosk-2")}
        for number, (name, key) in enumerate(self.keys.items()):
            register_terminal(world.store, name, "", f"31000000000{number}", public_hex(key), "topup", world.now)
        receipts = ReceiptKey(Ed25519PrivateKey.generate())
        chosen = Settings(workers=2, **settings)
        services = Services(chosen, world.store, world.engine, profiles(), world.engine.rules, receipts)
        self.workers = [create_api(services, clock=lambda: self.at).test_client() for _ in range(2)]

    def request(self, name: str, key: Ed25519PrivateKey | None = None, **given: Any) -> requests.PreparedRequest:
        """A fresh request, signed as that terminal signs it."""
        return self._signed("/operations", START, name, key or self.keys[name], **given)

    def key_request(
        self, name: str, key: Ed25519PrivateKey, signer: Ed25519PrivateKey | None = None
    ) -> requests.PreparedRequest:
        """The request that registers a terminal's next key, signed with the one before."""
        return self._signed("/terminals/self/keys", {"public_key": public_hex(key)}, name, signer or self.keys[name])

    def _signed(
        self, path: str, body: dict[str, Any], name: str, key: Ed25519PrivateKey, **given: Any
    ) -> requests.PreparedRequest:
        content = json.dumps(body).encode()
        headers = {"Idempotency-Key": str(uuid.uuid4()), "Content-Type": "application/json"}
        made = requests.Request("POST", f"http://localhost/api/v1{path}", headers=headers, data=content).prepare()
        sign(made, content, key, name, given.get("nonce", uuid.uuid4().hex), given.get("created", self.at))
        return made

    def send(
        self, request: requests.PreparedRequest, worker: int = 0, address: str = "192.0.2.7", **headers: str
    ) -> TestResponse:
        """What a worker answers."""
        assert isinstance(request.body, bytes)
        assert request.url
        return self.workers[worker].post(
            urlsplit(request.url).path,
            data=request.body,
            headers={**request.headers, **headers},
            environ_base={"REMOTE_ADDR": address},
        )

    def code(self, request: requests.PreparedRequest, **given: Any) -> str:
        """Its code, or done."""
        return str(self.send(request, **given).get_json().get("code", "done"))


def test_a_terminal_has_so_many_requests_a_minute_over_all_workers(world: World) -> None:
    """Then it is told how long to wait, and nobody else is; the same request is good afterwards, for it was not taken."""
    city = City(world, requests_per_minute=4)
    for number in range(4):
        assert city.code(city.request("kiosk-1"), worker=number % 2) == "done"
        city.at += dt.timedelta(seconds=1)
    refused = city.request("kiosk-1")
    for worker in (0, 1):
        answer = city.send(refused, worker=worker)
        problem = answer.get_json()
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "56")
        assert answer.content_type.startswith("application/problem+json")
        assert (problem["code"], problem["outcome"], problem["retry_after"]) == ("too_many_requests", "not_done", 56)
    assert city.code(city.request("kiosk-2")) == "done"
    city.at += dt.timedelta(seconds=56)
    assert city.code(refused) == "done"
    city.at += dt.timedelta(seconds=1)
    assert city.code(refused) == "request_replayed"


def test_a_terminal_may_have_a_number_of_its_own(world: World) -> None:
    """A payment channel asks more often than a kiosk."""
    city = City(world, requests_per_minute=1)
    change_terminal(world.store, "kiosk-2", requests_per_minute=3)
    assert [city.code(city.request("kiosk-1")) for _ in range(2)] == ["done", "too_many_requests"]
    assert [city.code(city.request("kiosk-2")) for _ in range(4)] == ["done"] * 3 + ["too_many_requests"]


def test_bad_requests_are_counted_by_address_and_claim(world: World) -> None:
    """A wrong key, a wrong clock and a replay use up what one terminal may get wrong from there; its neighbours, and itself
    elsewhere, are not shut out; nor can anybody use up its good requests."""
    city = City(world, refused_per_minute=6, requests_per_minute=2)
    other = Ed25519PrivateKey.generate()
    once = city.request("kiosk-1")
    assert [city.code(once), city.code(once)] == ["done", "request_replayed"]
    late = city.request("kiosk-1", created=city.at - dt.timedelta(minutes=7))
    problem = city.send(late).get_json()
    assert (problem["code"], problem["clock"]["skew_seconds"]) == ("clock_wrong", -420)
    assert city.code(city.request("kiosk-1", other)) == "signature_wrong"
    told = city.send(city.request("kiosk-1"))
    assert (told.status_code, 1 <= int(told.headers["Retry-After"]) <= 60) == (429, True)
    assert city.code(city.request("kiosk-2")) == "done"
    assert city.code(city.request("kiosk-1"), address="192.0.2.8") == "done"


def test_what_nobody_signed_is_counted_by_address(world: World) -> None:
    """Unsigned and unknown together; of IPv6 a whole network; what a proxy says counts from the proxy alone."""
    city = City(world, refused_per_minute=4, client_cert_proxy="127.0.0.1")
    bare = city.request("kiosk-1")
    del bare.headers["Signature-Input"]
    stranger = city.request("nobody", city.keys["kiosk-1"])
    assert [city.code(request) for request in (bare, stranger)] == ["signature_missing", "terminal_unknown"]
    assert [city.code(request) for request in (bare, stranger)] == ["too_many_requests"] * 2
    assert city.code(city.request("kiosk-1")) == "done"
    six = {"address": "2001:db8::1"}
    assert [city.code(bare, **six) for _ in range(2)] == ["signature_missing"] * 2
    assert city.code(bare, address="2001:db8::ffff:1") == "too_many_requests"
    assert city.code(bare, address="192.0.2.9", **{"X-Real-IP": "192.0.2.10"}) == "signature_missing"
    assert city.code(bare, address="127.0.0.1", **{"X-Real-IP": "192.0.2.9"}) == "signature_missing"
    assert city.code(bare, address="192.0.2.9") == "too_many_requests"
    assert city.code(bare, address="192.0.2.10") == "signature_missing"


def test_the_memory_of_bad_requests_is_bounded_and_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute later a caller begins anew; a flood from everywhere fills no memory."""
    at = 0.0
    seen = Unproven(2, 1, clock=lambda: at)
    for _ in range(2):
        seen.count(("192.0.2.1", ""))
    with pytest.raises(Exception, match="too_many_requests"):
        seen.check(("192.0.2.1", ""))
    at = 60.0
    seen.check(("192.0.2.1", ""))
    monkeypatch.setattr("cardsvc.web.api.floods.MOST_CALLERS", 3)
    for number in range(10):
        seen.count((f"192.0.2.{number}", ""))
    assert len(seen._seen) <= 3
