"""Fees of opened applications."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApplicationFee:
    """A fee in fen that was taken when an application was opened or renewed. ``source_account``: where the money went."""

    card_no: str
    operation_id: str
    application: str
    product: str
    amount: int
    rule: str
    payment_method: str
    payment_reference: str | None
    source_account: str
    taken_at: dt.datetime
