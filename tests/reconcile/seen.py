"""A look at a card that no operation of the service made."""

import datetime as dt
import uuid

from cardsvc.store.records import CardSighting


def sighting(card_no: str, shown: tuple[int, int, int], at: dt.datetime) -> CardSighting:
    """What the card's memory holds: balance, online and offline counter."""
    return CardSighting(card_no, str(uuid.uuid4()), 0, "purse", "ep", *shown, at)
