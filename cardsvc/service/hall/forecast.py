"""How long a number waits: the desks that serve it are played forward with what one job takes today."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from cardsvc.rules import RuleSet
from cardsvc.rules.hall import queue_rule, ticket_rules
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Desk, Ticket
from cardsvc.store.states import TicketState
from cardsvc.units import LOCAL

FEWEST = 3
"""Tickets of a kind that must be done on a day before the day's own figure counts."""


@dataclass(frozen=True, slots=True)
class Expected:
    """When a waiting number is called, and how many are before it; ``at`` is None where no open desk serves its kind."""

    number: str
    ahead: int
    at: dt.datetime | None


def forecast(
    waiting: Sequence[Ticket], desks: Sequence[Desk], busy: Sequence[Ticket], minutes: Mapping[str, float], now: dt.datetime
) -> list[Expected]:
    """When each waiting number is called. ``waiting`` in the order of calling; ``busy``: who is at the desks now.

    Each desk takes the first who waits for what it serves, as soon as it is free.
    """
    free = {desk.desk: now for desk in desks}
    for ticket in busy:
        if ticket.desk in free:
            began = ticket.served_at or ticket.called_at or now
            free[ticket.desk] = max(now, began + dt.timedelta(minutes=minutes[ticket.ticket_type]))
    serves = {desk.desk: set(desk.ticket_types) for desk in desks}
    found, left = {}, list(waiting)
    while left and free:
        desk = min(free, key=lambda name: (free[name], name))
        first = next((waits for waits in left if _calls(desk, serves[desk], waits)), None)
        if first is None:
            del free[desk]
            continue
        left.remove(first)
        found[first.number] = free[desk]
        free[desk] += dt.timedelta(minutes=minutes[first.ticket_type])
    return [Expected(ticket.number, _ahead(waiting, ticket), found.get(ticket.number)) for ticket in waiting]


def _calls(desk: str, kinds: Collection[str], waits: Ticket) -> bool:
    """Whether a desk calls this number: by its kind, or because it was handed to this very desk."""
    return waits.ticket_type in kinds if waits.desk is None else waits.desk == desk


def _ahead(waiting: Sequence[Ticket], ticket: Ticket) -> int:
    before = waiting[: list(waiting).index(ticket)]
    return sum(other.ticket_type == ticket.ticket_type for other in before)


def minutes_of(uow: UnitOfWork, rules: RuleSet, outlet_id: str, now: dt.datetime) -> dict[str, float]:
    """What a ticket of each kind takes, in minutes: the median of the day's newest, or the rule's while there are few."""
    day = local_day(now)
    done = uow.tickets.newest_done(outlet_id, day, queue_rule(rules, day).learned_from * len(ticket_rules(rules, day)))
    taken: dict[str, list[float]] = {}
    for ticket in done:
        if ticket.served_at and ticket.ended_at:
            taken.setdefault(ticket.ticket_type, []).append((ticket.ended_at - ticket.served_at).total_seconds() / 60)
    most = queue_rule(rules, day).learned_from
    return {
        rule.ticket: median(taken[rule.ticket][:most]) if len(taken.get(rule.ticket, ())) >= FEWEST else float(rule.minutes)
        for rule in ticket_rules(rules, day)
    }


def hall_view(uow: UnitOfWork, rules: RuleSet, outlet_id: str, now: dt.datetime) -> dict[str, Any]:
    """The queue as it stands: who is called where, who waits and until when, which desks serve, counts by hour."""
    day = local_day(now)
    waiting, busy, desks = (
        uow.tickets.waiting(outlet_id, day),
        uow.tickets.called(outlet_id, day),
        uow.desks.open_at(outlet_id, day),
    )
    expected = forecast(waiting, desks, busy, minutes_of(uow, rules, outlet_id, now), now)
    by_number = {ticket.number: ticket for ticket in waiting}
    names = {ticket.desk: _desk_name(uow, ticket.desk) for ticket in busy if ticket.desk}
    return {
        "outlet_id": outlet_id,
        "called": [
            {
                "number": t.number,
                "desk": t.desk,
                "desk_name": names.get(t.desk or ""),
                "state": str(t.state),
                "calls": t.calls,
                "called_at": _iso(t.called_at),
            }
            for t in busy
        ],
        "waiting": [
            {
                "number": e.number,
                "ticket_type": by_number[e.number].ticket_type,
                "green": by_number[e.number].green_reason is not None,
                "desk": by_number[e.number].desk,
                "ahead": e.ahead,
                "minutes": None if e.at is None else max(0, round((e.at - now).total_seconds() / 60)),
            }
            for e in expected
        ],
        "desks": [{"desk": d.desk, "staff_id": d.staff_id, "ticket_types": d.ticket_types} for d in desks],
        "kinds": _kinds(uow, rules, outlet_id, day, expected, now),
    }


def _desk_name(uow: UnitOfWork, desk: str) -> str:
    """What a desk is called in the hall: the name of its workstation, or its id where it has none."""
    station = uow.terminals.get(desk)
    return (station.name if station else "") or desk


def _kinds(
    uow: UnitOfWork, rules: RuleSet, outlet_id: str, day: dt.date, expected: Sequence[Expected], now: dt.datetime
) -> list[dict[str, Any]]:
    """For each kind: how many wait, and how long somebody waits who takes a number now (about as long as the last)."""
    waiting = {ticket.number: ticket for ticket in uow.tickets.waiting(outlet_id, day)}
    served = {kind for desk in uow.desks.open_at(outlet_id, day) for kind in desk.ticket_types}
    rows = []
    for rule in ticket_rules(rules, day):
        own = [e for e in expected if waiting[e.number].ticket_type == rule.ticket]
        last = max((e.at for e in own if e.at), default=now)
        minutes = max(0, round((last - now).total_seconds() / 60)) if rule.ticket in served else None
        rows.append({"ticket_type": rule.ticket, "name": rule.name.model_dump(), "waiting": len(own), "minutes": minutes})
    return rows


def day_figures(uow: UnitOfWork, outlet_id: str, day: dt.date) -> dict[str, Any]:
    """Counts of a day: numbers by kind and state, waiting and serving time in minutes (median and longest), by hour."""
    tickets = uow.tickets.of_day(outlet_id, day)
    waited = [
        (t.called_at - t.taken_at).total_seconds() / 60 for t in tickets if t.called_at and t.state != TicketState.WAITING
    ]
    served = [(t.ended_at - t.served_at).total_seconds() / 60 for t in tickets if t.ended_at and t.served_at]
    return {
        "outlet_id": outlet_id,
        "day": day.isoformat(),
        "tickets": len(tickets),
        "by_state": _counted(str(t.state) for t in tickets),
        "by_type": _counted(t.ticket_type for t in tickets),
        "by_hour": _counted(f"{local_hour(t.taken_at):02d}" for t in tickets),
        "waiting_minutes": _spread(waited),
        "serving_minutes": _spread(served),
    }


def local_hour(moment: dt.datetime) -> int:
    """The hour of a moment in the city."""
    return moment.astimezone(LOCAL).hour


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def _spread(minutes: Sequence[float]) -> dict[str, float]:
    return {"median": round(median(minutes), 1), "longest": round(max(minutes), 1)} if minutes else {}


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
