"""How a citizen paid, and which account holds what was taken."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from cardsvc.errors import RequestError
from cardsvc.ledger import postings
from cardsvc.ledger.states import OrderState
from cardsvc.service.kinds import Actor, Params
from cardsvc.store import UnitOfWork

REFERENCE = r"^[\x21-\x7E]{1,64}$"
WITHOUT_REFERENCE = ("cash",)
CHANNELS = ("bank_card", "mobile", "credit_card", "transfer")
"""Ways of paying that have a channel with files of its own."""


class Payment(Params):
    """How the citizen paid. ``reference``: of the payment at its channel; only cash has none. One payment pays one load."""

    method: Literal["cash", "bank_card", "mobile", "credit_card", "transfer"]
    reference: str | None = Field(default=None, pattern=REFERENCE)

    @model_validator(mode="after")
    def _can_be_found_again(self) -> Self:
        if self.reference is None and self.method not in WITHOUT_REFERENCE:
            raise ValueError("a payment that is not in cash needs its reference")
        return self


BY_ORDER = "order"
"""Payment method of a load that was paid before, by an order; its reference is the order's id."""


def load_source(uow: UnitOfWork, actor: Actor, card_no: str, payment: Mapping[str, Any]) -> str:
    """The account that a load is paid from: the card's orders, or what this actor took."""
    if payment["method"] == BY_ORDER:
        return postings.order_account(card_no)
    return money_source(uow, actor, payment)


def refuse_used(uow: UnitOfWork, payment: Mapping[str, Any]) -> None:
    """Raise RequestError ``payment_reference_used`` when this payment pays an order. That it pays one load only, the database
    sees to (uq_load_payment)."""
    if payment["reference"] is None or payment["method"] == BY_ORDER:
        return
    if any(order.state != OrderState.RETURNED for order in uow.orders.of_payment(payment["method"], payment["reference"])):
        raise RequestError("payment_reference_used")


def money_source(_uow: UnitOfWork, actor: Actor, _payment: Mapping[str, Any]) -> str:
    """The account that money of this payment, taken by this actor, is in: where a refund goes back to."""
    return postings.clearing_account(actor.kind, actor.id)
