"""What may be asked of held money that was paid back."""

from cardsvc.store import tables
from cardsvc.store.records import HeldPayout
from cardsvc.store.rows import Rows


class HeldPayouts(Rows[HeldPayout]):
    """Payouts, one a part."""

    table, record = tables.held_payout, HeldPayout

    def by_id(self, payout_id: str) -> HeldPayout | None:
        """The payout with this number."""
        return self.first_is(payout_id=payout_id)
