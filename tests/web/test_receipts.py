"""Receipts over HTTP: a terminal prints them, a citizen's phone checks them."""

import uuid

import requests

from cardsvc.readers.carry import carry_out
from tests.serving import Served
from tests.waiting import PATIENCE
from tests.web.test_api import TOPUP, sent, signed
from tests.world import FAMILIES

CARD = "3100010100000001"


def get(served: Served, path: str) -> requests.Response:
    """A signed request of the kiosk."""
    with requests.Session() as session:
        session.trust_env = False
        return session.send(signed(served, "GET", path), timeout=PATIENCE)


def test_a_terminal_prints_and_anybody_checks(served: Served) -> None:
    """Text and PDF by a signed request; the check needs none, and refuses what was altered."""
    channel = served.world.issue(FAMILIES[0]).channel()
    load = carry_out(served.kiosk, channel, "topup", TOPUP, idempotency_key=str(uuid.uuid4()))["load_id"]
    channel.close()
    path = f"/cards/{CARD}/transactions/{load}/receipt"
    text = get(served, f"{path}?form=text58&lang=en")
    assert text.headers["Content-Type"].startswith("text/plain")
    assert "50.00" in text.text
    assert get(served, f"{path}?form=pdf").content.startswith(b"%PDF")
    assert sent(signed(served, "GET", f"{path}?form=papyrus")) == (422, "params_invalid")
    assert sent(signed(served, "GET", f"/cards/{CARD}/transactions/nothing/receipt")) == (404, "transaction_unknown")
    code = "".join(text.text[text.text.index("CR1*") :].split())
    found = requests.get(f"{served.url}/receipts/{code}", timeout=PATIENCE).json()
    assert (found["books"], found["receipt"]["amount"], found["receipt"]["card"]) == ("same", 5000, "310001-0001")
    forged = requests.get(f"{served.url}/receipts/{code.replace('*5000*', '*9000*', 1)}", timeout=PATIENCE)
    assert (forged.status_code, forged.json()["code"]) == (422, "receipt_wrong")
