"""What may be asked of refunds, and of bicycles that are out."""

from cardsvc.store import tables
from cardsvc.store.records import BicycleHold, Refund
from cardsvc.store.rows import Rows
from cardsvc.store.states import BicycleState


class Refunds(Rows[Refund]):
    """Refunds, by card and purchase."""

    table, record = tables.refund, Refund

    def of_card(self, card_no: str) -> list[Refund]:
        """Refunds of a card, also those that did not come about, newest first."""
        return self.where(self.table.c.card_no == card_no, newest="planned_at")


class BicycleHolds(Rows[BicycleHold]):
    """Bicycles."""

    table, record = tables.bicycle_hold, BicycleHold

    def live_on(self, card_no: str) -> BicycleHold | None:
        """The bicycle that is out on a card."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.state == BicycleState.HELD)
        return found[0] if found else None
