"""What may be asked of sign-ins on the desk page."""

from cardsvc.store import tables
from cardsvc.store.records import DeskSession
from cardsvc.store.rows import Rows


class DeskSessions(Rows[DeskSession]):
    """Sign-ins."""

    table, record = tables.desk_session, DeskSession

    def open_of(self, staff_id: str) -> list[DeskSession]:
        """A person's sign-ins that were not ended, newest first."""
        columns = self.table.c
        return self.where(columns.staff_id == staff_id, columns.ended_at.is_(None), newest="opened_at")
