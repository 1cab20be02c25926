"""What may be asked of fees of applications."""

import datetime as dt
from collections.abc import Collection

from cardsvc.ledger.states import FeeState
from cardsvc.store import tables
from cardsvc.store.records import ApplicationFee
from cardsvc.store.rows import Rows

_OPEN = (FeeState.AUTHORISED, FeeState.SUSPECT)


class ApplicationFees(Rows[ApplicationFee]):
    """Fees, one an opening that cost something."""

    table, record = tables.application_fee, ApplicationFee

    def of_operation(self, card_no: str, operation_id: str) -> ApplicationFee | None:
        """The fee that pays for what an operation writes, or that was paid for what it did not write."""
        return self.first_is(card_no=card_no, operation_id=operation_id) or self.get(card_no, operation_id)

    def open_on(self, card_no: str) -> list[ApplicationFee]:
        """Fees of which only the card knows whether it has what they pay for, oldest first."""
        return sorted(self.where_is(card_no=card_no, state=_OPEN), key=lambda row: row.taken_at)

    def waiting_on(self, card_no: str) -> list[ApplicationFee]:
        """Fees whose money waits for the same opening, or for its payer, oldest first."""
        return sorted(self.where_is(card_no=card_no, state=FeeState.NOT_WRITTEN), key=lambda row: row.taken_at)

    def suspects(self) -> list[ApplicationFee]:
        """Every fee that only its card can settle, oldest first."""
        return sorted(self.where_is(state=FeeState.SUSPECT), key=lambda row: row.taken_at)

    def waiting(self) -> list[ApplicationFee]:
        """Every fee whose money waits, oldest first."""
        return sorted(self.where_is(state=FeeState.NOT_WRITTEN), key=lambda row: row.taken_at)

    def confirmed_on(self, card_no: str) -> list[ApplicationFee]:
        """The fees of what the card has, or had."""
        return self.where_is(card_no=card_no, state=FeeState.CONFIRMED)

    def of_payment(self, method: str, reference: str) -> list[ApplicationFee]:
        """The fee that this payment paid."""
        return self.where_is(payment_method=method, payment_reference=reference)

    def of_first(self, card_no: str, application: str, renewal: str) -> list[ApplicationFee]:
        """The fees of an application that a card has, or had, which were no renewals."""
        return [fee for fee in self.confirmed_on(card_no) if fee.application == application and fee.product != renewal]

    def by_payments(self, method: str, references: Collection[str]) -> dict[str, ApplicationFee]:
        """The fee of each payment."""
        found = self.where_in(self.table.c.payment_reference, references, self.table.c.payment_method == method)
        return {row.payment_reference: row for row in found if row.payment_reference}

    def between(self, since: dt.datetime, until: dt.datetime) -> list[ApplicationFee]:
        """Fees that were taken from a moment to before another."""
        return self.where(self.table.c.taken_at >= since, self.table.c.taken_at < until)
