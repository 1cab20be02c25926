"""What may be asked of old cards that were taken over."""

from cardsvc.store import tables
from cardsvc.store.records import LegacyCardRow
from cardsvc.store.rows import Rows


class LegacyCards(Rows[LegacyCardRow]):
    """Old cards, by UID."""

    table, record = tables.legacy_card, LegacyCardRow
