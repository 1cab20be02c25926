"""What may be asked of outlets, staff and decisions of two people."""

from collections.abc import Collection

from sqlalchemy import func, select

from cardsvc.store import tables
from cardsvc.store.records import Approval, Outlet, Staff, StaffChange
from cardsvc.store.rows import Rows
from cardsvc.store.states import ApprovalState


class Outlets(Rows[Outlet]):
    """Outlets."""

    table, record = tables.outlet, Outlet

    def lock(self, outlet_id: str) -> Outlet | None:
        """The outlet, locked: its vault pays out one float at a time, and its day ends while no shift opens."""
        query = select(self.table).where(self.table.c.outlet_id == outlet_id).with_for_update()
        return self._record(query)

    def all(self) -> list[Outlet]:
        """Every outlet, newest first."""
        return self.where(newest="created_at")


class StaffRows(Rows[Staff]):
    """Staff."""

    table, record = tables.staff, Staff

    def all(self) -> list[Staff]:
        """Everybody, newest first."""
        return self.where(newest="created_at")

    def names(self, staff_ids: Collection[str]) -> dict[str, str]:
        """The names of these people."""
        return {row.staff_id: row.name for row in self.where_in(self.table.c.staff_id, staff_ids)}

    def any(self) -> bool:
        """Whether there is anybody yet."""
        return bool(self._connection.execute(select(func.count()).select_from(self.table)).scalar())


class StaffChanges(Rows[StaffChange]):
    """What was changed about staff."""

    table, record = tables.staff_change, StaffChange

    def last_of(self, staff_id: str) -> StaffChange | None:
        """A person's newest change."""
        return self.first_is(staff_id=staff_id, newest="number")

    def of(self, staff_id: str) -> list[StaffChange]:
        """Everything about one person, oldest first."""
        return self.where_is(staff_id=staff_id, newest="number")[::-1]

    def newest(self, limit: int, staff_id: str | None) -> list[StaffChange]:
        """The newest changes of one person, or of anybody, newest first."""
        columns = self.table.c
        query = select(self.table).order_by(columns.changed_at.desc(), columns.number.desc()).limit(limit)
        if staff_id is not None:
            query = query.where(columns.staff_id == staff_id)
        return self._records(query)


class Approvals(Rows[Approval]):
    """Decisions of two people."""

    table, record = tables.approval, Approval

    def open(self) -> list[Approval]:
        """What waits for a second person, newest first."""
        return self.where_is(state=ApprovalState.PROPOSED, newest="proposed_at")

    def open_on(self, kind: str, subject: str) -> list[Approval]:
        """What waits for a second person about one thing."""
        return self.where_is(kind=kind, subject=subject, state=ApprovalState.PROPOSED)

    def approved(self, kind: str) -> list[Approval]:
        """What two people ever agreed on of this kind."""
        return self.where_is(kind=kind, state=ApprovalState.APPROVED)

    def of_subject(self, subject: str) -> list[Approval]:
        """Everything that was ever proposed about one thing, newest first."""
        return self.where_is(subject=subject, newest="proposed_at")
