"""A payment that pays for what is being written onto a card."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PaymentClaim:
    """``amount`` in fen: the fee of an application that operation ``operation_id`` writes, or may have written when its card
    left. It goes when the fee is booked, or when the card shows that it has nothing."""

    payment_method: str
    payment_reference: str
    card_no: str
    application: str
    operation_id: str
    amount: int
    claimed_at: dt.datetime
