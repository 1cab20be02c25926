"""Another bureau's window over HTTP: whose card it is, in the bureau's own name, and nothing else at all."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.bootstrap import now
from cardsvc.client import ApiClient
from cardsvc.client.http import ServiceRefused
from cardsvc.errors import RequestError
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import IDEMPOTENCY_KEY, public_hex
from cardsvc.vcard import VirtualCard
from tests.serving import Served
from tests.web.test_terminals_api import refused
from tests.world import FAMILIES, person

NAME = "公积金中心"
ASKED = {"bureau": NAME, "purpose": "查询本人公积金", "consent": "holder"}


@pytest.fixture
def window(served: Served) -> Iterator[ApiClient]:
    """The window of the housing fund."""
    key = Ed25519PrivateKey.generate()
    register_terminal(served.world.store, "fund-1", "", "310000000024", public_hex(key), "bureau", now(), operator=NAME)
    with ApiClient(served.url, "fund-1", key, clock=now, waits=()) as client:
        yield client


def asked(window: ApiClient, card: VirtualCard, kind: str = "identity", **params: Any) -> Any:
    """An operation that the window carries out on a card."""
    channel = card.channel()
    try:
        return carry_out(window, channel, kind, params, idempotency_key=str(uuid.uuid4()))
    finally:
        channel.close()


def test_a_bureau_learns_whose_card_it_is(served: Served, window: ApiClient) -> None:
    """Signed, in the bureau's name; it signs on in the morning as terminals do."""
    card = served.world.issue(FAMILIES[0])
    assert window.call("POST", "/terminals/self/session", {"signed_on": True})["role"] == "bureau"
    found = asked(window, card, **ASKED)
    assert (found["genuine"], found["valid"]) == (True, True)
    said = json.loads(found["statement"])
    assert (said["bureau"], said["consent"], said["holder"]["name"]) == (NAME, "holder", person(1).name)
    with served.world.store.read() as uow:
        kept = uow.operations.get(said["operation_id"])
    assert kept is not None
    assert (kept.actor_id, kept.params["purpose"]) == ("fund-1", "查询本人公积金")


def test_a_bureau_does_nothing_else(served: Served, window: ApiClient) -> None:
    """No purse, no card in the books, no list of lost cards, no other kind of job; and never in another bureau's name."""
    card = served.world.issue(FAMILIES[0])
    number = served.world.card_no_of(card)
    for path in (
        f"/cards/{number}",
        f"/cards/{number}/transactions",
        f"/cards/{number}/transactions/x/receipt",
        "/orders/x",
        "/hotlist",
        "/hotlist/status",
        f"/handouts/{number}",
        "/shifts/x",
        "/reports/day-sheet?day=2026-11-24",
    ):
        assert refused(window, "GET", path) == "operation_not_permitted", path
    for kind in ("inspect", "diagnose", "topup", "personalise"):
        start = {"kind": kind, "params": {}, "reader": {"atr": "3B8B800120900000000000B0AC2842CC"}}
        with pytest.raises(ServiceRefused, match=r"^operation_not_permitted "):
            window.call("POST", "/operations", start, {IDEMPOTENCY_KEY: str(uuid.uuid4())})
    with pytest.raises(CarriedOut, match=r"^params_invalid "):
        asked(window, card, **{**ASKED, "bureau": "公安局"})


def test_a_law_is_named_where_nobody_was_asked(served: Served, window: ApiClient) -> None:
    """Without the holder's consent the statement says by which law."""
    card = served.world.issue(FAMILIES[0])
    with pytest.raises(ServiceRefused, match=r"^params_invalid "):
        asked(window, card, **{**ASKED, "consent": "law"})
    assert (
        json.loads(asked(window, card, **{**ASKED, "consent": "law", "basis": "条例第十条"})["statement"])["basis"]
        == "条例第十条"
    )


def test_a_bureau_has_a_name(served: Served) -> None:
    """Without one it could ask in nobody's."""
    key = public_hex(Ed25519PrivateKey.generate())
    with pytest.raises(RequestError, match="terminal_field_wrong"):
        register_terminal(served.world.store, "fund-2", "", "310000000025", key, "bureau", now())
