"""What may be asked of bulk batches and their lines."""

from collections.abc import Collection

from sqlalchemy import func, select

from cardsvc.store import tables
from cardsvc.store.records import BulkBatch, BulkEvent, BulkLine, BulkStation
from cardsvc.store.rows import Rows
from cardsvc.store.states import BulkLineState

OPEN = (BulkLineState.WAITING, BulkLineState.MAKING, BulkLineState.VOIDED)
"""Lines that something is still to be done for."""


class BulkBatches(Rows[BulkBatch]):
    """Bulk batches."""

    table, record = tables.bulk_batch, BulkBatch

    def by_content(self, sha256: str) -> BulkBatch | None:
        """The batch that this file made."""
        return self.first_is(sha256=sha256)

    def recent(self, limit: int = 100) -> list[BulkBatch]:
        """Batches, newest first."""
        return self.where(limit=limit, newest="loaded_at")


class BulkLines(Rows[BulkLine]):
    """People of bulk batches."""

    table, record = tables.bulk_line, BulkLine

    def of_batch(self, batch_id: str, *states: str) -> list[BulkLine]:
        """The lines of a batch as they stand in the file, all of them or those in these states."""
        columns = self.table.c
        wanted = [columns.state.in_(states)] if states else []
        return sorted(self.where(columns.batch_id == batch_id, *wanted), key=lambda row: row.line)

    def of_person(self, batch_id: str, citizen_id: str) -> BulkLine | None:
        """The line of a person in a batch."""
        return self.first_is(batch_id=batch_id, citizen_id=citizen_id)

    def next_waiting(self, batch_id: str) -> BulkLine | None:
        """Whose card is made next: who has had none yet comes before those whose card was spoiled."""
        for state in (BulkLineState.WAITING, BulkLineState.VOIDED):
            columns = self.table.c
            first = select(func.min(columns.line)).where(columns.batch_id == batch_id, columns.state == state)
            line = self._connection.execute(first).scalar()
            if line is not None:
                return self.get(batch_id, line)
        return None

    def made_with(self, card_no: str) -> BulkLine | None:
        """The line whose card this is."""
        return self.first_is(card_no=card_no, state=BulkLineState.MADE)

    def counts(self, batch_ids: Collection[str]) -> dict[str, dict[str, int]]:
        """How many lines of each batch are in each state."""
        columns = self.table.c
        found: dict[str, dict[str, int]] = {batch_id: {} for batch_id in batch_ids}
        for part in self.parts(batch_ids):
            query = select(columns.batch_id, columns.state, func.count()).where(columns.batch_id.in_(part))
            for batch_id, state, count in self._connection.execute(query.group_by(columns.batch_id, columns.state)):
                found[batch_id][state] = count
        return found

    def open_of(self, citizen_ids: Collection[str]) -> dict[str, BulkLine]:
        """The lines of these people that something is still to be done for, by person."""
        found = self.where_in(self.table.c.citizen_id, citizen_ids, self.table.c.state.in_(OPEN))
        return {row.citizen_id: row for row in found}


class BulkEvents(Rows[BulkEvent]):
    """What runs told of cards."""

    table, record = tables.bulk_event, BulkEvent

    def newest(self, batch_id: str, limit: int) -> list[BulkEvent]:
        """The last ones of a batch, newest first."""
        return self.where_is(batch_id=batch_id, newest="at", limit=limit)

    def last_at(self, place: str) -> str | None:
        """The id of the newest one of a place: it changes whenever a card was told there."""
        found = self.where_is(place=place, newest="at", limit=1)
        return found[0].event_id if found else None

    def bins(self, batch_id: str) -> dict[str, int]:
        """How many cards went into each bin: a card with a number once, whatever came of it later."""
        columns = self.table.c
        each = func.count(func.distinct(func.coalesce(columns.card_no, columns.event_id)))
        query = select(columns.bin, each).where(columns.batch_id == batch_id).group_by(columns.bin)
        return {row[0]: row[1] for row in self._connection.execute(query)}


class BulkStations(Rows[BulkStation]):
    """Runs at workstations."""

    table, record = tables.bulk_station, BulkStation

    def of(self, terminal_ids: Collection[str]) -> dict[str, BulkStation]:
        """The runs at these workstations."""
        return {row.terminal_id: row for row in self.where_in(self.table.c.terminal_id, terminal_ids)}
