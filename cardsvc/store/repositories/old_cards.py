"""What may be asked of old cards whose money is taken over."""

from sqlalchemy import exists, select

from cardsvc.store import tables
from cardsvc.store.records import Takeover, TakeoverPart
from cardsvc.store.rows import Rows
from cardsvc.store.states import OldCardState


class Takeovers(Rows[Takeover]):
    """Old cards."""

    table, record = tables.takeover, Takeover

    def waiting(self) -> list[Takeover]:
        """Cards whose day has not been used yet, the next due first."""
        return sorted(self.where_is(state=OldCardState.WAITING), key=lambda row: (row.due, row.card_no))


class TakeoverParts(Rows[TakeoverPart]):
    """Their money."""

    table, record = tables.takeover_part, TakeoverPart

    def of_card(self, card_no: str) -> list[TakeoverPart]:
        """Parts of an old card, in a fixed order."""
        return sorted(self.where_is(card_no=card_no), key=lambda row: (row.application, row.purse, row.part_id))

    def kept(self, limit: int) -> list[TakeoverPart]:
        """Parts that no load of a new card took and that were not paid back, oldest first."""
        part, load, payout = self.table.c, tables.load.c, tables.held_payout.c
        reference = part.card_no.concat(":").concat(part.part_id)
        taken = exists(
            select(load.load_id).where(
                load.payment_method == "old_card", load.payment_reference == reference, load.state.in_(tables.LIVE_LOADS)
            )
        )
        paid = exists(select(payout.part_id).where(payout.card_no == part.card_no, payout.part_id == part.part_id))
        query = select(self.table).where(~taken, ~paid).order_by(part.made_at, part.part_id).limit(limit)
        return self._records(query)
