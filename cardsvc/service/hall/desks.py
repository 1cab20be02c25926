"""What a desk does with the queue: open, call, call again, serve, finish, pass over.

A desk has one person at a time; two desks that call at the same moment get different numbers.
"""

import datetime as dt
import re
from collections.abc import Callable, Sequence

from cardsvc.errors import OperationError, RequestError
from cardsvc.rules import RuleSet
from cardsvc.rules.hall import queue_rule, ticket_rules
from cardsvc.service.hall.appraisals import open_case
from cardsvc.service.hall.tickets import ATTENDANTS, OFF_THE_DESK, move, note
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Desk, Staff, Ticket
from cardsvc.store.states import TicketState


def open_desk(
    store: Store, rules: RuleSet, desk: str, ticket_types: Sequence[str] = (), *, by: Staff, now: dt.datetime
) -> Desk:
    """Serve at a desk of one's outlet: these kinds of tickets, or all. At another desk one serves no more.

    Raises RequestError ``desk_wrong``, ``not_permitted``; OperationError ``desk_taken``; RuleError ``rule_no_ticket``.
    """
    require_role(by, *ATTENDANTS)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,16}", desk):
        raise RequestError("desk_wrong", desk=desk[:40])
    known = [rule.ticket for rule in ticket_rules(rules, local_day(now))]
    unknown = set(ticket_types) - set(known)
    if unknown:
        raise RequestError("ticket_type_unknown", ticket=", ".join(sorted(unknown))[:80])
    types = [ticket for ticket in known if not ticket_types or ticket in ticket_types]

    def work(uow: UnitOfWork) -> Desk:
        uow.outlets.lock(by.outlet_id)
        today = local_day(now)
        for other in uow.desks.open_at(by.outlet_id, today):
            if other.desk == desk and other.staff_id != by.staff_id:
                raise OperationError("desk_taken", desk=desk, staff=other.staff_id)
            if other.staff_id == by.staff_id and other.desk != desk:
                _close(uow, other, now)
        left = uow.tickets.at_desk(by.outlet_id, desk)
        if left is not None and left.business_day < today:
            _wait_again(uow, left, now)
        opened = Desk(by.outlet_id, desk, by.staff_id, types, now)
        known_desk = uow.desks.get(by.outlet_id, desk)
        if known_desk is None:
            return uow.desks.add(opened)
        return uow.desks.change(known_desk, staff_id=by.staff_id, ticket_types=types, opened_at=now, closed_at=None)

    return store.transact(work)


def close_desk(store: Store, *, by: Staff, now: dt.datetime) -> Desk:
    """Serve no more. Raises OperationError ``desk_busy`` while somebody is at the desk, ``desk_none``."""
    return store.transact(lambda uow: _close(uow, _own(uow, by, now), now))


def close_desk_of(store: Store, desk: str, *, by: Staff, now: dt.datetime) -> None:
    """Close a desk that somebody of one's outlet left; the number that is there waits again. Closed before, nothing happens.

    Raises RequestError ``not_permitted``.
    """
    require_role(by, "supervisor")

    def work(uow: UnitOfWork) -> None:
        for one in uow.desks.open_at(by.outlet_id, local_day(now)):
            if one.desk == desk:
                _vacated(uow, one, now)

    store.transact(work)


def leave_desk(store: Store, desk: str, *, by: Staff, now: dt.datetime) -> None:
    """Whoever signs out serves no more at this desk; the number that is there waits again."""

    def work(uow: UnitOfWork) -> None:
        for one in uow.desks.open_at(by.outlet_id, local_day(now)):
            if (one.desk, one.staff_id) == (desk, by.staff_id):
                _vacated(uow, one, now)

    store.transact(work)


def _close(uow: UnitOfWork, desk: Desk, now: dt.datetime) -> Desk:
    busy = uow.tickets.at_desk(desk.outlet_id, desk.desk)
    if busy is not None:
        raise OperationError("desk_busy", desk=desk.desk, number=busy.number)
    for ticket in uow.tickets.waiting(desk.outlet_id, local_day(now)):
        if ticket.desk == desk.desk:  # handed to this desk: now any desk that serves its kind may call it
            uow.tickets.change(ticket, desk=None)
    return uow.desks.change(desk, closed_at=now)


def vacate(uow: UnitOfWork, staff: Staff, now: dt.datetime) -> None:
    """Close the desk of somebody who works here no more; the number that is there waits again, at its old place."""
    for desk in uow.desks.open_at(staff.outlet_id, local_day(now)):
        if desk.staff_id == staff.staff_id:
            _vacated(uow, desk, now)


def _vacated(uow: UnitOfWork, desk: Desk, now: dt.datetime) -> None:
    left = uow.tickets.at_desk(desk.outlet_id, desk.desk)
    if left is not None:
        _wait_again(uow, left, now)
    _close(uow, desk, now)


def _wait_again(uow: UnitOfWork, ticket: Ticket, now: dt.datetime) -> None:
    """Off the desk where it was; of a day that is over it waits as those do whom nobody called."""
    waits = move(uow, ticket, TicketState.WAITING, **OFF_THE_DESK)
    note(uow, waits, "handed", now, detail=f"{ticket.desk} > -")


def _own(uow: UnitOfWork, by: Staff, now: dt.datetime) -> Desk:
    require_role(by, *ATTENDANTS)
    found = next((desk for desk in uow.desks.open_at(by.outlet_id, local_day(now)) if desk.staff_id == by.staff_id), None)
    if found is None:
        raise OperationError("desk_none")
    return uow.desks.for_update(found.outlet_id, found.desk) or found


def call_next(store: Store, *, by: Staff, now: dt.datetime) -> Ticket | None:
    """Call the next one to one's desk; None where nobody waits for what it serves.

    Raises OperationError ``desk_none``, ``desk_busy``.
    """

    def work(uow: UnitOfWork) -> Ticket | None:
        desk = _own(uow, by, now)
        busy = uow.tickets.at_desk(desk.outlet_id, desk.desk)
        if busy is not None:
            raise OperationError("desk_busy", desk=desk.desk, number=busy.number)
        ticket = uow.tickets.next_waiting(desk.outlet_id, local_day(now), desk.ticket_types, desk.desk)
        if ticket is None:
            return None
        called = move(uow, ticket, TicketState.CALLED, desk=desk.desk, staff_id=by.staff_id, called_at=now, calls=1)
        note(uow, called, "called", now, by=by)
        return called

    return store.transact(work)


def call_again(store: Store, rules: RuleSet, *, by: Staff, now: dt.datetime, number: str | None = None) -> Ticket:
    """Call the number at one's desk once more. Raises OperationError ``ticket_calls_used``: pass over now.

    Here and below: ``number`` is the one that the person saw; where another is at the desk by now, ``ticket_changed``.
    """
    most = queue_rule(rules, local_day(now)).recalls

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        if ticket.state != TicketState.CALLED or ticket.calls >= most:
            raise OperationError("ticket_calls_used", number=ticket.number, calls=ticket.calls)
        called = uow.tickets.change(ticket, calls=ticket.calls + 1)
        note(uow, called, "called", now, by=by)
        return called

    return _at_own_desk(store, work, by=by, now=now, number=number)


def pass_over(store: Store, *, by: Staff, now: dt.datetime, number: str | None = None) -> Ticket:
    """Nobody came. Raises OperationError ``state_not_allowed``."""

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        missed = move(uow, ticket, TicketState.MISSED)
        note(uow, missed, "missed", now, by=by)
        return missed

    return _at_own_desk(store, work, by=by, now=now, number=number)


def serve(store: Store, *, by: Staff, now: dt.datetime, number: str | None = None) -> Ticket:
    """The person is at the desk. Done before already, nothing happens."""

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        if ticket.state == TicketState.SERVING:
            return ticket
        serving = move(uow, ticket, TicketState.SERVING, served_at=now)
        note(uow, serving, "served", now, by=by)
        return serving

    return _at_own_desk(store, work, by=by, now=now, number=number)


def finish(store: Store, rules: RuleSet, *, by: Staff, now: dt.datetime, number: str | None = None) -> Ticket:
    """The person was served; the appraisal opens on the second screen of the desk.

    Raises OperationError ``desk_empty``, ``state_not_allowed`` where the person never came.
    """

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        done = move(uow, ticket, TicketState.DONE, ended_at=now)
        note(uow, done, "done", now, by=by)
        open_case(uow, rules, done.ticket_id, done.ticket_type, desk=str(done.desk), by=by, now=now)
        return done

    return _at_own_desk(store, work, by=by, now=now, number=number)


def _at_own_desk(
    store: Store, work: Callable[[UnitOfWork, Ticket], Ticket], *, by: Staff, now: dt.datetime, number: str | None
) -> Ticket:
    def locked(uow: UnitOfWork) -> Ticket:
        desk = _own(uow, by, now)
        found = uow.tickets.at_desk(desk.outlet_id, desk.desk)
        ticket = uow.tickets.for_update(found.ticket_id) if found else None
        if ticket is None:
            raise OperationError("desk_empty", desk=desk.desk)
        if number is not None and ticket.number != number:
            raise OperationError("ticket_changed", desk=desk.desk, number=ticket.number)
        return work(uow, ticket)

    return store.transact(locked)
