"""What may be asked of orders."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import select

from cardsvc.ledger.states import OrderState
from cardsvc.store import tables
from cardsvc.store.records import TopUpOrder
from cardsvc.store.rows import Rows


class Orders(Rows[TopUpOrder]):
    """Orders."""

    table, record = tables.topup_order, TopUpOrder

    def waiting(self, card_no: str) -> list[TopUpOrder]:
        """Paid and neither written nor returned, oldest first."""
        found = self.where_is(card_no=card_no, state=OrderState.PAID)
        return sorted(found, key=lambda row: (row.paid_at, row.order_id))

    def of_card(self, card_no: str) -> list[TopUpOrder]:
        """All orders of a card, newest first."""
        return self.where_is(card_no=card_no, newest="paid_at")

    def by_id(self, order_id: str) -> TopUpOrder | None:
        """An order whose card is not known to the caller."""
        return self.first_is(order_id=order_id)

    def all_waiting(self) -> list[TopUpOrder]:
        """Every order that waits, oldest first."""
        return sorted(self.where_is(state=OrderState.PAID), key=lambda row: row.paid_at)

    def of_old_cards(self) -> list[TopUpOrder]:
        """Those that wait for a card which was taken in, or gave its money, oldest first."""
        taken = select(tables.takeover.c.card_no)
        found = self.where(self.table.c.state == OrderState.PAID, self.table.c.card_no.in_(taken))
        return sorted(found, key=lambda row: (row.paid_at, row.order_id))

    def over(self, month: dt.date) -> list[TopUpOrder]:
        """Orders that wait although their last month ended before this one (given by its first day)."""
        return self.where(self.table.c.state == OrderState.PAID, self.table.c.last_month < month)

    def by_payments(self, method: str, references: Collection[str]) -> dict[str, TopUpOrder]:
        """The order of each payment; of several, the one that was not returned."""
        columns = self.table.c
        found = self.where_in(columns.payment_reference, references, columns.payment_method == method)
        found.sort(key=lambda row: (row.state != OrderState.RETURNED, row.paid_at))
        return {row.payment_reference: row for row in found}

    def between(self, since: dt.datetime, until: dt.datetime) -> list[TopUpOrder]:
        """Orders that were paid from a moment to before another."""
        return self.where(self.table.c.paid_at >= since, self.table.c.paid_at < until)

    def of_payment(self, method: str, reference: str) -> list[TopUpOrder]:
        """Orders that this payment paid, at any channel."""
        return self.where_is(payment_method=method, payment_reference=reference)
