"""What may be asked of held money that was paid back."""

from cardsvc.store import tables
from cardsvc.store.records import HeldPayout
from cardsvc.store.rows import Rows


class HeldPayouts(Rows[HeldPayout]):
    """Payouts, one a part."""

    table, record = tables.held_payout, HeldPayout

    def by_id(self, payout_id: str) -> HeldPayout | None:
        """The payout with this number."""
        found = self.where(self.table.c.payout_id == payout_id, limit=1)
        return found[0] if found else None
