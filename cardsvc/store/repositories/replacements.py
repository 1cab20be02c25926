"""What may be asked of replacements."""

from cardsvc.store import tables
from cardsvc.store.records import Replacement
from cardsvc.store.rows import Rows


class Replacements(Rows[Replacement]):
    """Replacements, one an old card."""

    table, record = tables.replacement, Replacement

    def open_of(self, citizen_id: str) -> list[Replacement]:
        """A person's replacements whose new card is not made yet, newest first."""
        columns = self.table.c
        return self.where(columns.citizen_id == citizen_id, columns.new_card_no.is_(None), newest="asked_at")

    def open_at(self, outlet_id: str, limit: int) -> list[Replacement]:
        """Those of an outlet whose new card is not made yet, newest first."""
        columns = self.table.c
        return self.where(columns.outlet_id == outlet_id, columns.new_card_no.is_(None), limit=limit, newest="asked_at")

    def of_payment(self, method: str, reference: str) -> list[Replacement]:
        """The replacement whose fee this payment paid."""
        return self.where(self.table.c.payment_method == method, self.table.c.payment_reference == reference)

    def by_new_card(self, card_no: str) -> Replacement | None:
        """The replacement that made this card."""
        found = self.where(self.table.c.new_card_no == card_no, limit=1)
        return found[0] if found else None
