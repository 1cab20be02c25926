"""What may be asked of deposits."""

from cardsvc.store import tables
from cardsvc.store.records import Deposit
from cardsvc.store.rows import Rows


class Deposits(Rows[Deposit]):
    """Deposits, one a card."""

    table, record = tables.deposit, Deposit
