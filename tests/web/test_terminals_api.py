"""What a terminal asks about itself over HTTP: session, next key, shared secret, hot list."""

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from cardsvc.bootstrap import now
from cardsvc.client import ApiClient
from cardsvc.client.http import ServiceRefused
from cardsvc.service.terminals.admin import share_secret
from cardsvc.service.terminals.registry import set_terminal_state
from cardsvc.signature import public_hex
from cardsvc.wire import hot_list_text
from tests.serving import Served
from tests.waiting import PATIENCE
from tests.web.test_api import sent, signed
from tests.world import FAMILIES, key_ring

FMCOS = FAMILIES[0]


def refused(client: ApiClient, method: str, path: str, body: object = None) -> str:
    """The code of the problem that a call ends in."""
    with pytest.raises(ServiceRefused) as told:
        client.call(method, path, body)
    return str(told.value.problem["code"])


def test_sign_on_tells_what_a_terminal_needs(served: Served) -> None:
    """Its number, its limits, the newest hot list; a suspended one is not let in."""
    told = served.kiosk.call("POST", "/terminals/self/session", {"signed_on": True})
    assert (told["terminal_no"], told["signed_on"], told["hotlist_version"]) == ("310000000007", True, 0)
    set_terminal_state(served.world.store, "kiosk-7", "suspended")
    assert refused(served.kiosk, "POST", "/terminals/self/session", {"signed_on": True}) == "terminal_suspended"
    assert refused(served.kiosk, "GET", "/hotlist") == "terminal_suspended"


def test_a_terminal_registers_its_next_key_and_both_count(served: Served) -> None:
    """In a request signed with the old one; by its number a key can be asked for alone."""
    following = Ed25519PrivateKey.generate()
    made = served.kiosk.call("POST", "/terminals/self/keys", {"public_key": public_hex(following)})
    assert (made["key_id"], made["state"]) == ("2", "active")
    for key_id in ("kiosk-7", "kiosk-7/2"):
        with ApiClient(served.url, key_id, following, clock=now, waits=()) as client:
            assert client.call("GET", "/hotlist")["version"] == 0
    assert served.kiosk.call("GET", "/hotlist")["version"] == 0
    with ApiClient(served.url, "kiosk-7/1", following, clock=now, waits=()) as client:
        assert refused(client, "GET", "/hotlist") == "signature_wrong"


def test_a_terminal_signs_with_a_shared_secret(served: Served) -> None:
    """HMAC-SHA256; with another secret it is nobody."""
    _, secret = share_secret(served.world.store, key_ring(), "kiosk-7", by=None, now=now())
    with ApiClient(served.url, "kiosk-7", secret, clock=now, waits=()) as client:
        assert client.call("GET", "/hotlist")["version"] == 0
    with ApiClient(served.url, "kiosk-7", bytes(32), clock=now, waits=()) as client:
        assert refused(client, "GET", "/hotlist") == "signature_wrong"


def test_the_hot_list_over_http(served: Served) -> None:
    """Full, then what is new, then nothing; signed; acknowledged; who has which is for desks."""
    card_no = served.world.card_no_of(served.world.issue(FMCOS))
    with served.world.store.begin() as uow:
        uow.hotlist.change_card(card_no, "add", "test", "test", now())
        uow.commit()
    full = served.kiosk.call("GET", "/hotlist")
    assert [entry["card_no"] for entry in full["entries"]] == [card_no]
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(full["public_key"]))
    key.verify(bytes.fromhex(full["signature"]), hot_list_text("full", 0, 1, [(card_no, "add", 1)]))
    assert served.kiosk.call("GET", "/hotlist?since=1")["entries"] == []
    assert served.kiosk.call("POST", "/hotlist/ack", {"version": 1})["newest"] == 1
    assert refused(served.kiosk, "POST", "/hotlist/ack", {"version": 2}) == "hotlist_version_unknown"
    assert refused(served.kiosk, "GET", "/hotlist/status") == "operation_not_permitted"
    behind = {t["terminal_id"]: t["behind"] for t in served.desk.call("GET", "/hotlist/status")["terminals"]}
    assert behind == {"kiosk-7": 0, "desk-1": 1, "app": 1}
    request = signed(served, "GET", "/hotlist")
    request.headers["If-None-Match"] = '"full-0-1"'
    with requests.Session() as session:
        session.trust_env = False
        answer = session.send(request, timeout=PATIENCE)
    assert (answer.status_code, answer.content) == (304, b"")


def test_bad_questions_about_the_hot_list(served: Served) -> None:
    """Negative, huge, not a number."""
    for since in ("-1", "99999999999", "x"):
        assert sent(signed(served, "GET", f"/hotlist?since={since}")) == (422, "params_invalid")
