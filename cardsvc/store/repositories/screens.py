"""What may be asked of the hall's screens."""

import datetime as dt

from sqlalchemy import func, select

from cardsvc.store import tables
from cardsvc.store.records import HallScreen
from cardsvc.store.rows import Rows


class HallScreens(Rows[HallScreen]):
    """Screens."""

    table, record = tables.hall_screen, HallScreen

    def with_code(self, code: str) -> HallScreen | None:
        """The screen that shows this code."""
        return self.first_is(code=code)

    def waiting(self) -> int:
        """How many show a code."""
        query = select(func.count()).where(self.table.c.code.is_not(None))
        return int(self._connection.execute(query).scalar_one())

    def forget(self, before: dt.datetime) -> None:
        """Delete those that showed a code, and were not seen since."""
        columns = self.table.c
        self._connection.execute(self.table.delete().where(columns.code.is_not(None), columns.seen_at < before))

    def paired_at(self, outlet_id: str) -> list[HallScreen]:
        """The screens of an outlet that nobody unpaired, the newest first."""
        columns = self.table.c
        return self.where(columns.outlet_id == outlet_id, columns.ended_at.is_(None), newest="paired_at")
