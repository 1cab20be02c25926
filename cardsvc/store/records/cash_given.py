"""Cash that was handed over, and the change."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CashGiven:
    """What a citizen handed over for what cost ``amount``, both in fen. ``number``: of what it paid: the operation's, the
    replacement's, of a deposit the card's. ``source_account``: where the money lies, None for what was kept before 0044. The
    ledger knows the amount alone: what was given and the change cancel out in the drawer."""

    card_no: str
    number: str
    amount: int
    given: int
    taken_at: dt.datetime
    source_account: str | None

    @property
    def change(self) -> int:
        """What went back over the counter, in fen."""
        return self.given - self.amount
