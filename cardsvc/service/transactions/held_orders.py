"""Orders (补登) that no card will fetch: of an old card that was taken in, perhaps empty, and whose holder wants no new one; or
of a card that its holder has, and that the rules of today do not let be written any more.

They go back through the channel that brought them, to whoever paid; with a new card they wait for that (orders.py). What the
old card may have been given already stays until that is settled.
"""

import datetime as dt
from typing import Any

from cardsvc.errors import CardError, RequestError
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.purse.orders import is_refused, order_json, return_waiting
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.approvals import MAX_TEXT
from cardsvc.service.transactions.takeovers import hold_swapped
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Card, Staff, TopUpOrder


def return_held_orders(
    store: Store, rules: RuleBook, card_no: str, papers: str, *, by: Staff, now: dt.datetime
) -> list[TopUpOrder]:
    """Send what waits for a card that was taken in, or what the rules refuse by now, back to its payers. ``papers``: what
    its holder, or heir, showed.

    Raises RequestError ``not_permitted``, ``reason_missing``, ``nothing_held``, ``held_can_be_written`` while its
    holder has a card that may fetch it, ``no_order_waiting``; CardError ``old_card_suspects_open``.
    """
    require_role(by, *TELLERS)
    if not 1 <= len(papers.strip()) <= MAX_TEXT:
        raise RequestError("reason_missing", length=MAX_TEXT)

    def work(uow: UnitOfWork) -> list[TopUpOrder]:
        uow.cards.lock(card_no)
        card = uow.cards.get(card_no)
        if card is None or (card.state not in IN_HAND and uow.old_cards.get(card_no) is None):
            raise RequestError("nothing_held", card_no=card_no)
        if card.state not in IN_HAND:
            hold_swapped(uow, card_no, now)
        fetches = _card_of(uow, card)
        in_force = rules.in_force(uow, local_day(now))

        def may_go(order: TopUpOrder) -> bool:
            return fetches is None or is_refused(uow, in_force, order, now)

        returned = return_waiting(uow, card_no, now, by=by, papers=papers.strip(), those=may_go)
        if not returned:
            _refuse(uow, card_no, fetches)
        return returned

    return store.transact(work)


def _refuse(uow: UnitOfWork, card_no: str, fetches: str | None) -> None:
    """Why nothing went back."""
    if not uow.orders.waiting(card_no):
        raise RequestError("no_order_waiting")
    if fetches is not None:
        raise RequestError("held_can_be_written", card_no=fetches)
    raise CardError("old_card_suspects_open", card_no=card_no)  # it may have been given to the card already


def _card_of(uow: UnitOfWork, card: Card) -> str | None:
    """The card on which the holder can have it."""
    return next((one.card_no for one in uow.cards.of_citizen(card.citizen_id) if one.state in IN_HAND), None)


def held_orders(store: Store) -> list[dict[str, Any]]:
    """Orders that wait for cards which were taken in, oldest first, each with ``new_card_no``: who has one gets it there."""
    with store.read() as uow:
        rows = []
        for order in uow.orders.of_old_cards():
            card = uow.cards.get_one(order.card_no)
            if card.state not in IN_HAND:
                rows.append({**order_json(order), "new_card_no": _card_of(uow, card)})
        return rows
