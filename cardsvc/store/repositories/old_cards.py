"""What may be asked of old cards whose money is taken over."""

from cardsvc.store import tables
from cardsvc.store.records import Takeover, TakeoverPart
from cardsvc.store.rows import Rows
from cardsvc.store.states import OldCardState


class Takeovers(Rows[Takeover]):
    """Old cards."""

    table, record = tables.takeover, Takeover

    def waiting(self) -> list[Takeover]:
        """Cards whose day has not been used yet, the next due first."""
        return sorted(self.where(self.table.c.state == OldCardState.WAITING), key=lambda row: (row.due, row.card_no))


class TakeoverParts(Rows[TakeoverPart]):
    """Their money."""

    table, record = tables.takeover_part, TakeoverPart

    def of_card(self, card_no: str) -> list[TakeoverPart]:
        """Parts of an old card, in a fixed order."""
        return sorted(self.where(self.table.c.card_no == card_no), key=lambda row: (row.application, row.purse, row.part_id))
