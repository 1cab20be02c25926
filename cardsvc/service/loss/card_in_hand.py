"""What is asked of every card about which something is decided without it: it is in its holder's hands, and quiet."""

import datetime as dt

from cardsvc.errors import CardError, RequestError
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card

IN_HAND = ("issued", "blocked")


def card_in_hand(uow: UnitOfWork, card_no: str) -> Card:
    """The card; the caller holds its lock. Raises CardError ``card_unknown``, ``card_not_issued``."""
    card = uow.cards.get(card_no)
    if card is None:
        raise CardError("card_unknown", card_no=card_no)
    if card.state not in IN_HAND:
        raise CardError("card_not_issued", card_no=card_no, state=card.state)
    return card


def refuse_live(uow: UnitOfWork, card_no: str, now: dt.datetime) -> None:
    """Raise RequestError ``card_in_use`` while an operation waits for this card."""
    live = uow.operations.live_on(card_no)
    if live is not None and live.expires_at > now:
        raise RequestError("card_in_use", card_no=card_no)
