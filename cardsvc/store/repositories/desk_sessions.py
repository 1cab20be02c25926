"""What may be asked of sign-ins on the desk page, and of the answers that their forms got."""

import datetime as dt

from cardsvc.store import tables
from cardsvc.store.records import DeskSession, FormAnswer
from cardsvc.store.rows import Rows


class DeskSessions(Rows[DeskSession]):
    """Sign-ins."""

    table, record = tables.desk_session, DeskSession

    def open_of(self, staff_id: str) -> list[DeskSession]:
        """A person's sign-ins that were not ended, newest first."""
        columns = self.table.c
        return self.where(columns.staff_id == staff_id, columns.ended_at.is_(None), newest="opened_at")


class FormAnswers(Rows[FormAnswer]):
    """Answers of forms."""

    table, record = tables.form_answer, FormAnswer

    def forget(self, before: dt.datetime) -> None:
        """Delete those that nobody waits for any more."""
        self._connection.execute(self.table.delete().where(self.table.c.answered_at < before))
