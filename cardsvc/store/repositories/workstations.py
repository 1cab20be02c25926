"""What may be asked of workstations and of what is relayed to them."""

from collections.abc import Collection

from sqlalchemy import select

from cardsvc.store import tables
from cardsvc.store.records import RelayedOperation, Workstation
from cardsvc.store.rows import Rows
from cardsvc.wire import OperationState


class Workstations(Rows[Workstation]):
    """What agents said last."""

    table, record = tables.workstation, Workstation

    def of(self, terminal_ids: Collection[str]) -> dict[str, Workstation]:
        """What the agents of these workstations said last."""
        return {row.terminal_id: row for row in self.where_in(self.table.c.terminal_id, terminal_ids)}

    def printing_at(self, outlet_id: str) -> list[Workstation]:
        """Those of an outlet that have a card printer, by name."""
        terminal = tables.terminal.c
        here = select(terminal.terminal_id).where(terminal.outlet_id == outlet_id, terminal.state == "enabled")
        found = self.where(self.table.c.face_queue.is_not(None), self.table.c.terminal_id.in_(here))
        return sorted(found, key=lambda row: row.terminal_id)


class RelayedOperations(Rows[RelayedOperation]):
    """Operations that staff began at workstations."""

    table, record = tables.relayed_operation, RelayedOperation

    def open_at(self, terminal_id: str) -> list[RelayedOperation]:
        """Those that wait for a card's answers, oldest first."""
        operation = tables.operation
        waiting = select(operation.c.operation_id).where(operation.c.state == OperationState.CARD)
        found = self.where(self.table.c.terminal_id == terminal_id, self.table.c.operation_id.in_(waiting))
        return sorted(found, key=lambda row: (row.asked_at, row.operation_id))

    def on_contact(self, terminal_id: str, contact: str) -> list[RelayedOperation]:
        """What was begun during one stay of a card, oldest first."""
        found = self.where_is(terminal_id=terminal_id, contact=contact)
        return sorted(found, key=lambda row: (row.asked_at, row.operation_id))

    def newest_but(self, terminal_id: str, kinds: Collection[str], limit: int) -> list[RelayedOperation]:
        """What was begun last, newest first, but for operations of these kinds."""
        operation, columns = tables.operation.c, self.table.c
        query = select(self.table).join(tables.operation, operation.operation_id == columns.operation_id)
        query = query.where(columns.terminal_id == terminal_id, operation.kind.not_in(kinds))
        query = query.order_by(columns.asked_at.desc()).limit(limit)
        return self._records(query)

    def how_far(self, terminal_id: str, limit: int) -> list[tuple[str, str, int]]:
        """Of what was begun last: the operation, its state and step. Asked many times a second: nothing else is read."""
        operation, columns = tables.operation.c, self.table.c
        query = select(operation.operation_id, operation.state, operation.step)
        query = query.join(self.table, operation.operation_id == columns.operation_id)
        query = query.where(columns.terminal_id == terminal_id).order_by(columns.asked_at.desc()).limit(limit)
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query)]
