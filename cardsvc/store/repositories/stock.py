"""What may be asked of blank cards. What a place holds is added up from the movements: no row keeps a number that could lie."""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import case, func, select, union_all

from cardsvc.store import tables
from cardsvc.store.records import BlankBatch, BlankCount, BlankMovement, MakingNote
from cardsvc.store.rows import Rows


class Held(NamedTuple):
    """How many of a batch are in a place; below zero where more were taken than brought."""

    place: str
    batch_id: str
    number: int


class BlankBatches(Rows[BlankBatch]):
    """Deliveries of blank cards."""

    table, record = tables.blank_batch, BlankBatch

    def any_of(self, family: str) -> bool:
        """Whether blanks of this family were ever delivered."""
        return bool(self.where_is(family=family, limit=1))

    def of_serial(self, family: str, serial: str) -> BlankBatch | None:
        """The batch that a chip belongs to."""
        return next(iter(self.overlapping(family, serial, serial)), None)

    def overlapping(self, family: str, first: str, last: str) -> list[BlankBatch]:
        """Batches of a family with serials between these, both included."""
        columns = self.table.c
        within = (columns.first_serial <= last, columns.last_serial >= first, func.length(columns.first_serial) == len(first))
        return self.where(columns.family == family, *within, newest="received_at")

    def all(self) -> list[BlankBatch]:
        """Every batch, newest first."""
        return self.where(newest="received_at")


class BlankMovements(Rows[BlankMovement]):
    """Movements of blank cards."""

    table, record = tables.blank_movement, BlankMovement

    def held(self, place: str, batch_id: str) -> int:
        """How many of a batch a place holds."""
        columns = self.table.c
        signed = case((columns.to_place == place, columns.count), else_=-columns.count)
        here = (columns.to_place == place) | (columns.from_place == place)
        found: int = self._connection.execute(
            select(func.coalesce(func.sum(signed), 0)).where(columns.batch_id == batch_id, here)
        ).scalar_one()
        return found

    def balances(self) -> list[Held]:
        """What every place holds of every batch, by both; without what is nothing."""
        columns = self.table.c
        parts = [
            select(place.label("place"), columns.batch_id, number.label("number"))
            for place, number in ((columns.to_place, columns.count), (columns.from_place, -columns.count))
        ]
        moved = union_all(*parts).subquery().c
        total = func.sum(moved.number)
        query = select(moved.place, moved.batch_id, total).group_by(moved.place, moved.batch_id).having(total != 0)
        return sorted(Held(*row) for row in self._connection.execute(query))

    def newest_taken(
        self, limit: int, since: dt.datetime | None, *, place: str | None = None, batch_id: str | None = None
    ) -> list[BlankMovement]:
        """The last blanks that a desk took, or that were taken of a batch: used, or found dead there. Newest first."""
        columns = self.table.c
        wanted = [columns.from_place == place] if place else []
        wanted += [columns.batch_id == batch_id] if batch_id else []
        wanted += [columns.at > since] if since else []
        taken = (columns.kind == "used") | ((columns.kind == "spoiled") & columns.card_no.is_(None))
        return self.where(*wanted, taken, newest="at", limit=limit)

    def of_chip(self, family: str, serial: str, kind: str) -> BlankMovement | None:
        """The movement of this kind of a chip."""
        batch = tables.blank_batch.c
        same = select(batch.batch_id).where(batch.family == family)
        columns = self.table.c
        found = self.where(columns.batch_id.in_(same), columns.kind == kind, columns.chip_serial == serial)
        return found[0] if found else None

    def last_to(self, place: str) -> BlankMovement | None:
        """The newest movement into a place."""
        return next(iter(self.where_is(to_place=place, newest="at", limit=1)), None)

    def last_from(self, place: str) -> BlankMovement | None:
        """The newest movement out of a place."""
        return next(iter(self.where_is(from_place=place, newest="at", limit=1)), None)

    def used(self, outlet_id: str, start: dt.datetime, end: dt.datetime) -> int:
        """How many an outlet used from a moment to another."""
        columns = self.table.c
        within = (columns.outlet_id == outlet_id, columns.kind == "used", columns.at >= start, columns.at < end)
        found: int = self._connection.execute(select(func.count()).select_from(self.table).where(*within)).scalar_one()
        return found

    def newest(self, outlet_id: str, limit: int) -> list[BlankMovement]:
        """What moved at an outlet, newest first."""
        return self.where_is(outlet_id=outlet_id, newest="at", limit=limit)

    def last_destroyed(self, destroyed: BlankMovement) -> dt.datetime | None:
        """When void cards of the same batch and outlet were destroyed the time before."""
        columns = self.table.c
        same = (columns.from_place == destroyed.from_place, columns.batch_id == destroyed.batch_id)
        found = self.where(*same, columns.kind == "destroyed", columns.at < destroyed.at, newest="at", limit=1)
        return found[0].at if found else None

    def spoiled_into(self, place: str, batch_id: str, after: dt.datetime | None, until: dt.datetime) -> list[BlankMovement]:
        """What came to the void cards of a batch, after one moment and until another, newest first."""
        columns = self.table.c
        later = [columns.at > after] if after else []
        same = (columns.to_place == place, columns.batch_id == batch_id, columns.kind == "spoiled")
        return self.where(*same, columns.at <= until, *later, newest="at")

    def of_approval(self, approval_id: str) -> list[BlankMovement]:
        """What a decision of two people moved."""
        return self.where_is(approval_id=approval_id, newest="at")


class BlankCounts(Rows[BlankCount]):
    """Counts of blank cards."""

    table, record = tables.blank_count, BlankCount

    def settled(self, count: BlankCount) -> bool:
        """Whether a count says nothing any more: the place was counted again, or put right since."""
        columns, moved = self.table.c, tables.blank_movement.c
        later = (columns.batch_id == count.batch_id, columns.place == count.place, columns.at > count.at)
        here = (moved.from_place == count.place) | (moved.to_place == count.place)
        right = (moved.batch_id == count.batch_id, moved.kind == "counted", here, moved.at >= count.at)
        put_right = select(func.count()).select_from(tables.blank_movement).where(*right)
        return bool(self.where(*later, limit=1)) or bool(self._connection.execute(put_right).scalar())

    def newest(self, outlet_id: str, limit: int) -> list[BlankCount]:
        """The counts of an outlet, newest first."""
        return self.where_is(outlet_id=outlet_id, newest="at", limit=limit)


class MakingNotes(Rows[MakingNote]):
    """First articles, and making that was let go on."""

    table, record = tables.making_note, MakingNote

    def newest_of(self, kinds: tuple[str, ...], *, place: str | None = None, batch_id: str | None = None) -> MakingNote | None:
        """The newest note of these kinds about a desk, a batch, or a batch at a desk."""
        columns = self.table.c
        wanted = [columns.place == place] if place else []
        wanted += [columns.batch_id == batch_id] if batch_id else []
        return next(iter(self.where(*wanted, columns.kind.in_(kinds), newest="at", limit=1)), None)
