"""A card by its number, as whatever is decided about it must find it: known, issued, in its holder's hands, and quiet."""

import datetime as dt

from cardsvc.errors import CardError, OperationError
from cardsvc.service.machines import CARD
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, Operation
from cardsvc.text import Text
from cardsvc.units import LOCAL

ISSUED = ("issued",)
IN_HAND = ("issued", "blocked")


def known_card(uow: UnitOfWork, card_no: str) -> Card:
    """The card, in whatever state. Raises CardError ``card_unknown``."""
    card = uow.cards.get(card_no)
    if card is None:
        raise CardError("card_unknown", card_no=card_no[:16])
    return card


def issued_card(uow: UnitOfWork, card_no: str) -> Card:
    """The card, which is in use. Raises CardError ``card_unknown``, ``card_not_issued``."""
    return _in(ISSUED, known_card(uow, card_no))


def card_in_hand(uow: UnitOfWork, card_no: str) -> Card:
    """The card, in use or blocked; the caller holds its lock. Raises CardError ``card_unknown``, ``card_not_issued``."""
    return _in(IN_HAND, known_card(uow, card_no))


def _in(states: tuple[str, ...], card: Card) -> Card:
    if card.state not in states:
        raise not_issued(card)
    return card


def not_issued(card: Card) -> CardError:
    """The refusal of a card for its state, which it says in words."""
    return CardError("card_not_issued", card_no=card.card_no, state=CARD.words[card.state])


def busy(live: Operation) -> OperationError:
    """The refusal of a card that another operation has: which actor since when, and until when at the latest."""
    since, until = (f"{moment.astimezone(LOCAL):%H:%M:%S}" for moment in (live.started_at, live.expires_at))
    held = Text(f"{live.actor_id}，{since} 开始", f"{live.actor_id}, since {since}")
    return OperationError("card_busy", held=held, until=Text(f"{until} ", f"at {until}"))


def in_hand_again(other: Operation, mine: Operation) -> bool:
    """Whether the card of another operation of this very machine is in its reader again: a reader is one program's at a time,
    so whoever began the other has the card no more. A page and its agent may be two programs, and a terminal's answer late."""
    places = [(operation.actor_kind, operation.actor_id, operation.atr) for operation in (other, mine)]
    return mine.actor_kind == "local" and places[0] == places[1]


def refuse_live(uow: UnitOfWork, card_no: str, now: dt.datetime) -> None:
    """Raise OperationError ``card_busy`` while an operation waits for this card."""
    live = uow.operations.live_on(card_no)
    if live is not None and live.expires_at > now:
        raise busy(live)
