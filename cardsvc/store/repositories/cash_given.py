"""What may be asked of cash that was handed over."""

from cardsvc.store import tables
from cardsvc.store.records import CashGiven
from cardsvc.store.rows import Rows


class CashesGiven(Rows[CashGiven]):
    """What was handed over, one a payment for which it was typed."""

    table, record = tables.cash_given, CashGiven
