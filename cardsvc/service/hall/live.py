"""The hall as its supervisor sees it now: who waits and for how long, what each desk does, today's jobs, what is promised."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.rules.hall import ticket_rules
from cardsvc.service.books.figures import by_kind
from cardsvc.service.books.reports import day_bounds
from cardsvc.service.desk.workstations import WORKSTATION, is_there
from cardsvc.service.hall.forecast import hall_view
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Ticket
from cardsvc.store.repositories.figures import DAY


def live_hall(store: Store, book: RuleBook, outlet_id: str, now: dt.datetime) -> dict[str, Any]:
    """An outlet at this moment.

    ``kinds``: of tickets, with who waits, the longest wait so far and the expected one, in minutes; ``desks``: who serves
    where, whom, and which job is on the card there; ``jobs``: today's by kind and state; ``loads``: today's number and fen;
    ``promised``: what was promised for a day and is open, with what is late. Raises RequestError ``outlet_unknown``.
    """
    day = local_day(now)
    span = day_bounds(day)
    with store.read() as uow:
        if uow.outlets.get(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id[:32])
        rules = book.in_force(uow, day)
        view, waiting = hall_view(uow, rules, outlet_id, now), uow.tickets.waiting(outlet_id, day)
        names = {rule.ticket: rule.name.model_dump() for rule in ticket_rules(rules, day)}
        loads = uow.figures.loads(*span, outlet_id, DAY)
        return {
            "at": now.isoformat(),
            "kinds": [{**kind, "longest": _longest(waiting, kind["ticket_type"], now)} for kind in view["kinds"]],
            "waiting": len(waiting),
            "longest": _longest(waiting, None, now),
            "desks": _desks(uow, outlet_id, view, names, now),
            "jobs": by_kind(uow.figures.jobs(*span, outlet_id, DAY)),
            "loads": {"number": sum(row.number for row in loads), "amount": sum(row.amount for row in loads)},
            "served": sum(row.number for row in uow.figures.tickets(day, day, outlet_id, DAY) if row.state == "done"),
            "promised": [row._asdict() for row in uow.figures.promised(outlet_id, now)],
        }


def _longest(waiting: Sequence[Ticket], kind: str | None, now: dt.datetime) -> int | None:
    """How long the one has waited who has waited longest, in minutes; None where nobody waits."""
    taken = [ticket.taken_at for ticket in waiting if kind in (None, ticket.ticket_type)]
    return _minutes(min(taken), now) if taken else None


def _minutes(since: dt.datetime, now: dt.datetime) -> int:
    return max(0, int((now - since).total_seconds() // 60))


def _desks(
    uow: UnitOfWork, outlet_id: str, view: Mapping[str, Any], names: Mapping[str, Any], now: dt.datetime
) -> list[dict[str, Any]]:
    """Every desk that serves the queue, and every workstation of the outlet whose agent is there."""
    day = local_day(now)
    serving = {desk["desk"]: desk for desk in view["desks"]}
    tickets = {ticket.desk: ticket for ticket in uow.tickets.called(outlet_id, day)}
    stations = {row.terminal_id: row.name for row in uow.terminals.of_outlet(outlet_id) if row.role == WORKSTATION}
    there = {name for name, row in uow.workstations.of(stations).items() if is_there(row, now)}
    under_way = uow.figures.under_way(*day_bounds(day), outlet_id)
    people = uow.staff.names({desk["staff_id"] for desk in serving.values()})
    found = []
    for name in sorted(serving.keys() | there, key=lambda desk: (len(desk), desk)):
        desk, ticket = serving.get(name), tickets.get(name)
        found.append(
            {
                "desk": name,
                "name": stations.get(name, ""),
                "online": name in there if name in stations else None,
                "staff": people[desk["staff_id"]] if desk else None,
                "serves": [names[kind] for kind in desk["ticket_types"] if kind in names] if desk else [],
                "all_kinds": desk is not None and set(desk["ticket_types"]) >= set(names),
                "number": ticket.number if ticket else None,
                "ticket_state": str(ticket.state) if ticket else None,
                "minutes": _minutes(ticket.served_at or ticket.called_at or now, now) if ticket else None,
                "jobs": under_way.get(name, []),
            }
        )
    return found
