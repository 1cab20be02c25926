"""What may be asked of tickets and desks of a queue, appraisals, complaints and notes of a hall."""

import datetime as dt
from collections.abc import Collection

from sqlalchemy import ColumnElement, and_, case, func, or_, select, tuple_

from cardsvc.store import tables
from cardsvc.store.records import (
    Appraisal,
    AppraisalCase,
    CallBack,
    Complaint,
    ComplaintStep,
    Desk,
    HallNote,
    StaffSkill,
    Ticket,
    TicketEvent,
)
from cardsvc.store.rows import Rows
from cardsvc.store.states import TicketState
from cardsvc.store.tables.hall import AT_DESK
from cardsvc.units import LOCAL


class Tickets(Rows[Ticket]):
    """Numbers of queues."""

    table, record = tables.ticket, Ticket

    def _of_day(self, outlet_id: str, day: dt.date) -> tuple[ColumnElement[bool], ...]:
        columns = self.table.c
        return columns.outlet_id == outlet_id, columns.business_day == day

    def given(self, outlet_id: str, day: dt.date, prefix: str) -> int:
        """How many numbers with this letter were given on a day."""
        columns = self.table.c
        query = select(func.count()).where(*self._of_day(outlet_id, day), columns.number.like(f"{prefix}%"))
        return int(self._connection.execute(query).scalar_one())

    def given_by(self, screen_id: str, outlet_id: str, day: dt.date, since: dt.datetime) -> int:
        """How many numbers a ticket machine gave since a time of this day."""
        columns, events = self.table.c, tables.ticket_event.c
        taken = select(events.ticket_id).where(events.event == "taken", events.detail == screen_id)
        wanted = (*self._of_day(outlet_id, day), columns.taken_at > since, columns.ticket_id.in_(taken))
        return int(self._connection.execute(select(func.count()).where(*wanted)).scalar_one())

    def waiting(self, outlet_id: str, day: dt.date) -> list[Ticket]:
        """Who waits, in the order in which they are called: green ones first."""
        columns = self.table.c
        green = case((columns.green_reason.is_not(None), 0), else_=1)
        query = select(self.table).where(*self._of_day(outlet_id, day), columns.state == TicketState.WAITING)
        return self._records(query.order_by(green, columns.place, columns.number))

    def next_waiting(self, outlet_id: str, day: dt.date, types: Collection[str], desk: str) -> Ticket | None:
        """The first who waits for one of these kinds or for this very desk, and for no other one; locked. One that another desk
        is calling just now is passed over."""
        columns = self.table.c
        green = case((columns.green_reason.is_not(None), 0), else_=1)
        ours = or_(columns.desk == desk, and_(columns.desk.is_(None), columns.ticket_type.in_(types)))
        wanted = (*self._of_day(outlet_id, day), columns.state == TicketState.WAITING, ours)
        query = select(self.table).where(*wanted).order_by(green, columns.place, columns.number).limit(1)
        return self._record(query.with_for_update(skip_locked=True))

    def at_desk(self, outlet_id: str, desk: str) -> Ticket | None:
        """Who is called to a desk, or served there."""
        columns = self.table.c
        found = self.where(columns.outlet_id == outlet_id, columns.desk == desk, columns.state.in_(AT_DESK))
        return found[0] if found else None

    def numbered(self, outlet_id: str, day: dt.date, number: str) -> Ticket | None:
        """The ticket with this number."""
        found = self.where(*self._of_day(outlet_id, day), self.table.c.number == number)
        return found[0] if found else None

    def missed(self, outlet_id: str, day: dt.date) -> list[Ticket]:
        """Who did not come when called, the newest call first."""
        missed = self.table.c.state == TicketState.MISSED
        return self.where(*self._of_day(outlet_id, day), missed, newest="called_at")

    def called(self, outlet_id: str, day: dt.date) -> list[Ticket]:
        """Who is called or served at this time, the newest call first."""
        return self.where(*self._of_day(outlet_id, day), self.table.c.state.in_(AT_DESK), newest="called_at")

    def of_day(self, outlet_id: str, day: dt.date) -> list[Ticket]:
        """All numbers of a day, newest first."""
        return self.where(*self._of_day(outlet_id, day), newest="taken_at")

    def newest_done(self, outlet_id: str, day: dt.date, number: int) -> list[Ticket]:
        """The last few who were served, newest first."""
        done = self.table.c.state == TicketState.DONE
        return self.where(*self._of_day(outlet_id, day), done, newest="ended_at", limit=number)

    def served_by(self, staff_ids: Collection[str], start: dt.datetime, end: dt.datetime) -> list[Ticket]:
        """Everybody whom these people served in a time."""
        columns = self.table.c
        when = (columns.state == TicketState.DONE, columns.ended_at >= start, columns.ended_at < end)
        return self.where_in(columns.staff_id, staff_ids, *when)


class TicketEvents(Rows[TicketEvent]):
    """What was done with numbers."""

    table, record = tables.ticket_event, TicketEvent

    def of_ticket(self, ticket_id: str) -> list[TicketEvent]:
        """The events of a number, in order."""
        return self.where_is(ticket_id=ticket_id, newest="number")[::-1]


class Desks(Rows[Desk]):
    """Desks."""

    table, record = tables.desk, Desk

    def open_at(self, outlet_id: str, day: dt.date) -> list[Desk]:
        """The desks that serve on this day: one that was left open the evening before serves nobody in the morning."""
        columns, begins = self.table.c, dt.datetime.combine(day, dt.time(), LOCAL)
        serves = (columns.outlet_id == outlet_id, columns.closed_at.is_(None), columns.opened_at >= begins)
        return self.where(*serves, newest="desk")[::-1]


class StaffSkills(Rows[StaffSkill]):
    """What people can do beyond the ordinary."""

    table, record = tables.staff_skill, StaffSkill

    def with_skill(self, skill: str) -> list[str]:
        """Staff ids of who can do this."""
        return [row.staff_id for row in self.where_is(skill=skill, newest="staff_id")[::-1]]

    def forget(self, staff_id: str, skills: Collection[str]) -> None:
        """Somebody cannot do this any more, or it was noted by mistake."""
        columns = self.table.c
        self.delete_in(tuple_(columns.staff_id, columns.skill), [(staff_id, skill) for skill in skills])

    def of(self, staff_id: str) -> list[str]:
        """What this person can do."""
        return [row.skill for row in self.where_is(staff_id=staff_id, newest="skill")[::-1]]


class AppraisalCases(Rows[AppraisalCase]):
    """Jobs that may be appraised."""

    table, record = tables.appraisal_case, AppraisalCase

    def last_at(self, outlet_id: str, desk: str) -> AppraisalCase | None:
        """The newest case of a desk."""
        return self.first_is(outlet_id=outlet_id, desk=desk, newest="opened_at")

    def within(self, staff_ids: Collection[str], start: dt.datetime, end: dt.datetime) -> list[AppraisalCase]:
        """Cases of these people that were opened in a time."""
        columns = self.table.c
        return self.where_in(columns.staff_id, staff_ids, columns.opened_at >= start, columns.opened_at < end)


class Appraisals(Rows[Appraisal]):
    """What people said."""

    table, record = tables.appraisal, Appraisal

    def of_cases(self, case_nos: Collection[str]) -> list[Appraisal]:
        """The appraisals of these cases."""
        return self.where_in(self.table.c.case_no, case_nos)

    def to_call_back(self) -> list[Appraisal]:
        """Bad ones that nobody has called back about, newest first."""
        called = select(tables.call_back.c.case_no)
        return self.where(self.table.c.call_back_due.is_not(None), self.table.c.case_no.not_in(called), newest="given_at")


class CallBacks(Rows[CallBack]):
    """Calls about bad appraisals."""

    table, record = tables.call_back, CallBack


class Complaints(Rows[Complaint]):
    """Complaints."""

    table, record = tables.complaint, Complaint

    def of_day(self, prefix: str) -> list[Complaint]:
        """The complaints whose case numbers begin so."""
        return self.where(self.table.c.case_no.like(f"{prefix}%"), newest="case_no")

    def all(self) -> list[Complaint]:
        """Every complaint, newest first."""
        return self.where(newest="received_at")


class ComplaintSteps(Rows[ComplaintStep]):
    """What was done about complaints."""

    table, record = tables.complaint_step, ComplaintStep

    def of_case(self, case_no: str) -> list[ComplaintStep]:
        """The steps of a complaint, in order."""
        return self.where_is(case_no=case_no, newest="number")[::-1]


class HallNotes(Rows[HallNote]):
    """Notes of the day."""

    table, record = tables.hall_note, HallNote

    def of_day(self, outlet_id: str, day: dt.date) -> list[HallNote]:
        """The notes of a day, in order."""
        found = self.where_is(outlet_id=outlet_id, business_day=day, newest="at")
        return found[::-1]
