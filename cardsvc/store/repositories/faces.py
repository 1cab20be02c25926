"""What may be asked of photos, and of prints of card faces."""

from collections.abc import Collection

from sqlalchemy import select, union

from cardsvc.store import tables
from cardsvc.store.records import CitizenPhoto, FacePrint
from cardsvc.store.rows import Rows
from cardsvc.store.states import CardRequestState, FacePrintState


class CitizenPhotos(Rows[CitizenPhoto]):
    """Photos that were taken at a desk."""

    table, record = tables.citizen_photo, CitizenPhoto

    def newest_of(self, citizen_id: str) -> CitizenPhoto | None:
        """The last photo of a person."""
        return self.first_is(citizen_id=citizen_id, newest="taken_at")

    def people_with(self, citizen_ids: Collection[str]) -> set[str]:
        """Those of these people who have a photo, taken at a desk or with an application that was not withdrawn."""
        taken, applied, found = self.table.c, tables.card_request.c, set[str]()
        for part in self.parts(citizen_ids):
            kept = (applied.citizen_id.in_(part), applied.state != CardRequestState.CANCELLED)
            both = union(select(taken.citizen_id).where(taken.citizen_id.in_(part)), select(applied.citizen_id).where(*kept))
            found |= set(self._connection.execute(both).scalars())
        return found


class FacePrints(Rows[FacePrint]):
    """Prints of card faces."""

    table, record = tables.face_print, FacePrint

    def newest_of(self, card_no: str) -> FacePrint | None:
        """The last try for a card, which decides."""
        return self.first_is(card_no=card_no, newest="attempt")

    def of_card(self, card_no: str) -> list[FacePrint]:
        """All tries for a card, newest first."""
        return self.where_is(card_no=card_no, newest="attempt")

    def open_at(self, outlet_id: str, limit: int) -> list[FacePrint]:
        """Those of an outlet's cards that are in use and that nobody has found right or wrong, the first made first."""
        columns, card = self.table.c, tables.card.c
        query = select(self.table).join(tables.card, card.card_no == columns.card_no)
        query = query.where(columns.outlet_id == outlet_id, card.state.in_(("issued", "blocked")))
        query = query.where(columns.state.not_in((FacePrintState.RIGHT, FacePrintState.WRONG)))
        query = query.order_by(columns.made_at, columns.card_no).limit(limit)
        return self._records(query)

    def next_for(self, terminal_id: str) -> FacePrint | None:
        """The oldest print whose job a workstation's agent still has to see to, locked."""
        columns = self.table.c
        query = select(self.table).where(columns.terminal_id == terminal_id, columns.job_ended_at.is_(None))
        query = query.order_by(columns.wanted_at, columns.print_id).limit(1).with_for_update()
        return self._record(query)
