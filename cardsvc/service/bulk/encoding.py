"""Personalisation data are encoded for every person of a file while it is checked, so that no line fails for its data later.

What goes onto the card is what is registered. It is encoded as making encodes it, for every card family that can be issued, and
then let go: making encodes it again with the card's own number and dates. Keys are made ahead when the cards before are made
(service/cards/making_keys.py).
"""

import datetime as dt
from collections.abc import Callable, Sequence

from cardsvc.card.contents import CardData, contents
from cardsvc.card.holder import Holder
from cardsvc.card.layout import CardLayout
from cardsvc.card.profile import Profile
from cardsvc.service.cards.data import chip_holder
from cardsvc.service.people.reasons import BadLine
from cardsvc.store.records import Citizen
from cardsvc.units import CardNo

ANY_CARD, ANY_SS_CARD = CardNo("3100010100000001"), "A00000001"
"""Numbers of the right form: the card's own are given out when it is made."""


def layouts_of(profiles: Sequence[Profile]) -> list[CardLayout]:
    """The layouts of the cards that can be issued, each once."""
    found: list[CardLayout] = []
    for profile in profiles:
        if profile.issuable and profile.layout not in found:
            found.append(profile.layout)
    return found


def not_encodable(layouts: Sequence[CardLayout], line: int, citizen: Citizen, day: dt.date) -> list[BadLine]:
    """What of this person's registered data cannot go onto a card; empty where all of it can."""
    holder = chip_holder(citizen)
    card = CardData(ANY_CARD, ANY_SS_CARD, holder, day, day)
    try:
        for layout in layouts:
            for application in layout.applications:
                contents(layout, card, application)
    except ValueError:
        return [BadLine(line, _culprit(holder), "not_for_the_card")]
    return []


def _culprit(holder: Holder) -> str:
    """The column that holds what cannot be encoded, as far as it can be told."""
    tried: dict[str, Callable[[], bytes]] = {
        "name": lambda: holder.name.encode("gbk"),
        "id_number": lambda: holder.id_number.encode("ascii"),
        "birthplace": lambda: bytes.fromhex(holder.birthplace),
        "sex": lambda: bytes((holder.sex,)),
        "ethnic_group": lambda: bytes.fromhex(f"{holder.ethnic_group:02d}"),
    }
    for column, encode in tried.items():
        try:
            encode()
        except ValueError:
            return column
    return ""
