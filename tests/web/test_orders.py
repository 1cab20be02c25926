"""Orders over HTTP: a payment channel brings them, any terminal's next tap writes them. Areas; terminals suspended mid-load."""

import functools
import uuid
from typing import Any

import pytest

from cardsvc.client.http import ServiceRefused
from cardsvc.iso7816.exchange import run_batch
from cardsvc.readers.carry import carry_out
from cardsvc.service.terminals.registry import set_terminal_state
from cardsvc.units import LOCAL
from cardsvc.vcard import VirtualCard
from cardsvc.wire import OperationState
from tests.serving import Served
from tests.world import FAMILIES, area_on

CARD = "3100010100000001"
PAID = {"card_no": CARD, "amount": 5000, "payment": {"method": "mobile", "reference": "wx-1"}}


def key() -> str:
    """A fresh idempotency key."""
    return str(uuid.uuid4())


def refusal(call: Any, *given: Any) -> tuple[str, int]:
    """Code and status of the problem that a call ends with."""
    with pytest.raises(ServiceRefused) as told:
        call(*given)
    return told.value.problem["code"], told.value.problem["status"]


def test_an_order_goes_from_the_channel_to_the_card(served: Served) -> None:
    """Brought twice it is one; every terminal sees it wait; the kiosk writes it; the channel hears."""
    card = served.world.issue(FAMILIES[0])
    made = served.channel.order(PAID)
    again = served.channel.order(PAID)
    assert (made["_replayed"], again["_replayed"], again["order_id"]) == (False, True, made["order_id"])
    assert [order["order_id"] for order in served.kiosk.card(CARD)["orders"]] == [made["order_id"]]
    result = carry_out(served.kiosk, card.channel(), "fetch", {}, idempotency_key=key())
    assert result["balance"] == area_on(card, "purse") == 5000
    seen = served.channel.order_state(made["order_id"])
    assert (seen["state"], seen["load_id"]) == ("written", result["load_id"])
    assert served.kiosk.card(CARD)["orders"] == []


def test_who_may_bring_and_see_orders(served: Served) -> None:
    """Channels bring and see their own orders; they see no card and carry out no operation."""
    card = served.world.issue(FAMILIES[0])
    assert refusal(served.kiosk.order, PAID) == ("operation_not_permitted", 403)
    assert refusal(served.desk.order, PAID) == ("operation_not_permitted", 403)
    made = served.channel.order(PAID)
    assert refusal(served.desk.order_state, made["order_id"]) == ("operation_not_permitted", 403)
    assert refusal(served.channel.order_state, key()) == ("order_unknown", 404)
    assert refusal(served.channel.card, CARD) == ("operation_not_permitted", 403)
    assert refusal(served.channel.transactions, CARD) == ("operation_not_permitted", 403)
    assert refusal(lambda: served.channel.start("inspect", {}, atr=card.atr, idempotency_key=key()))[1] == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": 2**31},
        {"amount": -1},
        {"amount": 50.0},
        {"card_no": "1"},
        {"payment": {"method": "cash"}},
        {"payment": {"method": "mobile"}},
        {"month": "2026-12"},
        {"area": "month", "month": "2026-13"},
        {"product": "X"},
        {"more": 1},
    ],
)
def test_a_malformed_order_is_refused_by_its_field(served: Served, wrong: Any) -> None:
    """Nothing is taken."""
    assert refusal(served.channel.order, PAID | wrong) == ("params_invalid", 422)
    assert not served.world.balances()


def test_a_terminal_that_is_suspended_in_mid_load(served: Served) -> None:
    """Its answers are evidence of what the card was told already, and are taken; it begins nothing new."""
    card = served.world.issue(FAMILIES[0])
    channel = card.channel()
    params = {"amount": 5000, "payment": {"method": "mobile", "reference": "wx-2"}}
    reply = served.kiosk.start("topup", params, atr=card.atr, idempotency_key=key())
    while "CREDIT FOR LOAD" not in [ask.name for ask in reply.commands]:
        reply = served.kiosk.answer(reply.id, reply.step, run_batch(channel, reply.commands))
    set_terminal_state(served.world.store, "kiosk-7", "suspended")
    assert served.kiosk.answer(reply.id, reply.step, run_batch(channel, reply.commands)).state == "done"
    channel.close()
    assert area_on(card, "purse") == served.world.purse_total(CARD) == 5000
    begin = functools.partial(served.kiosk.start, atr=card.atr, idempotency_key=key())
    assert refusal(begin, "topup", params) == ("terminal_suspended", 403)


def test_a_month_ticket_over_http(served: Served) -> None:
    """The parameters of areas pass through the door."""
    card = served.world.issue(FAMILIES[1])
    served.world.do(card, "open", application="bus", product="T")
    params = {"amount": 5000, "area": "month", "payment": {"method": "cash"}}
    reply = carry_out(served.kiosk, card.channel(), "topup", params, idempotency_key=key())
    assert reply["period"] == f"{served.world.now.astimezone(LOCAL):%Y-%m}"
    row = served.kiosk.transactions(CARD)[0]
    assert (row["application"], row["product"], row["area"], row["amount"]) == ("bus", "T", "month", 5000)


def test_a_fetch_needs_a_card_that_is_ours(served: Served) -> None:
    """As every operation on an issued card does."""
    blank = VirtualCard.blank(FAMILIES[0], seed=5)
    channel = blank.channel()
    reply = served.kiosk.start("fetch", {}, atr=blank.atr, idempotency_key=key())
    while reply.commands:
        reply = served.kiosk.answer(reply.id, reply.step, run_batch(channel, reply.commands))
    assert reply.state is OperationState.FAILED
    assert (reply.problem or {})["code"] == "card_is_blank"
