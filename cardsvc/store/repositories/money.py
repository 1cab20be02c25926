"""What may be asked of loads, purchases, evidence and the ledger."""

import datetime as dt

from sqlalchemy import func, select

from cardsvc.ledger import chain
from cardsvc.ledger.postings import Posting
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.store import tables
from cardsvc.store.records import (
    Evidence,
    Load,
    Purchase,
    Transfer,
)
from cardsvc.store.rows import Rows


class Loads(Rows[Load]):
    """Top-ups."""

    table, record = tables.load, Load

    def open_on(self, card_no: str) -> list[Load]:
        """Loads whose fate only the card knows, oldest first."""
        state = self.table.c.state
        found = self.where(self.table.c.card_no == card_no, state.in_((LoadState.AUTHORISED, LoadState.SUSPECT)))
        return sorted(found, key=lambda row: row.authorised_at)

    def of_operation(self, card_no: str, operation_id: str) -> Load | None:
        """The load that an operation made."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.operation_id == operation_id)
        return found[0] if found else None

    def of_card(self, card_no: str, limit: int = 100) -> list[Load]:
        """Loads of a card, newest first."""
        return self.where(self.table.c.card_no == card_no, limit=limit, newest="authorised_at")

    def paid_by(self, method: str, reference: str) -> list[Load]:
        """Loads that this payment paid and that are, or may be, on a card."""
        columns = self.table.c
        paid = columns.payment_method == method, columns.payment_reference == reference
        return self.where(*paid, columns.state.in_(tables.LIVE_LOADS))

    def suspects(self) -> list[Load]:
        """Every load that only its card can settle, oldest first."""
        return sorted(self.where(self.table.c.state == LoadState.SUSPECT), key=lambda row: row.authorised_at)

    def since(self, card_no: str, moment: dt.datetime) -> list[Load]:
        """Loads since a moment that are, or may be, on the card: for the rule of how many a day."""
        columns = self.table.c
        return self.where(columns.card_no == card_no, columns.authorised_at >= moment, columns.state.in_(tables.LIVE_LOADS))


class Purchases(Rows[Purchase]):
    """Purchases."""

    table, record = tables.purchase, Purchase

    def open_on(self, card_no: str) -> list[Purchase]:
        """Purchases whose fate only the card knows, oldest first."""
        states = (PurchaseState.AUTHORISED, PurchaseState.SUSPECT)
        found = self.where(self.table.c.card_no == card_no, self.table.c.state.in_(states))
        return sorted(found, key=lambda row: row.authorised_at)

    def of_operation(self, card_no: str, operation_id: str) -> Purchase | None:
        """The purchase that an operation made."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.operation_id == operation_id)
        return found[0] if found else None

    def of_card(self, card_no: str, limit: int = 100) -> list[Purchase]:
        """Purchases of a card, newest first."""
        return self.where(self.table.c.card_no == card_no, limit=limit, newest="authorised_at")

    def suspects(self) -> list[Purchase]:
        """Every purchase that only its card can settle, oldest first."""
        return sorted(self.where(self.table.c.state == PurchaseState.SUSPECT), key=lambda row: row.authorised_at)


class EvidenceRows(Rows[Evidence]):
    """Evidence."""

    table, record = tables.evidence, Evidence

    def of_card(self, card_no: str) -> list[Evidence]:
        """All evidence about a card."""
        return self.where(self.table.c.card_no == card_no)

    def of_subject(self, card_no: str, subject_id: str) -> list[Evidence]:
        """All evidence about a load or purchase, in order."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.subject_id == subject_id)
        return sorted(found, key=lambda row: row.number)


class Ledger(Rows[Transfer]):
    """The ledger: transfers, and what they add up to."""

    table, record = tables.transfer, Transfer

    def post(self, chain_id: str, posting: Posting, reference: str, now: dt.datetime) -> Transfer:
        """Book one transfer. The database refuses the same event for the same reference a second time."""
        last = self.where(self.table.c.chain == chain_id, newest="number", limit=1)
        number, previous = (last[0].number + 1, last[0].hash) if last else (1, chain.FIRST)
        ids = posting.debit, posting.credit
        content = (chain_id, number, posting.kind, *ids, posting.amount, reference, now)
        return self.add(Transfer(*content, previous, chain.link(previous, content)))

    def chains(self) -> list[str]:
        """Every chain that has transfers."""
        return list(self._connection.execute(select(self.table.c.chain).distinct().order_by(self.table.c.chain)).scalars())

    def of_chain(self, chain_id: str) -> list[Transfer]:
        """The transfers of a card or another chain, in order."""
        return sorted(self.where(self.table.c.chain == chain_id), key=lambda row: row.number)

    def balances(self, chain_id: str | None = None) -> dict[str, int]:
        """Debits minus credits of every account, of one chain's transfers or of all. They add up to zero."""
        totals: dict[str, int] = {}
        for column, sign in ((self.table.c.debit_account, 1), (self.table.c.credit_account, -1)):
            query = select(column, func.sum(self.table.c.amount)).group_by(column)
            if chain_id is not None:
                query = query.where(self.table.c.chain == chain_id)
            for account_id, amount in self._connection.execute(query):
                totals[account_id] = totals.get(account_id, 0) + sign * int(amount)
        return dict(sorted(totals.items()))
