"""Orders over HTTP: payment channels (terminals of role channel) bring them and ask after them."""

from typing import Any

from flask import Flask, g, request
from spectree import SpecTree

from cardsvc.bootstrap import Services
from cardsvc.errors import RequestError
from cardsvc.service.purse.orders import CHANNEL, OrderParams, create_order, order_json, order_view
from cardsvc.web.api.models import OrderView
from cardsvc.web.api.problems import ERRORS, Answers

PATH = "/api/v1/orders"


def install_orders(app: Flask, spec: SpecTree, services: Services) -> None:
    """The routes of orders."""

    @app.post(PATH)
    @spec.validate(json=OrderParams, resp=Answers(HTTP_201=OrderView, **ERRORS), tags=["orders"])
    def post_order() -> Any:
        """A load that was paid online. The same payment with the same contents gives the same order (marked as replayed)."""
        channel, params = _channel(), OrderParams.model_validate(request.get_json())
        order, replayed = create_order(services.store, services.rules, channel, params, services.engine.clock())
        return order_json(order), 201, {"Idempotency-Replayed": "true"} if replayed else {}

    @app.get(f"{PATH}/<order_id>")
    @spec.validate(resp=Answers(HTTP_200=OrderView, **ERRORS), tags=["orders"])
    def get_order(order_id: str) -> Any:
        """An order of this channel: whether it waits, was written, or went back to the payer."""
        return order_view(services.store, _channel(), order_id)


def _channel() -> str:
    if g.actor.role != CHANNEL:
        raise RequestError("operation_not_permitted", kind="order")
    channel: str = g.actor.id
    return channel
