"""What may be asked of photos, and of prints of card faces."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, exists, or_, select

from cardsvc.store import tables
from cardsvc.store.records import CitizenPhoto, FacePrint
from cardsvc.store.rows import Rows
from cardsvc.store.states import BulkLineState, CardLife, CardRequestState, FacePrintState


class CitizenPhotos(Rows[CitizenPhoto]):
    """Photos of holders."""

    table, record = tables.citizen_photo, CitizenPhoto

    def newest_of(self, citizen_id: str) -> CitizenPhoto | None:
        """The last photo of a person."""
        return self.first_is(citizen_id=citizen_id, newest="taken_at")

    def ids_of(self, citizen_id: str) -> list[str]:
        """The photos of a person, without their pictures."""
        column = self.table.c
        return list(self._connection.execute(select(column.photo_id).where(column.citizen_id == citizen_id)).scalars())

    def note_need(self, day: dt.date, now: dt.datetime) -> int:
        """Note of each photo since when nothing needs it: how many are new. One that is needed again is needed."""
        table, needed = self.table, self._needed(day)
        back = table.update().where(table.c.unneeded_since.is_not(None), needed).values(unneeded_since=None)
        self._connection.execute(back)
        over = table.update().where(table.c.unneeded_since.is_(None), ~needed).values(unneeded_since=now)
        return int(self._connection.execute(over).rowcount)

    def _needed(self, day: dt.date) -> ColumnElement[bool]:
        """The newest of its person, who has a card that is made or in use on this day, or waits for one."""
        photo, later = self.table.c, self.table.alias()
        card, request, line, old = (t.c for t in (tables.card, tables.card_request, tables.bulk_line, tables.replacement))
        newer = exists(
            select(later.c.photo_id).where(later.c.citizen_id == photo.citizen_id, later.c.taken_at > photo.taken_at)
        )
        in_use = card.state.in_((CardLife.PERSONALISING, CardLife.ISSUED, CardLife.BLOCKED)) & (card.expiry_date >= day)
        asked = request.state.in_((CardRequestState.HELD, CardRequestState.APPLIED))
        in_batch = line.state.in_((BulkLineState.WAITING, BulkLineState.MAKING, BulkLineState.VOIDED))
        replaced = old.new_card_no.is_(None) & old.back_at.is_(None)
        waits = (
            exists(select(columns.citizen_id).where(columns.citizen_id == photo.citizen_id, which))
            for columns, which in ((card, in_use), (request, asked), (line, in_batch), (old, replaced))
        )
        return ~newer & or_(*waits)

    def unneeded_since(self, until: dt.datetime, people: int) -> dict[str, list[str]]:
        """Photos that nothing needs since then or longer, by person, of so many people at the most."""
        column, found = self.table.c, dict[str, list[str]]()
        over = column.unneeded_since <= until
        some = select(column.citizen_id).where(over).distinct().order_by(column.citizen_id).limit(people)
        query = select(column.citizen_id, column.photo_id).where(over, column.citizen_id.in_(some))
        for citizen_id, photo_id in self._connection.execute(query):
            found.setdefault(citizen_id, []).append(photo_id)
        return found

    def delete_ids(self, photo_ids: Collection[str]) -> None:
        """Delete photos."""
        self.delete_in(self.table.c.photo_id, photo_ids)

    def people_with(self, citizen_ids: Collection[str]) -> set[str]:
        """Those of these people who have a photo."""
        column, found = self.table.c.citizen_id, set[str]()
        for part in self.parts(citizen_ids):
            found |= set(self._connection.execute(select(column).where(column.in_(part)).distinct()).scalars())
        return found


class FacePrints(Rows[FacePrint]):
    """Prints of card faces."""

    table, record = tables.face_print, FacePrint

    def forget_case(self, case_no: str) -> None:
        """Prints of cards that were void stay, the application that they were for does not."""
        self._connection.execute(self.table.update().where(self.table.c.case_no == case_no).values(case_no=None))

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
