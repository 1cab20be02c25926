"""The HTTP door: signatures, steps, problems, and the client that survives lost replies."""

import datetime as dt
import json
import time
import uuid
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.client import ApiClient
from cardsvc.client.http import ServiceRefused
from cardsvc.errors import ReaderError
from cardsvc.readers.carry import carry_out
from cardsvc.service.management.reader_overview import readers_overview
from cardsvc.service.terminals.registry import set_terminal_state
from cardsvc.signature import sign
from cardsvc.vcard import VirtualCard
from cardsvc.wire import ReaderFacts
from tests.serving import Served
from tests.waiting import PATIENCE
from tests.world import FAMILIES, KIOSK, balance_on

FMCOS = FAMILIES[0]
TOPUP = {"amount": 5000, "payment": {"method": "cash"}}


def key() -> str:
    """A fresh idempotency key."""
    return str(uuid.uuid4())


def signed(served: Served, method: str, path: str, body: Any = None, **given: Any) -> requests.PreparedRequest:
    """A request as the kiosk signs it; ``given`` changes what is signed."""
    content = b"" if body is None else json.dumps(body).encode()
    headers = {"Idempotency-Key": key()} if path.endswith("/operations") else {}
    if content:
        headers["Content-Type"] = "application/json"
    request = requests.Request(method, served.url + "/api/v1" + path, headers=headers, data=content or None).prepare()
    when, nonce = given.get("created", served.world.now), given.get("nonce", key())
    signer = given.get("key", served.kiosk_key)
    sign(request, content, signer, given.get("terminal", "kiosk-7"), nonce, when)
    return request


def sent(request: requests.PreparedRequest) -> tuple[int, str]:
    """Status and code of the answer; problems have their media type."""
    with requests.Session() as session:
        session.trust_env = False
        response = session.send(request, timeout=PATIENCE)
    if response.status_code >= 400:
        assert response.headers["Content-Type"].startswith("application/problem+json")
        assert {"zh", "en"} == set(response.json()["detail"]) == set(response.json()["next_step"])
    return response.status_code, response.json().get("code", "")


START = {"kind": "topup", "params": TOPUP, "reader": {"atr": "3B8B800120900000000000B0AC2842CC"}}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_whole_story_over_http(served: Served, family: str) -> None:
    """Personalise at the desk, top up at the kiosk; the books as the API shows them agree with the card."""
    card = VirtualCard.blank(family, seed=1)
    channel = card.channel()
    result = carry_out(served.desk, channel, "personalise", {"citizen_id": served.world.citizen()}, idempotency_key=key())
    assert carry_out(served.kiosk, channel, "topup", TOPUP, idempotency_key=key())["balance"] == 5000
    view = served.desk.card(result["card_no"])
    assert view["balances"][f"purse:{result['card_no']}:purse:ep"] == 5000
    assert view["holder"]["id_number"].count("*") == 13
    assert served.kiosk.card(result["card_no"])["holder"] is None
    assert [row["state"] for row in served.kiosk.transactions(result["card_no"])] == ["confirmed"]


def test_a_request_is_taken_once(served: Served) -> None:
    """Sent again byte for byte it is refused."""
    request = signed(served, "POST", "/operations", START)
    assert sent(request)[0] == 201
    assert sent(request) == (401, "request_replayed")


def test_altered_requests_are_refused(served: Served) -> None:
    """Body, digest with it, idempotency key, method, address, or no signature at all."""
    body = signed(served, "POST", "/operations", START)
    body.body = body.body.replace(b"5000", b"9000")  # type: ignore[union-attr, arg-type] # bytes here
    assert sent(body) == (401, "signature_wrong")
    header = signed(served, "POST", "/operations", START)
    header.headers["Idempotency-Key"] = key()
    assert sent(header) == (401, "signature_wrong")
    moved = signed(served, "GET", "/cards/3100010100000001")
    moved.url = f"{served.url}/api/v1/cards/3100010100000002"
    assert sent(moved) == (401, "signature_wrong")
    bare = signed(served, "POST", "/operations", START)
    del bare.headers["Signature-Input"]
    assert sent(bare) == (401, "signature_missing")
    uncovered = signed(served, "POST", "/operations", START)
    uncovered.headers["Signature-Input"] = uncovered.headers["Signature-Input"].replace(' "content-digest"', "")
    assert sent(uncovered) == (401, "signature_wrong")


def test_stale_foreign_and_suspended_terminals_are_refused(served: Served) -> None:
    """A clock 10 minutes slow, another key, an unknown id, a suspended terminal."""
    old = served.world.now - dt.timedelta(minutes=10)
    assert sent(signed(served, "POST", "/operations", START, created=old)) == (401, "clock_wrong")
    other = Ed25519PrivateKey.generate()
    assert sent(signed(served, "POST", "/operations", START, key=other)) == (401, "signature_wrong")
    assert sent(signed(served, "POST", "/operations", START, terminal="nobody")) == (401, "terminal_unknown")
    set_terminal_state(served.world.store, "kiosk-7", "suspended")
    assert sent(signed(served, "POST", "/operations", START)) == (403, "terminal_suspended")


def test_a_terminal_sees_its_own_operations_only(served: Served) -> None:
    """Another one's look as if they did not exist."""
    reply = served.desk.start("inspect", {}, atr=bytes.fromhex(START["reader"]["atr"]), idempotency_key=key())  # type: ignore[index] # a dict
    with pytest.raises(ServiceRefused) as told:
        served.kiosk.status(reply.id)
    assert told.value.problem["code"] == "operation_unknown"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({**START, "extra": 1}, 422, "params_invalid"),
        ({**START, "kind": "lottery"}, 422, "params_invalid"),
        ({**START, "params": {"amount": "5000", "payment": {"method": "cash"}}}, 422, "params_invalid"),
        ({**START, "params": {"amount": 0, "payment": {"method": "cash"}}}, 422, "params_invalid"),
        ({**START, "reader": {"atr": "xyz"}}, 422, "params_invalid"),
        ({**START, "reader": {"atr": "3B6D0000577100318071901000"}}, 422, "card_family_unknown"),
        ({**START, "kind": "personalise"}, 403, "operation_not_permitted"),
        ([START], 400, "http_malformed"),
        ("x" * 70000, 413, "http_too_large"),
    ],
)
def test_bad_bodies_say_what_is_wrong(served: Served, body: Any, status: int, code: str) -> None:
    """With the field's path, never with what was sent."""
    assert sent(signed(served, "POST", "/operations", body)) == (status, code)


def test_bad_requests_outside_the_models(served: Served) -> None:
    """No idempotency key, no JSON, another media type, a wrong address or method."""
    request = requests.Request("POST", served.url + "/api/v1/operations", data=json.dumps(START).encode())
    for content_type, code in (("application/json", "idempotency_key_missing"), ("text/plain", "http_media_type")):
        request.headers = {"Content-Type": content_type}
        prepared = request.prepare()
        sign(prepared, prepared.body, served.kiosk_key, "kiosk-7", key(), served.world.now)  # type: ignore[arg-type] # bytes
        assert sent(prepared)[1] == code
    broken = requests.Request(
        "POST", served.url + "/api/v1/operations", data=b"{", headers={"Content-Type": "application/json"}
    )
    prepared = broken.prepare()
    sign(prepared, b"{", served.kiosk_key, "kiosk-7", key(), served.world.now)
    assert sent(prepared) == (400, "http_malformed")
    assert sent(signed(served, "GET", "/nowhere")) == (404, "http_not_found")
    assert sent(signed(served, "DELETE", "/operations/x")) == (405, "http_method")


def test_steps_with_bad_answers_change_nothing(served: Served) -> None:
    """Not hex, too short, missing; then the operation still goes on."""
    card = served.world.issue(FMCOS)
    channel = card.channel()
    reply = served.kiosk.start("topup", TOPUP, atr=card.atr, idempotency_key=key())
    path = f"/operations/{reply.id}/steps/{reply.step}"
    for answers, code in (
        (["zz"], "answers_malformed"),
        (["90"], "answers_malformed"),
        ([], "params_invalid"),
        (["9000"], "answers_do_not_fit"),
    ):
        assert sent(signed(served, "POST", path, {"answers": answers})) == (422, code)
    assert served.kiosk.status(reply.id).step == reply.step
    channel.close()


class Lossy(ApiClient):
    """The client over a line that loses the replies with these numbers, after the requests were delivered."""

    lost: frozenset[int] = frozenset()
    sendings = 0

    def _send(self, *given: Any) -> requests.Response:
        response = super()._send(*given)
        self.sendings += 1
        if self.sendings in self.lost:
            raise requests.ConnectionError
        return response


@pytest.mark.parametrize("number", range(1, 5))
def test_a_lost_reply_of_a_topup_is_made_good_by_sending_again(served: Served, number: int) -> None:
    """Each request in turn is delivered and its reply lost: one load, confirmed."""
    card = served.world.issue(FMCOS)
    channel = card.channel()
    with Lossy(served.url, "kiosk-7", served.kiosk_key, clock=lambda: served.world.now, waits=(0.01, 0.01)) as client:
        client.lost = frozenset({number})
        assert carry_out(client, channel, "topup", TOPUP, idempotency_key=key())["state"] == "confirmed"
    channel.close()
    assert client.sendings == 5
    assert balance_on(card)[0] == served.world.purse_total("3100010100000001") == 5000


def test_a_service_that_is_gone_is_told_as_unknown(served: Served) -> None:
    """After all retries."""
    unserved = ApiClient("http://127.0.0.1:9", "kiosk-7", served.kiosk_key, waits=(0.01,))
    with unserved as client, pytest.raises(ReaderError) as told:
        client.status("x")
    assert (told.value.code, told.value.outcome) == ("service_unreachable", "unknown")


def test_health_and_document(served: Served) -> None:
    """Readable without a signature; every error of the document is a problem."""
    assert requests.get(f"{served.url}/healthz", timeout=PATIENCE).json() == {"status": "ok"}
    assert requests.get(f"{served.url}/readyz", timeout=PATIENCE).json() == {"status": "ok"}
    document = requests.get(f"{served.url}/openapi.json", timeout=PATIENCE).json()
    assert document["openapi"].startswith("3.1")
    for path, item in document["paths"].items():
        for operation in item.values():
            for status, response in operation.get("responses", {}).items():
                if not status.startswith(("2", "3")):
                    assert list(response["content"]) == ["application/problem+json"], path


def test_the_kiosk_actor_is_the_registered_terminal(served: Served) -> None:
    """Its terminal number goes onto the card."""
    card = served.world.issue(FMCOS)
    channel = card.channel()
    carry_out(served.kiosk, channel, "topup", TOPUP, idempotency_key=key())
    log = carry_out(served.kiosk, channel, "inspect", {}, idempotency_key=key())["purse"]["log"]
    assert log[0]["terminal_no"] == KIOSK.terminal_no.hex()


def test_the_document_knows_every_kind_of_operation() -> None:
    """What the API accepts is what the engine carries out."""
    from typing import get_args

    from cardsvc.service.operation_kinds import KINDS
    from cardsvc.web.api.models import StartOperation

    assert set(get_args(StartOperation.model_fields["kind"].annotation)) == set(KINDS)


class Slow:
    """A card in a reader that took two tries, and takes its time for every answer."""

    reader = ReaderFacts("Kiosk 00 00", "", 410.0, 2)

    def __init__(self, card: VirtualCard) -> None:
        self._channel = card.channel()
        self.atr, self.close = self._channel.atr, self._channel.close

    def transmit(self, command: bytes) -> bytes:
        time.sleep(0.06)
        return self._channel.transmit(command)


def test_a_terminal_tells_of_its_reader_as_a_local_one_does(served: Served) -> None:
    """Name, time to power up and tries come with the first answers and stand in the diagnosis; its own row of the day has them.
    What is no such thing is refused."""
    world = served.world
    card = world.issue(FMCOS)
    told = carry_out(served.desk, Slow(card), "diagnose", {"quick": True}, idempotency_key=key())["evidence"]
    assert {name: told[f"reader.{name}"] for name in ("name", "power_up", "reconnects")} == {
        "name": "Kiosk 00 00",
        "power_up": 410,
        "reconnects": 2,
    }
    assert told["reader.milliseconds"] >= 60
    (row,) = readers_overview(world.store, world.now)
    assert (row["place"], row["reader"], row["uses"], row["resets"]) == ("desk-1", "Kiosk 00 00", 1, 2)
    for wrong in ({"reconnects": -1}, {"power_up_milliseconds": 1e9}, {"name": "x" * 129}, {"serial": "1"}):
        body = {"answers": ["9000"], "reader": wrong}
        assert sent(signed(served, "POST", "/operations/none/steps/0", body)) == (422, "params_invalid"), wrong
