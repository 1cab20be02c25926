"""Numbers that overflow: through the API and through the forms of the desk page. Refused with a code, and nothing is taken."""

import itertools
import json
import re
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient

from cardsvc.bootstrap import Services
from cardsvc.config import Settings
from cardsvc.errors import RequestError
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.carry import finish
from cardsvc.service.desk.work_place import look_again
from cardsvc.service.terminals.registry import change_terminal
from cardsvc.signature import sign
from cardsvc.web.desk import create_desk
from tests.desk.conftest import PASSWORD, WS, Desk, desk
from tests.desk.test_relay import CONTACT, say
from tests.serving import Served
from tests.templates import compiled_once
from tests.web.test_api import START, key, sent, signed
from tests.world import profiles

__all__ = ["desk"]
HUGE = [2**31, 2**63, 2**64, 10**30]
WRITTEN_OUT = "1" + "0" * 5000
"""More digits than Python reads as a number."""


def test_amounts_of_operations_and_orders(served: Served) -> None:
    """By the field's path."""
    for amount in (*HUGE, -(2**31), -(2**63) - 1, 1e30, 5e3):
        params = {"amount": amount, "payment": {"method": "cash"}}
        assert sent(signed(served, "POST", "/operations", {**START, "params": params})) == (422, "params_invalid")
        bought = {**START, "kind": "purchase", "params": {"amount": amount, "merchant": "bus"}}
        assert sent(signed(served, "POST", "/operations", bought)) == (422, "params_invalid")
        order = {"card_no": "3100010100000001", "amount": amount, "payment": {"method": "mobile", "reference": "wx-1"}}
        paid = signed(served, "POST", "/orders", order, key=served.channel_key, terminal="app")
        assert sent(paid) == (422, "params_invalid")
    assert not served.world.balances()


def test_a_number_too_long_to_be_read(served: Served) -> None:
    """Five thousand digits, as an amount and as a version."""
    for path, body in (("/operations", START), ("/hotlist/ack", {"version": 0})):
        request = signed(served, "POST", path, body)
        text = request.body.decode().replace("5000", WRITTEN_OUT).replace('"version": 0', f'"version": {WRITTEN_OUT}')  # type: ignore[union-attr]
        assert sent(resigned(served, path, text)) == (400, "http_malformed")


@pytest.mark.parametrize("amount", ['5000, "amount": 1', "NaN", "Infinity"])
def test_an_amount_that_is_no_one_number(served: Served, amount: str) -> None:
    """Given twice, which one counts would be each reader's own choice; and what JSON has no word for."""
    text = json.dumps(START).replace('"amount": 5000', f'"amount": {amount}')
    assert sent(resigned(served, "/operations", text)) == (400, "http_malformed")
    assert not served.world.balances()


def resigned(served: Served, path: str, text: str) -> Any:
    """A request with a body that no JSON library writes."""
    headers = {"Idempotency-Key": key(), "Content-Type": "application/json"}
    request = requests.Request("POST", f"{served.url}/api/v1{path}", headers=headers, data=text.encode()).prepare()
    sign(request, text.encode(), served.kiosk_key, "kiosk-7", key(), served.world.now)
    return request


@pytest.mark.parametrize("number", HUGE)
def test_steps_and_versions(served: Served, number: int) -> None:
    """A step that an operation never has, a version that the list never had: no error of the database, nothing changed."""
    card = served.world.issue("fudan-fmcos2")
    reply = served.kiosk.start("inspect", {}, atr=card.atr, idempotency_key="the-key-of-this")
    path = f"/operations/{reply.id}"
    assert sent(signed(served, "POST", f"{path}/steps/{number}", {"answers": ["9000"]})) == (409, "step_out_of_order")
    given_up = {"step": number, "answers": [], "reason": "card_gone"}
    assert sent(signed(served, "POST", f"{path}/abandon", given_up))[0] in (200, 409, 422)
    assert sent(signed(served, "GET", f"/hotlist?since={number}"))[0] in (200, 422)
    assert sent(signed(served, "POST", "/hotlist/ack", {"version": number}))[0] in (409, 422)


def test_limits_of_terminals(served: Served) -> None:
    """Named by their field; the terminal keeps what it had."""
    fields = ("largest_load", "daily_loads", "daily_amount")
    for field, value in itertools.product(fields, (0, -1, *HUGE)):
        with pytest.raises(RequestError) as told:
            change_terminal(served.world.store, "kiosk-7", **{field: value})
        assert (told.value.code, told.value.details["field"]) == ("terminal_field_wrong", field)
    with served.world.store.read() as uow:
        kiosk = uow.terminals.get("kiosk-7")
    assert kiosk is not None
    assert (kiosk.largest_load, kiosk.daily_loads, kiosk.daily_amount) == (None, None, None)


@pytest.fixture
def page(desk: Desk) -> FlaskClient:
    """The desk page of a workstation with a card on it; somebody is signed in."""
    world = desk.world
    key = ReceiptKey(Ed25519PrivateKey.generate())
    app = compiled_once(create_desk(Services(Settings(), world.store, world.engine, profiles(), world.engine.rules, key)))
    client = app.test_client()
    client.post("/desk/sign-in", data={"staff_id": "clerk", "password": PASSWORD})
    client.post("/desk/workstation", data={"workstation": WS, "csrf": csrf(client)})
    card = world.issue("fudan-fmcos2")
    say(desk, card)
    while (look := look_again(world.engine, WS, CONTACT, by=desk.clerk)) is not None:
        channel = card.channel()
        finish(desk.agent, channel, look)
        channel.close()
    return client


def csrf(client: FlaskClient) -> str:
    """The mark of this sign-in, as it stands in every form."""
    found = re.search(r'name="csrf" value="([^"]+)"', client.get("/desk/sessions").text)
    assert found
    return found[1]


AMOUNTS = {
    "0": "params_invalid",
    "-1": "amount_not_a_number",
    "1e3": "amount_not_a_number",
    "１００": "amount_not_a_number",
    "1,000": "amount_not_a_number",
    "21474836.48": "params_invalid",
    str(2**31): "amount_not_a_number",
    str(2**63): "amount_not_a_number",
    str(10**30): "amount_not_a_number",
    WRITTEN_OUT: "amount_not_a_number",
}


def test_amounts_in_the_form_of_the_desk_page(desk: Desk, page: FlaskClient) -> None:
    """The form comes again with what was typed and the code, and no operation begun; a right one is taken after that."""
    form = {"csrf": csrf(page), "contact": CONTACT, "key": "the form's key", "choice": "citizen:purse", "method": "cash"}
    for amount, code in AMOUNTS.items():
        answer = page.post("/desk/jobs/topup", data={**form, "amount": amount})
        assert answer.status_code == 422, answer.text
        assert code in answer.text
    assert not desk.world.balances()
    assert page.post("/desk/jobs/topup", data={**form, "amount": "100"}).status_code == 303


def test_counts_of_a_drawer_and_numbers_of_a_person(page: FlaskClient) -> None:
    """No shift is opened, nobody is registered."""
    mark = csrf(page)
    for number in ("-1", "1e3", "１", str(2**31), str(2**63), str(10**30), WRITTEN_OUT):
        answer = page.post("/desk/drawer/open", data={"csrf": mark, "d10000": number})
        assert answer.status_code == 422, answer.text
        assert "count_wrong" in answer.text
        person = {"name": "测试一", "id_number": "x", "sex": number, "ethnic_group": number, "birth_date": "1999-02-28"}
        answer = page.post("/desk/people", data={"csrf": mark, "contact": CONTACT, **person})
        assert answer.status_code == 422, answer.text
