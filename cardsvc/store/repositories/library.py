"""What may be asked of the outbox to the library."""

import datetime as dt

from sqlalchemy import func, select

from cardsvc.store import tables
from cardsvc.store.records import LibraryNotice
from cardsvc.store.rows import Rows
from cardsvc.store.states import NoticeState


class LibraryNotices(Rows[LibraryNotice]):
    """What the library is told, by reader and number."""

    table, record = tables.library_notice, LibraryNotice

    def highest(self, citizen_id: str) -> int:
        """The highest number of a reader; 0 where there is none."""
        query = select(func.max(self.table.c.number)).where(self.table.c.citizen_id == citizen_id)
        return self._connection.execute(query).scalar() or 0

    def due(self, now: dt.datetime, limit: int) -> list[LibraryNotice]:
        """What is to be sent now, the longest due first. Of a reader only the first that was not taken yet: the
        library would misunderstand a card that is replaced before it was opened."""
        columns, earlier = self.table.c, self.table.alias()
        before = select(earlier.c.number).where(
            earlier.c.citizen_id == columns.citizen_id,
            earlier.c.number < columns.number,
            earlier.c.state.in_((NoticeState.WAITING, NoticeState.FAILED)),
        )
        query = select(self.table).where(columns.state == NoticeState.WAITING, columns.next_at <= now, ~before.exists())
        return self._records(query.order_by(columns.next_at, columns.citizen_id, columns.number).limit(limit))

    def counts(self) -> dict[str, int]:
        """How many are waiting to be taken or failed, by state."""
        state = self.table.c.state
        query = select(state, func.count()).where(state.in_((NoticeState.WAITING, NoticeState.FAILED))).group_by(state)
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def in_state(self, state: str, limit: int) -> list[LibraryNotice]:
        """The newest ones in a state."""
        return self.where_is(state=state, newest="queued_at", limit=limit)

    def latest(self, limit: int) -> list[LibraryNotice]:
        """The newest ones."""
        return self.where(newest="queued_at", limit=limit)
