"""Which counter a log record belongs to: manuals and cards of one family disagree.

Fudan's manual gives a record the transaction's counter before its increment, the cards seen give it the one after (JR/T
0025.2-2010 5.5.8 is silent). A profile states what was seen of its family; a card of another mask may number the other way,
and then each record reads as that of the transaction beside it. So money never moves on the stated order alone.
"""

from collections.abc import Sequence
from typing import Literal

from cardsvc.card.purse import LogRecord

LogOrder = Literal["before", "after"]
ORDERS: tuple[LogOrder, LogOrder] = ("before", "after")


def began_at(record: LogRecord, order: LogOrder) -> int:
    """The counter that a log record's transaction began at, before its increment."""
    return record.number - (order == "after")


def shown_order(records: Sequence[LogRecord], counter: int | None) -> LogOrder | None:
    """The order in which the newest record is that of the card's last transaction; None where there is no such order.

    ``records``: those that moved this counter, newest first; ``counter``: the card's own, before its next increment. A card
    that lost its newest record looks like one of the order "before".
    """
    newest = records[0] if records else None
    if newest is None or counter is None:
        return None
    return next((order for order in ORDERS if began_at(newest, order) + 1 == counter), None)
