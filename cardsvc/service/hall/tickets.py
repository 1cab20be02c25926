"""Taking a number and what guides do with it: green channel, wrong ticket, missed call, leaving.

A number keeps its place when its kind is changed: nobody queues twice for a ticket that was pulled by mistake. A number handed
to one desk waits for that desk alone. Everything that is done with a number is kept, with who did it.
"""

import datetime as dt
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cardsvc.errors import OperationError, RequestError
from cardsvc.ledger.states import advance
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import check_opening
from cardsvc.rules.hall import check_machine, green_rule, queue_rule, ticket_rule
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import HallScreen, Staff, Ticket, TicketEvent
from cardsvc.store.states import TICKET_ALLOWED, TicketState
from cardsvc.units import LOCAL

ATTENDANTS = ("clerk", "cashier", "supervisor")
"""Who looks after the queue."""
JUST_AFTER = dt.timedelta(microseconds=1)
A_MINUTE = dt.timedelta(minutes=1)


def take(
    store: Store,
    rules: RuleSet,
    outlet_id: str,
    ticket_type: str,
    now: dt.datetime,
    *,
    by: Staff | None = None,
    green_reason: str | None = None,
    key: str | None = None,
    screen: HallScreen | None = None,
) -> Ticket:
    """Give a number: at a machine (``screen``, where one is paired) while the outlet is open, so many a minute; a supervisor
    gives one at any hour, to somebody who is inside. The green channel needs somebody of the staff who gives the reason; where
    that asks for a skill, the number waits for a desk of somebody who has it, if one is open. The same ``key`` again gives the
    same number.

    Raises RequestError ``outlet_unknown``, ``ticket_green_staff``, ``not_permitted``; RuleError ``rule_no_ticket``,
    ``rule_no_green``, ``rule_hall_shut``, ``rule_ticket_minute``.
    """
    day = local_day(now)
    kind = ticket_rule(rules, ticket_type, day)
    skill = None
    if green_reason is not None:
        if by is None:
            raise RequestError("ticket_green_staff")
        require_role(by, *ATTENDANTS)
        skill = green_rule(rules, green_reason, day).skill
    elif by is not None:
        require_role(by, "supervisor")

    def work(uow: UnitOfWork) -> Ticket:
        if uow.outlets.lock(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id)
        known = uow.tickets.get(key) if key else None
        if known is not None:
            return known
        if by is None:
            _at_machine(uow, rules, outlet_id, screen, now)
        number = f"{kind.prefix}{uow.tickets.given(outlet_id, day, kind.prefix) + 1:03d}"
        ticket = Ticket(
            key or str(uuid.uuid4()),
            outlet_id,
            day,
            number,
            ticket_type,
            TicketState.WAITING,
            place=now,
            taken_at=now,
            green_reason=green_reason,
            skill=skill,
            desk=_desk_of(uow, outlet_id, skill, day) if skill else None,
        )
        uow.tickets.add(ticket)
        note(uow, ticket, "taken", now, by=by, detail=screen.screen_id if screen else green_reason)
        return ticket

    return store.transact(work)


def _at_machine(uow: UnitOfWork, rules: RuleSet, outlet_id: str, screen: HallScreen | None, now: dt.datetime) -> None:
    """Nobody of the staff stands there: no number for a hall that is shut, and not one after the other for fun."""
    check_opening(rules, outlet_id, now.astimezone(LOCAL))
    given = uow.tickets.given_by(screen.screen_id, outlet_id, local_day(now), now - A_MINUTE) if screen else 0
    check_machine(rules, given, local_day(now))


def _desk_of(uow: UnitOfWork, outlet_id: str, skill: str, day: dt.date) -> str | None:
    """The open desk of somebody who has this skill; a free one first."""
    able = set(uow.staff_skills.with_skill(skill))
    desks = [desk.desk for desk in uow.desks.open_at(outlet_id, day) if desk.staff_id in able]
    return min(desks, key=lambda desk: (uow.tickets.at_desk(outlet_id, desk) is not None, desk), default=None)


def note(
    uow: UnitOfWork, ticket: Ticket, event: str, now: dt.datetime, *, by: Staff | None = None, detail: str | None = None
) -> None:
    """Keep what was done with a number."""
    number = len(uow.ticket_events.of_ticket(ticket.ticket_id)) + 1
    staff_id = by.staff_id if by else None
    uow.ticket_events.add(TicketEvent(ticket.ticket_id, number, event, now, ticket.desk, staff_id, detail))


def move(uow: UnitOfWork, ticket: Ticket, to: TicketState, **values: Any) -> Ticket:
    """A number in its next state. Raises OperationError ``state_not_allowed``."""
    return uow.tickets.change(ticket, state=advance(TICKET_ALLOWED, TicketState(ticket.state), to), **values)


OFF_THE_DESK: dict[str, Any] = {"desk": None, "staff_id": None, "called_at": None, "served_at": None, "calls": 0}


def change_kind(store: Store, rules: RuleSet, number: str, ticket_type: str, *, by: Staff, now: dt.datetime) -> Ticket:
    """Another kind for a number, with its old place: a ticket pulled by mistake, or a second job for another desk. Of this kind
    before, nothing happens.

    Raises RequestError ``ticket_unknown``, ``not_permitted``; OperationError ``ticket_over``; RuleError ``rule_no_ticket``.
    """
    kind = ticket_rule(rules, ticket_type, local_day(now))

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        if ticket.state not in (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING):
            raise OperationError("ticket_over", number=number)
        if ticket.ticket_type == kind.ticket:
            return ticket
        detail = f"{ticket.ticket_type} > {kind.ticket}"
        if ticket.state == TicketState.WAITING:
            changed = uow.tickets.change(ticket, ticket_type=kind.ticket, desk=None)
        else:
            changed = move(uow, ticket, TicketState.WAITING, ticket_type=kind.ticket, **OFF_THE_DESK)
        note(uow, replace(changed, desk=ticket.desk), "kind", now, by=by, detail=detail)
        return changed

    return _with_ticket(store, number, work, by=by, now=now)


def hand_to(store: Store, number: str, desk: str, *, by: Staff, now: dt.datetime) -> Ticket:
    """Hand a number to one desk that is open, whatever kinds it serves; the place stays. Handed there before, nothing happens.

    Raises RequestError ``ticket_unknown``, ``not_permitted``; OperationError ``ticket_over``, ``desk_closed``.
    """

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        if ticket.desk == desk and ticket.state in (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING):
            return ticket
        if ticket.state not in (TicketState.WAITING, TicketState.CALLED, TicketState.SERVING):
            raise OperationError("ticket_over", number=number)
        if desk not in {one.desk for one in uow.desks.open_at(by.outlet_id, local_day(now))}:
            raise OperationError("desk_closed", desk=desk[:16])
        before = ticket
        if ticket.state != TicketState.WAITING:
            ticket = move(uow, ticket, TicketState.WAITING, **OFF_THE_DESK)
        changed = uow.tickets.change(ticket, desk=desk)
        note(uow, changed, "handed", now, by=by, detail=f"{before.desk or '-'} > {desk}")
        return changed

    return _with_ticket(store, number, work, by=by, now=now)


def back_in(store: Store, rules: RuleSet, number: str, *, by: Staff, now: dt.datetime) -> Ticket:
    """A missed number goes in again, behind as many waiting ones as the rule says. Raises as ``change_kind`` does."""
    behind = queue_rule(rules, local_day(now)).behind

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        if ticket.state != TicketState.MISSED:
            raise OperationError("ticket_not_missed", number=number)
        green = ticket.green_reason is not None
        others = [
            t for t in uow.tickets.waiting(ticket.outlet_id, ticket.business_day) if (t.green_reason is not None) == green
        ]
        same = [t for t in others if t.ticket_type == ticket.ticket_type][:behind]
        place = same[-1].place + JUST_AFTER if same else now
        changed = move(uow, ticket, TicketState.WAITING, place=place, **OFF_THE_DESK)
        note(uow, changed, "back_in", now, by=by)
        return changed

    return _with_ticket(store, number, work, by=by, now=now)


def leave(store: Store, number: str, *, by: Staff, now: dt.datetime) -> Ticket:
    """The person does not want the number any more. Gone before, nothing happens. Raises as ``change_kind`` does."""

    def work(uow: UnitOfWork, ticket: Ticket) -> Ticket:
        if ticket.state == TicketState.LEFT:
            return ticket
        changed = move(uow, ticket, TicketState.LEFT, ended_at=now)
        note(uow, changed, "left", now, by=by)
        return changed

    return _with_ticket(store, number, work, by=by, now=now)


def _with_ticket(
    store: Store, number: str, work: Callable[[UnitOfWork, Ticket], Ticket], *, by: Staff, now: dt.datetime
) -> Ticket:
    """Do something with today's ticket of the person's outlet, locked."""
    require_role(by, *ATTENDANTS)

    def locked(uow: UnitOfWork) -> Ticket:
        found = uow.tickets.numbered(by.outlet_id, local_day(now), number)
        ticket = uow.tickets.for_update(found.ticket_id) if found else None
        if ticket is None:
            raise RequestError("ticket_unknown", number=number)
        return work(uow, ticket)

    return store.transact(locked)


def ticket_view(ticket: Ticket) -> dict[str, Any]:
    """A number as it is shown."""
    return {
        "ticket_id": ticket.ticket_id,
        "outlet_id": ticket.outlet_id,
        "number": ticket.number,
        "ticket_type": ticket.ticket_type,
        "state": str(ticket.state),
        "green_reason": ticket.green_reason,
        "skill": ticket.skill,
        "desk": ticket.desk,
        "staff_id": ticket.staff_id,
        "calls": ticket.calls,
        "taken_at": ticket.taken_at.isoformat(timespec="seconds"),
        "called_at": ticket.called_at.isoformat(timespec="seconds") if ticket.called_at else None,
        "served_at": ticket.served_at.isoformat(timespec="seconds") if ticket.served_at else None,
    }
