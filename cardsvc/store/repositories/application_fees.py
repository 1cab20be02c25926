"""What may be asked of fees of applications."""

from cardsvc.store import tables
from cardsvc.store.records import ApplicationFee
from cardsvc.store.rows import Rows


class ApplicationFees(Rows[ApplicationFee]):
    """Fees, one an opening that cost something."""

    table, record = tables.application_fee, ApplicationFee

    def of_payment(self, method: str, reference: str) -> list[ApplicationFee]:
        """The fee that this payment paid."""
        return self.where_is(payment_method=method, payment_reference=reference)
