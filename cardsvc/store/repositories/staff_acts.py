"""What may be asked of the acts of administrators."""

from cardsvc.store import tables
from cardsvc.store.records import StaffAct
from cardsvc.store.rows import Rows


class StaffActs(Rows[StaffAct]):
    """Acts; they are only ever added."""

    table, record = tables.staff_act, StaffAct

    def latest(self, subject: str | None, staff_id: str | None, limit: int) -> list[StaffAct]:
        """Acts on one thing, or of one person, or all, newest first."""
        columns = self.table.c
        wanted = ((columns.subject, subject), (columns.staff_id, staff_id))
        return self.where(*(column == value for column, value in wanted if value), newest="done_at", limit=limit)
