"""Fees of opened applications."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ApplicationFee:
    """A fee in fen that was paid for opening or renewing an application; states and steps in ledger/states.py.

    ``operation_id``: the opening that it pays for now, the first of which gave it its ``fee_id``; ``record``: the 32 bytes
    which that writes, in hex; None of a fee that was booked in one line when it was read back, as all were before migration
    0052; ``record_before``: what the card showed before, if it could be read; ``source_account``: where the money was taken;
    ``settled_by``: ``read_back``, or the rule of its last evidence.
    """

    card_no: str
    fee_id: str
    operation_id: str
    application: str
    product: str
    amount: int
    state: str
    rule: str
    payment_method: str
    payment_reference: str | None
    source_account: str
    taken_at: dt.datetime
    record: str | None = None
    record_before: str | None = None
    settled_by: str | None = None
    ended_at: dt.datetime | None = None
