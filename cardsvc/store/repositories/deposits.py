"""What may be asked of deposits."""

from cardsvc.store import tables
from cardsvc.store.records import Deposit
from cardsvc.store.rows import Rows


class Deposits(Rows[Deposit]):
    """Deposits, one a card."""

    table, record = tables.deposit, Deposit

    def of_payment(self, method: str, reference: str) -> list[Deposit]:
        """The deposit that this payment paid."""
        return self.where_is(payment_method=method, payment_reference=reference)
