"""What may be asked of teller shifts, day seals and month-ends."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, FromClause, func, literal, or_, select

from cardsvc.ledger.seal import STAFF, Head
from cardsvc.ledger.states import ShiftState
from cardsvc.store import tables
from cardsvc.store.records import DaySeal, MonthEnd, SealedHead, Shift
from cardsvc.store.rows import Rows


class Shifts(Rows[Shift]):
    """Teller shifts."""

    table, record = tables.shift, Shift

    def open_on(self, actor_kind: str, actor_id: str) -> Shift | None:
        """The open shift at a workstation, held until the transaction ends: it does not close under money on its way.

        Many may hold it at once, and none writes to it.
        """
        columns = self.table.c
        here = (columns.actor_kind == actor_kind, columns.actor_id == actor_id, columns.state == ShiftState.OPEN)
        return self._record(select(self.table).where(*here).with_for_update(read=True))

    def open_for_paying(self, actor_kind: str, actor_id: str) -> Shift | None:
        """The open shift at a workstation, held so that nobody else puts cash into its drawer or takes cash out of it."""
        return self._for_paying(self.table.c.actor_kind == actor_kind, self.table.c.actor_id == actor_id)

    def own_for_paying(self, staff_id: str) -> Shift | None:
        """A teller's own open shift, at whatever workstation, held in the same way."""
        return self._for_paying(self.table.c.staff_id == staff_id)

    def _for_paying(self, *which: ColumnElement[bool]) -> Shift | None:
        query = select(self.table).where(*which, self.table.c.state == ShiftState.OPEN).with_for_update()
        return self._record(query)

    def unfinished_at(self, actor_kind: str, actor_id: str) -> Shift | None:
        """The shift at a workstation that is not closed."""
        columns = self.table.c
        found = self.where(columns.actor_kind == actor_kind, columns.actor_id == actor_id, columns.state != ShiftState.CLOSED)
        return found[0] if found else None

    def closed_since(self, actor_kind: str, actor_id: str, since: dt.datetime) -> Shift | None:
        """The shift that was closed last at a workstation, if that was not before a moment."""
        columns = self.table.c
        here = (columns.actor_kind == actor_kind, columns.actor_id == actor_id, columns.closed_at >= since)
        return self._record(select(self.table).where(*here).order_by(columns.closed_at.desc()).limit(1))

    def held(self, shift_id: str) -> Shift | None:
        """A shift, held until the transaction ends as ``open_on`` holds it."""
        query = select(self.table).where(self.table.c.shift_id == shift_id).with_for_update(read=True)
        return self._record(query)

    def counted_wrong(self, staff_ids: Collection[str], start: dt.datetime, end: dt.datetime) -> list[Shift]:
        """Shifts of these people that were opened in a time and whose count differed from the books."""
        columns = self.table.c
        return self.where_in(
            columns.staff_id,
            staff_ids,
            columns.opened_at >= start,
            columns.opened_at < end,
            columns.counted != columns.expected,
        )

    def workstations(self, outlet_id: str) -> set[tuple[str, str]]:
        """Kind and id of every workstation that had a shift of this outlet."""
        columns = self.table.c
        query = select(columns.actor_kind, columns.actor_id).where(columns.outlet_id == outlet_id).distinct()
        return {(kind, actor_id) for kind, actor_id in self._connection.execute(query)}

    def unfinished(self, outlet_id: str) -> list[Shift]:
        """Shifts of an outlet that are not closed."""
        return self.where(self.table.c.outlet_id == outlet_id, self.table.c.state != ShiftState.CLOSED)

    def of_teller(self, staff_id: str) -> list[Shift]:
        """A teller's shifts that are not closed, newest first."""
        return self.where(self.table.c.staff_id == staff_id, self.table.c.state != ShiftState.CLOSED, newest="opened_at")

    def of_outlet(self, outlet_id: str) -> list[Shift]:
        """All shifts of an outlet, newest first."""
        return self.where_is(outlet_id=outlet_id, newest="opened_at")

    def within(self, start: dt.datetime, end: dt.datetime) -> list[Shift]:
        """Shifts that were opened or closed in this time, or were open throughout, newest first."""
        columns = self.table.c
        running = or_(columns.closed_at.is_(None), columns.closed_at >= start)
        return self.where(columns.opened_at < end, running, newest="opened_at")


class DaySeals(Rows[DaySeal]):
    """Day seals."""

    table, record = tables.day_seal, DaySeal

    def last(self) -> DaySeal | None:
        """The newest seal."""
        found = self.where(newest="number", limit=1)
        return found[0] if found else None

    def of_day(self, outlet_id: str, day: dt.date) -> DaySeal | None:
        """The seal that ended this day."""
        return self.first_is(outlet_id=outlet_id, business_day=day)

    def of_outlet(self, outlet_id: str, limit: int | None = None) -> list[DaySeal]:
        """The ended days of an outlet, newest first."""
        return self.where_is(outlet_id=outlet_id, limit=limit, newest="business_day")

    def all(self) -> list[DaySeal]:
        """Every seal, in order."""
        return self.where(newest="number")[::-1]


class SealedHeads(Rows[SealedHead]):
    """Heads of chains as they were sealed."""

    table, record = tables.sealed_head, SealedHead

    def of_seal(self, seal_number: int) -> list[SealedHead]:
        """The heads that one seal covers."""
        return self.where_is(seal_number=seal_number)

    def of_chain(self, chain: str) -> list[SealedHead]:
        """Every sealed head of one chain."""
        return self.where_is(chain=chain)

    def chains(self) -> list[str]:
        """Every chain that was ever sealed."""
        return list(self._connection.execute(select(self.table.c.chain).distinct()).scalars())

    def add_all(self, heads: list[Head], seal_number: int) -> None:
        """Keep the heads of a seal."""
        rows = [{**head._asdict(), "seal_number": seal_number} for head in heads]
        if rows:
            self._connection.execute(self.table.insert(), rows)

    def unsealed(self) -> list[Head]:
        """The heads of chains that grew since they were last sealed: of the ledger, and of what was changed about staff."""
        change = tables.staff_change
        return self._grown(tables.transfer, tables.transfer.c.chain) + self._grown(change, literal(STAFF) + change.c.staff_id)

    def _grown(self, table: FromClause, chain: ColumnElement[str]) -> list[Head]:
        """The heads of one table's chains that grew, as one statement sees them."""
        line = select(chain.label("chain"), table.c.number, table.c.hash).subquery().c
        now = select(line.chain, func.max(line.number).label("number")).group_by(line.chain).subquery()
        sealed = (
            select(self.table.c.chain, func.max(self.table.c.number).label("number")).group_by(self.table.c.chain).subquery()
        )
        query = (
            select(line.chain, line.number, line.hash)
            .join(now, (now.c.chain == line.chain) & (now.c.number == line.number))
            .outerjoin(sealed, sealed.c.chain == line.chain)
            .where(or_(sealed.c.number.is_(None), sealed.c.number < line.number))
        )
        return [Head(*row) for row in self._connection.execute(query)]


class MonthEnds(Rows[MonthEnd]):
    """Ended months."""

    table, record = tables.month_end, MonthEnd
