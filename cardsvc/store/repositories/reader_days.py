"""What may be asked of readers' days."""

import datetime as dt

from cardsvc.store import tables
from cardsvc.store.records import ReaderDay
from cardsvc.store.rows import Rows


class ReaderDays(Rows[ReaderDay]):
    """Sums of readers, one row a day."""

    table, record = tables.reader_day, ReaderDay

    def since(self, day: dt.date) -> list[ReaderDay]:
        """All rows of this day and later, oldest first."""
        return sorted(self.where(self.table.c.day >= day), key=lambda row: (row.day, row.place, row.reader))

    def newest_of(self, place: str, reader: str, limit: int) -> list[ReaderDay]:
        """The last days on which this reader was used, newest first."""
        return self.where_is(place=place, reader=reader, limit=limit, newest="day")
