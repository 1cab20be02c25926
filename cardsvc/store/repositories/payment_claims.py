"""What may be asked of payments that a card is being opened for."""

from collections.abc import Collection

from cardsvc.store import tables
from cardsvc.store.records import PaymentClaim
from cardsvc.store.rows import Rows


class PaymentClaims(Rows[PaymentClaim]):
    """Claims, one a payment."""

    table, record = tables.payment_claim, PaymentClaim

    def by_payments(self, method: str, references: Collection[str]) -> dict[str, PaymentClaim]:
        """The claim on each payment."""
        found = self.where_in(self.table.c.payment_reference, references, self.table.c.payment_method == method)
        return {row.payment_reference: row for row in found}

    def release(self, card_no: str, applications: Collection[str]) -> None:
        """Give up the claims of a card for these applications."""
        columns = self.table.c
        mine = columns.card_no == card_no, columns.application.in_(applications)
        self._connection.execute(self.table.delete().where(*mine))
