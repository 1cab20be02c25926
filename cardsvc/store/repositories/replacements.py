"""What may be asked of replacements."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select

from cardsvc.store import tables
from cardsvc.store.records import Replacement
from cardsvc.store.rows import Rows


class Replacements(Rows[Replacement]):
    """Replacements; an old card has one whose fee did not go back."""

    table, record = tables.replacement, Replacement

    def of_card(self, old_card_no: str) -> Replacement | None:
        """The replacement of an old card that holds."""
        found = self.where(self.table.c.old_card_no == old_card_no, self.table.c.back_at.is_(None), limit=1)
        return found[0] if found else None

    def latest_of(self, old_card_no: str) -> Replacement | None:
        """The newest replacement of an old card, also one whose fee went back."""
        return self.first_is(old_card_no=old_card_no, newest="asked_at")

    def open_of(self, citizen_id: str) -> list[Replacement]:
        """A person's replacements that wait for their new card, newest first."""
        return self.where(self.table.c.citizen_id == citizen_id, *self._open(), newest="asked_at")

    def open_at(self, outlets: Collection[str], limit: int) -> list[Replacement]:
        """Those of some outlets that wait for their new card, newest first."""
        return self.where(self.table.c.outlet_id.in_(outlets), *self._open(), limit=limit, newest="asked_at")

    def _open(self) -> tuple[ColumnElement[bool], ...]:
        """No new card yet, or one that was spoiled; a card that its holder cancelled was theirs, and ended it."""
        columns, card, cancelled = self.table.c, tables.card.c, tables.cancellation.c
        ended = exists(select(cancelled.card_no).where(cancelled.card_no == columns.new_card_no))
        spoiled = exists(select(card.card_no).where(card.card_no == columns.new_card_no, card.state == "void"))
        return columns.back_at.is_(None), or_(columns.new_card_no.is_(None), spoiled & ~ended)

    def of_payment(self, method: str, reference: str) -> list[Replacement]:
        """The replacement whose fee this payment paid."""
        return self.where_is(payment_method=method, payment_reference=reference)

    def by_payments(self, method: str, references: Collection[str]) -> dict[str, Replacement]:
        """The replacement of each payment."""
        found = self.where_in(self.table.c.payment_reference, references, self.table.c.payment_method == method)
        return {row.payment_reference: row for row in found if row.payment_reference}

    def between(self, since: dt.datetime, until: dt.datetime) -> list[Replacement]:
        """Replacements that were asked for, and paid where they are not free, from a moment to before another."""
        return self.where(self.table.c.asked_at >= since, self.table.c.asked_at < until)

    def with_phone(self, citizen_id: str) -> Replacement | None:
        """The newest replacement of a person at which a phone was left."""
        columns = self.table.c
        found = self.where(columns.citizen_id == citizen_id, columns.phone.is_not(None), limit=1, newest="asked_at")
        return found[0] if found else None

    def by_new_card(self, card_no: str) -> Replacement | None:
        """The replacement that made this card."""
        return self.first_is(new_card_no=card_no)
