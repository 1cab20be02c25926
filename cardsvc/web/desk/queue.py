"""The queue from behind a desk: calling, the green channel, wrong tickets, handing on, missed numbers; and the page on which
staff and a deaf person write to each other, which keeps nothing."""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.rules import RuleSet
from cardsvc.rules.hall import green_rules, queue_rule, ticket_papers, ticket_rules
from cardsvc.rules.hall_rules import WHO
from cardsvc.service.hall import desks, tickets
from cardsvc.service.hall.forecast import hall_view
from cardsvc.service.hall.helpers import who_can
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store.records import Staff
from cardsvc.text import Text
from cardsvc.web.desk.guard import field, here, workstation

AT_DESK: Mapping[str, Callable[..., Any]] = {"miss": desks.pass_over, "serve": desks.serve}
WITH_RULES: Mapping[str, Callable[..., Any]] = {"again": desks.call_again, "finish": desks.finish}


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _calling(app, services)
    _page_of_queue(app, services)

    @app.get("/desk/dialogue")
    def dialogue() -> str:
        """Two large fields, one for each side; what is typed never leaves the browser."""
        return render_template("dialogue.html")


def _calling(app: Flask, services: Services) -> None:
    @app.post("/desk/queue/<deed>")
    def queue_deed(deed: str) -> Any:
        """What the person at this desk does with the queue. A form says which number it saw: an old page moves no other one."""
        by, moment, rules = here().staff, now(), rules_today(services)
        seen = {"by": by, "now": moment, "number": request.form.get("number") or None}
        if deed == "open":
            desks.open_desk(services.store, rules, workstation()[:16], by=by, now=moment)
        elif deed == "close":
            desks.close_desk(services.store, by=by, now=moment)
        elif deed == "next":
            desks.call_next(services.store, by=by, now=moment)
        elif deed in AT_DESK:
            AT_DESK[deed](services.store, **seen)
        elif deed in WITH_RULES:
            WITH_RULES[deed](services.store, rules, **seen)
        else:
            raise RequestError("http_not_found")
        return redirect(url_for("work_place"), 303)


def _page_of_queue(app: Flask, services: Services) -> None:
    @app.get("/desk/queue")
    def queue_page() -> Any:
        return _page(services, request.args.get("number", ""))

    @app.get("/desk/queue/live")
    def queue_lists() -> Any:
        return render_template("_queue_lists.html", **_lists(services))

    @app.post("/desk/queue/number")
    def queue_number() -> Any:
        """Another kind, another desk, in again, or gone; what stands against it is told on the same page. Enter only looks."""
        number = request.form.get("number", "").strip().upper()
        try:
            _do(services, field("deed"), field("number", most=8).upper())
        except CardsvcError as error:
            return _page(services, number, error), error.http_status
        return redirect(url_for("queue_page", number=number), 303)

    @app.post("/desk/queue/green")
    def queue_green() -> Any:
        """Somebody who needs no ticket: first in the queue, and called to whoever has the skill."""
        return _give(services, field("reason", most=16))

    @app.post("/desk/queue/give")
    def queue_give() -> Any:
        """A supervisor gives a number to somebody who is still inside, or whom the machine gives none."""
        return _give(services, None)


def _give(services: Services, reason: str | None) -> Any:
    """A number from somebody of the staff, and what there is to say of it."""
    kind, key, by = field("kind", most=16), field("key", most=36), here().staff
    try:
        rules = rules_today(services)
        ticket = tickets.take(services.store, rules, by.outlet_id, kind, now(), by=by, green_reason=reason, key=key)
    except CardsvcError as error:
        return _page(services, "", error), error.http_status
    return redirect(url_for("queue_page", number=ticket.number), 303)


def _do(services: Services, deed: str, number: str) -> None:
    store, rules, by, moment = services.store, rules_today(services), here().staff, now()
    if deed == "look":
        return
    if deed == "kind":
        tickets.change_kind(store, rules, number, field("kind", most=16), by=by, now=moment)
    elif deed == "desk":
        tickets.hand_to(store, number, field("desk", most=16), by=by, now=moment)
    elif deed == "back":
        tickets.back_in(store, rules, number, by=by, now=moment)
    elif deed == "leave":
        tickets.leave(store, number, by=by, now=moment)
    else:
        raise RequestError("form_incomplete", field="deed")


def queue_of(services: Services, by: Staff) -> Mapping[str, Any]:
    """The queue as the work place shows it: whether this person serves, who is called or served here and what they must have
    with them, how many wait, and who waits for this very person."""
    rules, today = rules_today(services), local_day(now())
    with services.store.read() as uow:
        own = next((desk for desk in uow.desks.open_at(by.outlet_id, today) if desk.staff_id == by.staff_id), None)
        ticket = uow.tickets.at_desk(own.outlet_id, own.desk) if own else None
        waiting = uow.tickets.waiting(by.outlet_id, today)
        skills = set(uow.staff_skills.of(by.staff_id))
    mine = [one for one in waiting if (one.skill in skills if one.desk is None else own and one.desk == own.desk)]
    return {
        "desk": own.desk if own else None,
        "ticket": tickets.ticket_view(ticket) if ticket else None,
        "recalls": queue_rule(rules, today).recalls,
        "kind": _kind(rules, ticket.ticket_type, today) if ticket else None,
        "papers": ticket_papers(rules, ticket.ticket_type, today)[WHO[0]] if ticket else [],
        "waiting": len(waiting),
        "mine": [tickets.ticket_view(one) for one in mine],
    }


def _kind(rules: RuleSet, ticket_type: str, today: dt.date) -> Text | None:
    """What a kind of number is for."""
    return next((Text(one.name.zh, one.name.en) for one in ticket_rules(rules, today) if one.ticket == ticket_type), None)


def rules_today(services: Services) -> RuleSet:
    """The rules in force."""
    with services.store.read() as uow:
        return services.rules.in_force(uow, local_day(now()))


def _lists(services: Services) -> dict[str, Any]:
    """Who is called, waits or was missed at this outlet."""
    outlet, moment = here().staff.outlet_id, now()
    rules = rules_today(services)
    with services.store.read() as uow:
        hall = hall_view(uow, rules, outlet, moment)
        missed = [ticket.number for ticket in uow.tickets.missed(outlet, local_day(moment))]
    names = {kind["ticket_type"]: kind["name"] for kind in hall["kinds"]}
    return {"hall": hall, "missed": missed, "names": names}


def _page(services: Services, number: str, error: CardsvcError | None = None) -> str:
    by, today, rules = here().staff, local_day(now()), rules_today(services)
    with services.store.read() as uow:
        own = next((desk for desk in uow.desks.open_at(by.outlet_id, today) if desk.staff_id == by.staff_id), None)
        at_desk = uow.tickets.at_desk(own.outlet_id, own.desk) if own else None
        wanted = number or (at_desk.number if at_desk else "")
        ticket = uow.tickets.numbered(by.outlet_id, today, wanted) if wanted else None
    reasons = green_rules(rules, today)
    return render_template(
        "queue.html",
        number=wanted,
        ticket=tickets.ticket_view(ticket) if ticket else None,
        papers=ticket_papers(rules, ticket.ticket_type, today) if ticket else {},
        reasons=reasons,
        helpers={rule.skill: who_can(services.store, rule.skill, by.outlet_id, now()) for rule in reasons if rule.skill},
        problem=problem_of(error) if error else None,
        **_lists(services),
    )
