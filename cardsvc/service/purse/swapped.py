"""Money of a withdrawn bus product on its way to the city purse of the same card: an order, as what was paid online is (补登).

So it waits where everything waits that the card is to get: shown at every look, written at any tap, moved to the holder's next
card. It came as it had come onto the bus purse, which the books still say.
"""

import datetime as dt
import uuid

from cardsvc.ledger.postings import Posting, held_account, order_account
from cardsvc.ledger.states import ORDER_ALLOWED, OrderState, advance
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Purchase, TopUpOrder

SWAP = "card_swap"
"""Merchant of the debit that draws such a purse to zero."""
SWAP_CHANNEL = "swap"
"""Channel of such orders: no payment channel may bring them."""


def order_of_swap(uow: UnitOfWork, purchase: Purchase, now: dt.datetime) -> TopUpOrder:
    """The card gave the money: it waits for the city purse."""
    return uow.orders.add(
        TopUpOrder(
            card_no=purchase.card_no,
            order_id=swap_order_id(purchase.purchase_id),
            channel=SWAP_CHANNEL,
            product="citizen",
            area="purse",
            first_month=None,
            last_month=None,
            amount=purchase.amount,
            payment_method="transfer",
            payment_reference=f"{purchase.card_no}:{purchase.purchase_id}",
            state=OrderState.PAID,
            paid_at=now,
        )
    )


def swap_order_id(purchase_id: str) -> str:
    """The order that a debit becomes."""
    return str(uuid.uuid5(uuid.UUID(purchase_id), "order"))


def swap_of(uow: UnitOfWork, order: TopUpOrder) -> Purchase | None:
    """The debit that an order came from, whichever card the order waits for by now; None of other orders."""
    card_no, _, purchase_id = order.payment_reference.partition(":")
    return uow.purchases.get(card_no, purchase_id) if order.channel == SWAP_CHANNEL else None


def end_held(uow: UnitOfWork, order: TopUpOrder, now: dt.datetime) -> None:
    """The card is taken in before it got it: the money is held, as all its money is."""
    posting = Posting("order_held", order_account(order.card_no), held_account(order.card_no), order.amount)
    uow.ledger.post(order.card_no, posting, order.order_id, now)
    state = advance(ORDER_ALLOWED, OrderState(order.state), OrderState.RETURNED)
    uow.orders.change(order, state=state, ended_at=now)
