"""The hall's screens, without sign-in: the ticket machine, the display, the appraisal at a desk's second screen. They show
numbers and desks, never a person."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, OperationError, RequestError
from cardsvc.rules import RuleSet
from cardsvc.rules.hall import appraisal_rule, ticket_papers
from cardsvc.service.hall import tickets
from cardsvc.service.hall.appraisals import Opinion, appraise, case_at_desk
from cardsvc.service.hall.forecast import hall_view
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.web.desk.guard import field


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _screens(app, services)
    _appraisal(app, services)


def _rules(services: Services) -> RuleSet:
    with services.store.read() as uow:
        return services.rules.in_force(uow, local_day(now()))


def _hall(services: Services, outlet: str) -> Mapping[str, Any]:
    """Raises RequestError ``outlet_unknown``."""
    with services.store.read() as uow:
        known = uow.outlets.get(outlet)
        if known is None:
            raise RequestError("outlet_unknown", outlet=outlet[:32])
        rules = services.rules.in_force(uow, local_day(now()))
        return {"outlet": known, "hall": hall_view(uow, rules, outlet, now())}


def _screens(app: Flask, services: Services) -> None:
    @app.get("/hall/<outlet>/display")
    def hall_display(outlet: str) -> Any:
        return render_template("hall_display.html", **_hall(services, outlet))

    @app.get("/hall/<outlet>/display/live")
    def hall_display_live(outlet: str) -> Any:
        return render_template("_hall_display.html", **_hall(services, outlet))

    @app.get("/hall/<outlet>/tickets")
    def ticket_machine(outlet: str) -> Any:
        return render_template("hall_tickets.html", **_hall(services, outlet))

    @app.get("/hall/<outlet>/tickets/live")
    def ticket_machine_live(outlet: str) -> Any:
        return render_template("_hall_tickets.html", **_hall(services, outlet))

    @app.post("/hall/<outlet>/tickets")
    def take_ticket(outlet: str) -> Any:
        """A number, and the papers that its jobs ask for. Pressed twice, or loaded again, it is the same number."""
        rules, kind, key = _rules(services), field("kind", most=16), field("key", most=36)
        try:
            ticket = tickets.take(services.store, rules, outlet, kind, now(), key=_number_of(outlet, key))
        except CardsvcError as error:
            return render_template("hall_tickets.html", problem=problem_of(error), **_hall(services, outlet)), error.http_status
        bring = ticket_papers(rules, ticket.ticket_type, local_day(now()))
        return render_template("hall_ticket.html", ticket=ticket, papers=bring, **_hall(services, outlet))


def _number_of(outlet: str, key: str) -> str:
    """The id of the ticket that one showing of the machine's page gives: whoever sends a key chooses no id."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{outlet}/{key}"))


def _appraisal(app: Flask, services: Services) -> None:
    @app.get("/hall/<outlet>/appraise/<desk>")
    def appraisal_screen(outlet: str, desk: str) -> Any:
        return render_template("hall_appraise.html", **_case(services, outlet, desk))

    @app.get("/hall/<outlet>/appraise/<desk>/live")
    def appraisal_live(outlet: str, desk: str) -> Any:
        return render_template("_hall_appraise.html", **_case(services, outlet, desk))

    @app.post("/hall/<outlet>/appraise/<desk>")
    def appraisal_given(outlet: str, desk: str) -> Any:
        """One of five levels; a bad one says why. Once a case, and nobody changes it."""
        level, case_no = field("level", most=1), field("case", most=36)
        said = {name: request.form.get(name, "").strip() or None for name in ("reason", "remark", "contact")}
        try:
            opinion = Opinion(int(level), **said)
            given = appraise(services.store, _rules(services), services.engine.keystore, case_no, opinion, now())
        except (CardsvcError, ValueError) as error:
            told = error if isinstance(error, CardsvcError) else RequestError("form_incomplete", field="level")
            if isinstance(told, OperationError):
                return redirect(url_for("appraisal_screen", outlet=outlet, desk=desk), 303)
            page = render_template("hall_appraise.html", problem=problem_of(told), level=level, **_case(services, outlet, desk))
            return page, told.http_status
        return render_template(
            "hall_thanks.html", outlet=outlet, desk=desk, call_by=given.call_back_due if given.contact else None
        )


def _case(services: Services, outlet: str, desk: str) -> Mapping[str, Any]:
    with services.store.read() as uow:
        case = case_at_desk(uow, outlet, desk, now())
    return {"outlet": outlet, "desk": desk, "case": case, "rule": appraisal_rule(_rules(services), local_day(now()))}
