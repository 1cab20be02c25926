"""What may be asked of fees of applications."""

import datetime as dt
from collections.abc import Collection

from cardsvc.store import tables
from cardsvc.store.records import ApplicationFee
from cardsvc.store.rows import Rows


class ApplicationFees(Rows[ApplicationFee]):
    """Fees, one an opening that cost something."""

    table, record = tables.application_fee, ApplicationFee

    def of_payment(self, method: str, reference: str) -> list[ApplicationFee]:
        """The fee that this payment paid."""
        return self.where_is(payment_method=method, payment_reference=reference)

    def of_first(self, card_no: str, application: str, renewal: str) -> list[ApplicationFee]:
        """The fees of an application on a card that were no renewals."""
        return [fee for fee in self.where_is(card_no=card_no, application=application) if fee.product != renewal]

    def by_payments(self, method: str, references: Collection[str]) -> dict[str, ApplicationFee]:
        """The fee of each payment."""
        found = self.where_in(self.table.c.payment_reference, references, self.table.c.payment_method == method)
        return {row.payment_reference: row for row in found if row.payment_reference}

    def between(self, since: dt.datetime, until: dt.datetime) -> list[ApplicationFee]:
        """Fees that were taken from a moment to before another."""
        return self.where(self.table.c.taken_at >= since, self.table.c.taken_at < until)
