"""What may be asked of reconciliation runs and differences."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import func, select, text

from cardsvc.store import tables
from cardsvc.store.records import Difference, ReconciliationRun
from cardsvc.store.rows import Rows
from cardsvc.store.states import DifferenceState


class ReconciliationRuns(Rows[ReconciliationRun]):
    """Runs."""

    table, record = tables.reconciliation_run, ReconciliationRun

    def recent(self, day: dt.date | None = None, limit: int = 100) -> list[ReconciliationRun]:
        """Runs of a day or of all, newest first."""
        conditions = [self.table.c.day == day] if day else []
        return self.where(*conditions, limit=limit, newest="ran_at")


class Differences(Rows[Difference]):
    """Differences."""

    table, record = tables.difference, Difference

    def of_run(self, run_id: str) -> list[Difference]:
        """The differences of a run, in order."""
        return sorted(self.where_is(run_id=run_id), key=lambda row: row.number)

    def page_of_run(self, run_id: str, state: str | None, after: int, limit: int) -> list[Difference]:
        """Some differences of a run, in order: of one state or of all, those after a number."""
        columns = self.table.c
        query = select(self.table).where(columns.run_id == run_id, columns.number > after).order_by(columns.number).limit(limit)
        if state is not None:
            query = query.where(columns.state == state)
        return self._records(query)

    def first_seen(self, event_keys: Collection[str]) -> dict[str, dt.datetime]:
        """When each of these matters was first found."""
        columns = self.table.c
        found: dict[str, dt.datetime] = {}
        for part in self.parts(event_keys):
            runs = tables.reconciliation_run
            query = select(columns.event_key, func.min(runs.c.ran_at)).join(runs).where(columns.event_key.in_(part))
            found.update((key, moment) for key, moment in self._connection.execute(query.group_by(columns.event_key)))
        return found

    def corrected_about(self, subject: str, codes: Collection[str]) -> bool:
        """Whether an entry was booked about this subject because of one of these differences."""
        columns = self.table.c
        corrected = text(f"state = '{DifferenceState.CORRECTED}'")  # said as the partial index says it, or it is not used
        query = select(columns.number).where(columns.subject == subject, corrected, columns.code.in_(codes)).limit(1)
        return self._connection.execute(query).first() is not None

    def corrected_of(self, card_no: str) -> list[Difference]:
        """Differences of a card whose entry was booked."""
        return self.where(self.table.c.card_no == card_no, self.table.c.state == DifferenceState.CORRECTED)

    def seen_to(self, event_keys: Collection[str]) -> dict[str, Difference]:
        """What people explained or corrected before, by the matter. What a run explained by itself is judged anew."""
        columns = self.table.c
        settled = (DifferenceState.EXPLAINED, DifferenceState.CORRECTED)
        found = self.where_in(columns.event_key, event_keys, columns.state.in_(settled), columns.owner.is_not(None))
        return {row.event_key: row for row in found}
