"""What may be asked of deposits."""

import datetime as dt
from collections.abc import Collection

from cardsvc.store import tables
from cardsvc.store.records import Deposit
from cardsvc.store.rows import Rows
from cardsvc.store.states import DepositState


class Deposits(Rows[Deposit]):
    """Deposits, one a card at a time."""

    table, record = tables.deposit, Deposit

    def held_on(self, card_no: str) -> Deposit | None:
        """The deposit of a card that was not given back."""
        return self.first_is(card_no=card_no, state=DepositState.TAKEN)

    def of_card(self, card_no: str) -> list[Deposit]:
        """All deposits of a card, the last first."""
        return self.where_is(card_no=card_no, newest="taken_on")

    def of_payment(self, method: str, reference: str) -> list[Deposit]:
        """The deposit that this payment paid."""
        return self.where_is(payment_method=method, payment_reference=reference)

    def by_payments(self, method: str, references: Collection[str]) -> dict[str, Deposit]:
        """The deposit of each payment."""
        found = self.where_in(self.table.c.payment_reference, references, self.table.c.payment_method == method)
        return {row.payment_reference: row for row in found if row.payment_reference}

    def taken_on(self, day: dt.date) -> list[Deposit]:
        """Deposits of a day."""
        return self.where_is(taken_on=day)
