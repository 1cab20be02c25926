"""Orders (补登) of an old card that no card will fetch: it was taken in, perhaps empty, and its holder wants no new one.

They go back through the channel that brought them, to whoever paid; with a new card they wait for that (orders.py). What the
old card may have been given already stays until that is settled.
"""

import datetime as dt
from typing import Any

from cardsvc.errors import CardError, RequestError
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.purse.orders import order_json, return_waiting
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.approvals import MAX_TEXT
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Card, Staff, TopUpOrder


def return_held_orders(store: Store, card_no: str, papers: str, *, by: Staff, now: dt.datetime) -> list[TopUpOrder]:
    """Send what waits for a card that was taken in back to its payers. ``papers``: what its holder, or heir, showed.

    Raises RequestError ``not_permitted``, ``reason_missing``, ``nothing_held`` for a card that was not taken in,
    ``held_can_be_written`` while its holder has another, ``no_order_waiting``; CardError ``old_card_suspects_open``.
    """
    require_role(by, *TELLERS)
    if not 1 <= len(papers.strip()) <= MAX_TEXT:
        raise RequestError("reason_missing", length=MAX_TEXT)

    def work(uow: UnitOfWork) -> list[TopUpOrder]:
        uow.cards.lock(card_no)
        card = uow.cards.get(card_no)
        if card is None or card.state in IN_HAND or uow.old_cards.get(card_no) is None:
            raise RequestError("nothing_held", card_no=card_no)
        other = _other_card(uow, card)
        if other is not None:
            raise RequestError("held_can_be_written", card_no=other)
        returned = return_waiting(uow, card_no, now, by=by, papers=papers.strip())
        if not returned:
            _refuse_open(uow, card_no)
            raise RequestError("no_order_waiting")
        return returned

    return store.transact(work)


def _refuse_open(uow: UnitOfWork, card_no: str) -> None:
    """What the card may have been given already."""
    if uow.orders.waiting(card_no):
        raise CardError("old_card_suspects_open", card_no=card_no)


def _other_card(uow: UnitOfWork, card: Card) -> str | None:
    """The card on which the holder can have it."""
    return next((other.card_no for other in uow.cards.of_citizen(card.citizen_id) if other.state in IN_HAND), None)


def held_orders(store: Store) -> list[dict[str, Any]]:
    """Orders that wait for cards which were taken in, oldest first, each with ``new_card_no``: who has one gets it there."""
    with store.read() as uow:
        rows = []
        for order in uow.orders.of_old_cards():
            card = uow.cards.get(order.card_no)
            if card is not None and card.state not in IN_HAND:
                rows.append({**order_json(order), "new_card_no": _other_card(uow, card)})
        return rows
