"""What may be asked of loss reports."""

import datetime as dt

from cardsvc.store import tables
from cardsvc.store.records import LossReport
from cardsvc.store.rows import Rows


class LossReports(Rows[LossReport]):
    """Loss reports."""

    table, record = tables.loss_report, LossReport

    def open_of(self, card_no: str) -> LossReport | None:
        """The report that holds for a card."""
        found = self.where(self.table.c.card_no == card_no, self.table.c.ended.is_(None), limit=1)
        return found[0] if found else None

    def of_card(self, card_no: str) -> list[LossReport]:
        """Every report of a card, newest first."""
        return self.where_is(card_no=card_no, newest="reported_at")

    def over(self, now: dt.datetime) -> list[LossReport]:
        """Phone reports whose time is over."""
        return self.where(self.table.c.ended.is_(None), self.table.c.lapses_at <= now, limit=200)
