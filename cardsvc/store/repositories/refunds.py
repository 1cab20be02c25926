"""What may be asked of refunds, and of bicycles that are out."""

from sqlalchemy import select, text

from cardsvc.store import tables
from cardsvc.store.records import BicycleHold, Refund
from cardsvc.store.rows import Rows
from cardsvc.store.states import BicycleState


class Refunds(Rows[Refund]):
    """Refunds, by card and purchase."""

    table, record = tables.refund, Refund

    def of_card(self, card_no: str) -> list[Refund]:
        """Refunds of a card, also those that did not come about, newest first."""
        return self.where_is(card_no=card_no, newest="planned_at")

    def open(self) -> list[Refund]:
        """Refunds that the card may still prove: their money is promised."""
        refund, purchase = self.table.c, tables.purchase.c
        same = (refund.card_no == purchase.card_no) & (refund.purchase_id == purchase.purchase_id)
        query = select(self.table).join(tables.purchase, same).where(text(f"purchase.{tables.OPEN_PURCHASES}"))
        return self._records(query)


class BicycleHolds(Rows[BicycleHold]):
    """Bicycles."""

    table, record = tables.bicycle_hold, BicycleHold

    def live_on(self, card_no: str) -> BicycleHold | None:
        """The bicycle that is out on a card."""
        return self.first_is(card_no=card_no, state=BicycleState.HELD)

    def of_card(self, card_no: str) -> list[BicycleHold]:
        """Every bicycle that was out on a card."""
        return self.where_is(card_no=card_no)
