"""What may be asked of prints of card faces."""

from sqlalchemy import select

from cardsvc.store import tables
from cardsvc.store.records import FacePrint
from cardsvc.store.rows import Rows


class FacePrints(Rows[FacePrint]):
    """Prints of card faces."""

    table, record = tables.face_print, FacePrint

    def newest_of(self, card_no: str) -> FacePrint | None:
        """The last try for a card, which decides."""
        return self.first_is(card_no=card_no, newest="attempt")

    def of_card(self, card_no: str) -> list[FacePrint]:
        """All tries for a card, newest first."""
        return self.where_is(card_no=card_no, newest="attempt")

    def next_for(self, terminal_id: str) -> FacePrint | None:
        """The oldest print whose job a workstation's agent still has to see to, locked."""
        columns = self.table.c
        query = select(self.table).where(columns.terminal_id == terminal_id, columns.job_ended_at.is_(None))
        query = query.order_by(columns.wanted_at, columns.print_id).limit(1).with_for_update()
        row = self._connection.execute(query).mappings().one_or_none()
        return FacePrint(**row) if row else None
