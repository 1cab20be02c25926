"""What may be asked of cash that was handed over."""

from collections.abc import Collection

from sqlalchemy import func, select

from cardsvc.store import tables
from cardsvc.store.records import CashGiven
from cardsvc.store.rows import Rows


class CashesGiven(Rows[CashGiven]):
    """What was handed over, one a payment for which it was typed."""

    table, record = tables.cash_given, CashGiven

    def change_of(self, source_accounts: Collection[str]) -> dict[str, int]:
        """The change that was given out of each of these accounts that gave any, in fen."""
        columns = self.table.c
        query = select(columns.source_account, func.sum(columns.given - columns.amount)).group_by(columns.source_account)
        found: dict[str, int] = {}
        for part in self.parts(source_accounts):
            rows = self._connection.execute(query.where(columns.source_account.in_(part)))
            found.update((account, int(change)) for account, change in rows)
        return found

    def of_source(self, source_account: str) -> tuple[int, int]:
        """What was handed over and what went back where the money lies in this account, in fen."""
        columns = self.table.c
        sums = func.coalesce(func.sum(columns.given), 0), func.coalesce(func.sum(columns.given - columns.amount), 0)
        given, change = self._connection.execute(select(*sums).where(columns.source_account == source_account)).one()
        return int(given), int(change)
