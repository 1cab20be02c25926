"""What may be asked of cancellations."""

from cardsvc.store import tables
from cardsvc.store.records import Cancellation
from cardsvc.store.rows import Rows


class Cancellations(Rows[Cancellation]):
    """Cancelled cards, by their number."""

    table, record = tables.cancellation, Cancellation
