"""The hall's screens, without sign-in: the ticket machine, the display, the appraisal at a desk's second screen. They show
numbers and desks, never a person. Each was paired by somebody of the staff (service/hall/screens.py) and shows what it is for,
nothing else; in a training hall every browser is every screen, at any hour."""

import uuid
from collections.abc import Mapping
from typing import Any

from flask import Flask, g, make_response, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, OperationError, RequestError
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import opens_next
from cardsvc.rules.hall import appraisal_rule, ticket_papers
from cardsvc.service.hall import screens, tickets
from cardsvc.service.hall.appraisals import Opinion, appraise, case_at_desk
from cardsvc.service.hall.forecast import hall_view
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store.records import HallScreen
from cardsvc.units import LOCAL
from cardsvc.web.desk.guard import COOKIE, HALL_SCREENS, field, keep

SCREEN_COOKIE = "cardsvc_screen"
SCREEN_DAYS = 400
"""As long as a browser keeps a cookie; each time the page is loaded it begins anew."""
PAGES = {
    "display": "hall_display",
    "tickets": "ticket_machine",
    screens.PAPER: "ticket_machine",
    screens.APPRAISE: "appraisal_screen",
}


def install(app: Flask, services: Services, *, training: bool) -> None:
    """Add the routes."""
    app.config["TRAINING_HALL"] = training
    _pairing(app, services)
    if not training:
        _paired_only(app, services)
    _screens(app, services)
    _appraisal(app, services)


def _pairing(app: Flask, services: Services) -> None:
    @app.get("/hall")
    def hall_screen() -> Any:
        """Where every screen begins: what it was paired for, or the code by which somebody pairs it."""
        token = request.cookies.get(SCREEN_COOKIE, "")
        screen = screens.screen_of(services.store, token, now())
        if screen is None:
            token, screen = screens.introduce(services.store, now())
        answer = make_response(
            redirect(_own_page(screen)) if screen.purpose else render_template("hall_pair.html", code=screen.code)
        )
        keep(answer, SCREEN_COOKIE, token, days=SCREEN_DAYS)
        return answer


def _own_page(screen: HallScreen) -> str:
    where: dict[str, Any] = {"outlet": screen.outlet_id} | ({"desk": screen.desk} if screen.desk else {})
    return url_for(PAGES[str(screen.purpose)], **where)


def _paired_only(app: Flask, services: Services) -> None:
    @app.before_request
    def _is_paired() -> Any:
        """A browser is led to where it belongs, and nothing that it sent is taken. Who is signed in at a desk appraises
        nobody."""
        if request.endpoint not in HALL_SCREENS - {"hall_screen"}:
            return None
        screen = screens.screen_of(services.store, request.cookies.get(SCREEN_COOKIE, ""), now())
        own = _own_page(screen) if screen and screen.purpose else None
        if own is None or not f"{request.path}/".startswith(f"{own}/"):
            return redirect(url_for("hall_screen"), 303)
        if screen and screen.purpose == screens.APPRAISE and COOKIE in request.cookies:
            raise RequestError("screen_is_desk")
        g.screen = screen
        return None


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


def _machine(app: Flask, services: Services, outlet: str) -> Mapping[str, Any]:
    """The hall, and when it opens, where it is shut now."""
    opens = None if app.config["TRAINING_HALL"] else opens_next(_rules(services), outlet, now().astimezone(LOCAL))
    return {"opens": opens, **_hall(services, outlet)}


def _screens(app: Flask, services: Services) -> None:
    @app.get("/hall/<outlet>/display")
    def hall_display(outlet: str) -> Any:
        return render_template("hall_display.html", **_hall(services, outlet))

    @app.get("/hall/<outlet>/display/live")
    def hall_display_live(outlet: str) -> Any:
        return render_template("_hall_display.html", **_hall(services, outlet))

    @app.get("/hall/<outlet>/tickets")
    def ticket_machine(outlet: str) -> Any:
        return render_template("hall_tickets.html", **_machine(app, services, outlet))

    @app.get("/hall/<outlet>/tickets/live")
    def ticket_machine_live(outlet: str) -> Any:
        return render_template("_hall_tickets.html", **_machine(app, services, outlet))

    @app.post("/hall/<outlet>/tickets")
    def take_ticket(outlet: str) -> Any:
        """A number, and the papers that its jobs ask for. Pressed twice, or loaded again, it is the same number."""
        rules, kind, key = _rules(services), field("kind", most=16), _number_of(outlet, field("key", most=36))
        if app.config["TRAINING_HALL"]:
            rules = rules.model_copy(update={"hours": ()})
        try:
            ticket = tickets.take(services.store, rules, outlet, kind, now(), key=key, screen=g.get("screen"))
        except CardsvcError as error:
            told = render_template("hall_tickets.html", problem=problem_of(error), **_machine(app, services, outlet))
            return told, error.http_status
        shown = {"ticket": ticket, "papers": ticket_papers(rules, ticket.ticket_type, local_day(now()))}
        paper = "screen" in g and g.screen.purpose == screens.PAPER
        return render_template("hall_ticket.html", paper=paper, **shown, **_hall(services, outlet))


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
        level, case_no, shown = field("level", most=1), field("case", most=36), _case(services, outlet, desk)["case"]
        if shown is None or shown.case_no != case_no:  # given or lapsed meanwhile, or another desk's
            return redirect(url_for("appraisal_screen", outlet=outlet, desk=desk), 303)
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
