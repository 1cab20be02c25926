"""Fetching an order (补登): the load that was paid online is written at a tap, as any load is, from the order's money."""

import datetime as dt
from typing import Any

from pydantic import Field

from cardsvc.errors import RequestError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase, silent
from cardsvc.service.purse.open_money import refuse_while_open
from cardsvc.service.purse.orders import OWN_CHANNELS
from cardsvc.service.purse.payments import BY_ORDER
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.service.transactions.topup import LOAD, break_off_load
from cardsvc.store import UnitOfWork
from cardsvc.store.records import TopUpOrder


class FetchParams(Params):
    """Parameters of fetching: which order, by default the oldest that waits for this card."""

    order_id: str | None = Field(default=None, pattern="^[0-9a-f-]{36}$")


def _nothing(_context: Context, _uow: UnitOfWork) -> Procedure[None]:
    return silent()


def _find(context: Context, uow: UnitOfWork, _value: Any, _now: dt.datetime) -> Effect:
    """The order takes the place of a top-up's parameters."""
    refuse_while_open(context.facts["settled"])
    asked = context.params["order_id"]
    waiting = [order for order in uow.orders.waiting(context.card_no) if asked in (None, order.order_id)]
    if not waiting:
        raise RequestError("no_order_waiting")
    return Effect(facts={"order": order_job(waiting[0])})


def order_job(order: TopUpOrder) -> dict[str, Any]:
    """An order as the job of a load: what is written, where, and from which money."""
    return {
        "product": order.product,
        "area": order.area,
        "month": f"{order.first_month:%Y-%m}" if order.first_month else None,
        "amount": order.amount,
        "payment": {"method": BY_ORDER, "reference": order.order_id},
        "paid_by": order.payment_method,
        "moved": order.channel in OWN_CHANNELS,
    }


FETCH = OperationKind("fetch", FetchParams, (*CONTACT, Phase("order", _nothing, _find), *LOAD), broken_off=break_off_load)
