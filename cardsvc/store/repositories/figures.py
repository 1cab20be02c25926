"""Counts for the management pages, added up by the database: jobs at desks, top-ups, findings, tickets, what is promised.

Every question goes in by an index over a time (``relayed_operation``, ``load``, ``ticket``), so that a page that asks every few
seconds costs what the day holds, not what the years hold.
"""

import datetime as dt
from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TableValuedAlias,
    and_,
    case,
    extract,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
)

from cardsvc.ledger.states import LoadState
from cardsvc.store import tables
from cardsvc.store.handout_states import HandoutState
from cardsvc.store.states import CardRequestState
from cardsvc.units import LOCAL
from cardsvc.wire import OperationState

DAY, HOUR = "day", "hour"
DIAGNOSING = ("diagnose", "repair")
"""Kinds of operation that leave a diagnosis."""
_FORMS = {DAY: ("%Y-%m-%d", "YYYY-MM-DD"), HOUR: ("%H", "HH24")}


class Counted(NamedTuple):
    """How many in one day or hour: ``what`` is a kind and a state, or the code of a finding; ``amount`` in fen, of money."""

    at: str
    what: str
    state: str
    number: int
    amount: int = 0


class Promised(NamedTuple):
    """What is open that was promised for a day or an hour: how many, and how many of these are late."""

    what: str
    open: int
    late: int


class Figures:
    """Counts over a time, of an outlet or of all (``outlet_id`` None)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def jobs(self, start: dt.datetime, end: dt.datetime, outlet_id: str | None, by: str) -> list[Counted]:
        """Operations that staff began at workstations, by kind and state. What the page reads by itself is no job."""
        relayed, operation = tables.relayed_operation.c, tables.operation.c
        at = self._at(relayed.asked_at, by)
        query = (
            select(at.label("at"), operation.kind.label("what"), operation.state.label("state"))
            .join_from(tables.relayed_operation, tables.operation)
            .where(*self._relayed(start, end, outlet_id), _asked_for())
        )
        return self._counted(query)

    def done_by(self, staff_ids: Collection[str], start: dt.datetime, end: dt.datetime) -> dict[str, int]:
        """How many jobs these people did at workstations."""
        relayed, operation = tables.relayed_operation.c, tables.operation.c
        query = (
            select(relayed.staff_id, func.count())
            .join_from(tables.relayed_operation, tables.operation)
            .where(relayed.staff_id.in_(staff_ids), relayed.asked_at >= start, relayed.asked_at < end)
            .where(operation.state == OperationState.DONE, _asked_for())
            .group_by(relayed.staff_id)
        )
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def under_way(self, start: dt.datetime, end: dt.datetime, outlet_id: str) -> dict[str, list[str]]:
        """Kinds of the operations that wait for a card at each workstation, the oldest first."""
        relayed, operation = tables.relayed_operation.c, tables.operation.c
        query = (
            select(relayed.terminal_id, operation.kind)
            .join_from(tables.relayed_operation, tables.operation)
            .where(*self._relayed(start, end, outlet_id), operation.state == OperationState.CARD)
            .order_by(relayed.asked_at)
        )
        found: dict[str, list[str]] = {}
        for terminal_id, kind in self._connection.execute(query):
            found.setdefault(terminal_id, []).append(kind)
        return found

    def findings(self, start: dt.datetime, end: dt.datetime, outlet_id: str | None, by: str) -> list[Counted]:
        """Cards on which something was found at workstations, by the code of the finding."""
        relayed, operation, diagnosis = tables.relayed_operation.c, tables.operation.c, tables.diagnosis
        same = and_(diagnosis.c.card_no == operation.card_no, diagnosis.c.operation_id == operation.operation_id)
        elements, found = self._elements(diagnosis.c.findings)
        query = (
            select(self._at(relayed.asked_at, by).label("at"), found.label("what"), operation.card_no.label("card_no"))
            .join_from(tables.relayed_operation, tables.operation)
            .join(diagnosis, same)
            .join(elements, true())
            .where(*self._relayed(start, end, outlet_id), operation.kind.in_(DIAGNOSING))
            .distinct()
        )
        each = query.subquery()
        counted = select(each.c.at, each.c.what, func.count()).group_by(each.c.at, each.c.what)
        return [Counted(at, what, "", number) for at, what, number in self._connection.execute(counted)]

    def loads(self, start: dt.datetime, end: dt.datetime, outlet_id: str | None, by: str) -> list[Counted]:
        """Loads that are on their cards, at desks and terminals, by the way of paying."""
        load = tables.load.c
        where = [load.authorised_at >= start, load.authorised_at < end, load.state == LoadState.CONFIRMED]
        if outlet_id is not None:
            where.append(tuple_(load.actor_kind, load.actor_id).in_(_actors(outlet_id)))
        at = self._at(load.authorised_at, by)
        each = select(at.label("at"), load.payment_method.label("what"), load.amount.label("amount")).where(*where).subquery()
        query = select(each.c.at, each.c.what, func.count(), func.sum(each.c.amount)).group_by(each.c.at, each.c.what)
        return [Counted(at, what, "", n, int(amount)) for at, what, n, amount in self._connection.execute(query)]

    def tickets(self, first: dt.date, last: dt.date, outlet_id: str | None, by: str) -> list[Counted]:
        """Numbers of the days from ``first`` to ``last``, by kind and state."""
        ticket = tables.ticket.c
        days = [ticket.business_day >= first, ticket.business_day <= last]
        outlets = select(tables.outlet.c.outlet_id)
        days.append(ticket.outlet_id.in_(outlets) if outlet_id is None else ticket.outlet_id == outlet_id)
        at = self._at(ticket.taken_at, by)
        return self._counted(select(at.label("at"), ticket.ticket_type.label("what"), ticket.state.label("state")).where(*days))

    def waited(self, first: dt.date, last: dt.date, outlet_id: str | None, by: str) -> list[Counted]:
        """How long numbers of these days waited until they were called last: by kind, how many, and seconds in ``amount``."""
        ticket = tables.ticket.c
        where = [ticket.business_day >= first, ticket.business_day <= last, ticket.called_at.is_not(None)]
        outlets = select(tables.outlet.c.outlet_id)
        where.append(ticket.outlet_id.in_(outlets) if outlet_id is None else ticket.outlet_id == outlet_id)
        lasted = self._seconds(ticket.taken_at, ticket.called_at)
        return self._lasted(select(self._at(ticket.taken_at, by), ticket.ticket_type, lasted).where(*where))

    def making(self, start: dt.datetime, end: dt.datetime, outlet_id: str | None, by: str) -> list[Counted]:
        """How long cards took: ``request`` from the application until it was made, ``chip`` the writing at a workstation."""
        wanted, operation, relayed = tables.card_request.c, tables.operation.c, tables.relayed_operation.c
        made = [wanted.made_at >= start, wanted.made_at < end]
        if outlet_id is not None:
            made.append(wanted.outlet_id == outlet_id)
        lasted = self._seconds(wanted.applied_at, wanted.made_at)
        requests = select(self._at(wanted.made_at, by), literal("request"), lasted).where(*made)
        written = (
            *self._relayed(start, end, outlet_id),
            operation.kind == "personalise",
            operation.state == OperationState.DONE,
        )
        chips = select(
            self._at(relayed.asked_at, by), literal("chip"), self._seconds(operation.started_at, operation.ended_at)
        ).join_from(tables.relayed_operation, tables.operation)
        return [*self._lasted(requests), *self._lasted(chips.where(*written))]

    def faulty(self, start: dt.datetime, end: dt.datetime, outlet_id: str | None, by: str) -> list[Counted]:
        """Cards on which something was found at workstations, by the batch of blanks that they were made of."""
        relayed, operation, diagnosis = tables.relayed_operation.c, tables.operation.c, tables.diagnosis
        moved = tables.blank_movement.c
        same = and_(diagnosis.c.card_no == operation.card_no, diagnosis.c.operation_id == operation.operation_id)
        elements, _code = self._elements(diagnosis.c.findings)
        query = (
            select(self._at(relayed.asked_at, by).label("at"), moved.batch_id.label("what"), operation.card_no.label("card_no"))
            .join_from(tables.relayed_operation, tables.operation)
            .join(diagnosis, same)
            .join(elements, true())
            .join(tables.blank_movement, and_(moved.card_no == operation.card_no, moved.kind == "used"))
            .where(*self._relayed(start, end, outlet_id), operation.kind.in_(DIAGNOSING))
            .distinct()
        )
        each = query.subquery()
        counted = select(each.c.at, each.c.what, func.count()).group_by(each.c.at, each.c.what)
        return [Counted(at, what, "", number) for at, what, number in self._connection.execute(counted)]

    def _lasted(self, query: Select[str, str, float]) -> list[Counted]:
        """How many and how long together, of rows of a day or hour, a kind, and seconds."""
        each = query.subquery()
        at, what, seconds = each.c
        counted = select(at, what, func.count(), func.sum(seconds)).group_by(at, what)
        return [Counted(when, kind, "", n, round(float(long))) for when, kind, n, long in self._connection.execute(counted)]

    def promised(self, outlet_id: str, now: dt.datetime) -> list[Promised]:
        """Cards that are not made, made ones that did not arrive, complaints that are not answered, bad appraisals that nobody
        called back about."""
        today, wanted = now.astimezone(LOCAL).date(), tables.card_request.c
        complaint, step, appraisal = tables.complaint.c, tables.complaint_step.c, tables.appraisal.c
        answered = select(step.case_no).where(step.case_no == complaint.case_no, step.step == "answered").exists()
        called = select(tables.call_back.c.case_no).where(tables.call_back.c.case_no == appraisal.case_no).exists()
        here = tables.appraisal_case.c.outlet_id == outlet_id
        complaints = _due(complaint.due_on, today).where(complaint.outlet_id == outlet_id, ~answered)
        calls = _due(appraisal.call_back_due, today).join_from(tables.appraisal, tables.appraisal_case).where(here, ~called)
        asked = select(func.count(), func.sum(case((wanted.promised_at < now, 1), else_=0)))
        asked = asked.select_from(tables.card_request).where(wanted.outlet_id == outlet_id)
        given = tables.handout.c
        travels = asked.join(tables.handout, given.card_no == wanted.card_no).where(wanted.state == CardRequestState.MADE)
        travels = travels.where(given.state.in_((HandoutState.TO_SEND, HandoutState.SENT, HandoutState.MISSING)))
        cards = asked.where(wanted.state == CardRequestState.APPLIED)
        found = {
            "card": cards,
            "arrival": travels,
            "complaint": complaints,
            "call_back": calls.where(appraisal.call_back_due.is_not(None)),
        }
        rows = ((what, self._connection.execute(query).one()) for what, query in found.items())
        return [Promised(what, number, int(late or 0)) for what, (number, late) in rows]

    def _counted(self, query: Select[Any]) -> list[Counted]:
        """Counts of what a query gives, by all its columns: ``at``, ``what``, ``state``."""
        each = query.subquery()
        counted = select(*each.c, func.count().label("number")).group_by(*each.c)
        return [Counted(row.at, row.what, row.state, row.number) for row in self._connection.execute(counted)]

    @staticmethod
    def _relayed(start: dt.datetime, end: dt.datetime, outlet_id: str | None) -> list[ColumnElement[bool]]:
        """What was begun at workstations in this time, said as the index has it: terminal first."""
        relayed, terminal = tables.relayed_operation.c, tables.terminal.c
        here = terminal.outlet_id.is_not(None) if outlet_id is None else terminal.outlet_id == outlet_id
        standing = relayed.terminal_id.in_(select(terminal.terminal_id).where(here))
        return [standing, relayed.asked_at >= start, relayed.asked_at < end]

    def _at(self, moment: ColumnElement[Any], by: str) -> ColumnElement[str]:
        """The day or the hour of a moment in the city: each database has a function of its own."""
        sqlite, postgresql = _FORMS[by]
        if self._connection.dialect.name == "sqlite":
            return func.strftime(sqlite, moment, f"{int(LOCAL.utcoffset(None).total_seconds()):+d} seconds")
        return func.to_char(func.timezone(LOCAL.utcoffset(None), moment), postgresql)

    def _seconds(self, since: ColumnElement[Any], until: ColumnElement[Any]) -> ColumnElement[Any]:
        """How long it is from one moment to another."""
        if self._connection.dialect.name == "sqlite":
            return (func.julianday(until) - func.julianday(since)) * 86_400.0
        return extract("epoch", until - since)

    def _elements(self, findings: ColumnElement[Any]) -> tuple[TableValuedAlias, ColumnElement[str]]:
        """A list of findings as rows, and the code of each."""
        if self._connection.dialect.name == "sqlite":
            rows = func.json_each(findings).table_valued("value")
            return rows, func.json_extract(rows.c.value, "$.code")
        rows = func.json_array_elements(findings).table_valued("value")
        return rows, rows.c.value.op("->>")("code")


def _asked_for() -> ColumnElement[bool]:
    """What somebody asked for: not the reading and the quick look that every card gets when it comes in."""
    operation = tables.operation.c
    looked = operation.params["quick"].as_boolean().is_(True)
    return and_(operation.kind != "inspect", or_(operation.kind != "diagnose", ~func.coalesce(looked, False)))


def _actors(outlet_id: str) -> Any:
    """Kind and id of the terminals that stand in an outlet, and of the workstations where its tellers had a shift."""
    terminal, shift = tables.terminal.c, tables.shift.c
    standing = select(literal("terminal"), terminal.terminal_id).where(terminal.outlet_id == outlet_id)
    return standing.union(select(shift.actor_kind, shift.actor_id).where(shift.outlet_id == outlet_id))


def _due(day: ColumnElement[dt.date], today: dt.date) -> Select[int, Any]:
    return select(func.count(), func.sum(case((day < today, 1), else_=0)))
