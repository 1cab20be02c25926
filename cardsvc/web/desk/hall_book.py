"""The hall's book: the morning's checklist, patrols, incidents of a day; bad appraisals that somebody calls back about."""

import datetime as dt
from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError
from cardsvc.rules.hall import appraisal_rule, checklist, ticket_rules
from cardsvc.service.hall.appraisals import call_back, to_call_back
from cardsvc.service.hall.notes import STAFF_OF_HALL, day_notes, write_note
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.text import Text
from cardsvc.web.desk.guard import day_of, field, here
from cardsvc.web.desk.queue import rules_today


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _book(app, services)
    _calls(app, services)


def _book(app: Flask, services: Services) -> None:
    @app.get("/desk/hall-book")
    def hall_book() -> Any:
        return _page(services)

    @app.post("/desk/hall-book")
    def hall_book_note() -> Any:
        """Keep a line; the button of the checklist says whether its item is as it should be."""
        form, rules, by = request.form, rules_today(services), here().staff
        item, good, text = form.get("item") or None, form.get("good") == "yes", form.get("text", "").strip()
        try:
            kind, key = field("kind", most=16), field("key", most=36)
            write_note(services.store, rules, kind, text, by=by, now=now(), item=item, good=good, key=key)
        except CardsvcError as error:
            return _page(services, error), error.http_status
        return redirect(url_for("hall_book"), 303)


def _calls(app: Flask, services: Services) -> None:
    @app.get("/desk/call-backs")
    def call_backs() -> Any:
        return _calls_page(services)

    @app.post("/desk/call-backs/<case_no>")
    def call_backs_note(case_no: str) -> Any:
        """What came of the call."""
        try:
            note = request.form.get("note", "").strip()
            call_back(services.store, case_no, note, by=here().staff, now=now())
        except CardsvcError as error:
            if error.code == "not_permitted":
                raise
            return _calls_page(services, error), error.http_status
        return redirect(url_for("call_backs"), 303)


def _calls_page(services: Services, error: CardsvcError | None = None) -> str:
    today, rules = local_day(now()), rules_today(services)
    waiting = to_call_back(services.store, services.engine.keystore, by=here().staff, now=now())
    with services.store.read() as uow:
        people = uow.staff.names({one["staff_id"] for one in waiting})
    rule = appraisal_rule(rules, today)
    return render_template(
        "call_backs.html",
        waiting=waiting,
        people=people,
        jobs={kind.ticket: Text(kind.name.zh, kind.name.en) for kind in ticket_rules(rules, today)},
        days=rule.call_back_days,
        levels=[Text(level.zh, level.en) for level in rule.levels],
        reasons={code: Text(zh, en) for code, zh, en in rule.reasons},
        problem=problem_of(error) if error else None,
    )


def _page(services: Services, error: CardsvcError | None = None) -> str:
    today, outlet = local_day(now()), here().staff.outlet_id
    shown = _day(today)
    with services.store.read() as uow:
        rules = services.rules.in_force(uow, shown)
        found = day_notes(uow, rules, outlet, shown)
        people = uow.staff.names({note["by"] for note in found["notes"]})
    items = {code: Text(zh, en) for code, zh, en in checklist(rules, shown)}
    return render_template(
        "hall_book.html",
        items=items,
        people=people,
        today=today,
        shown=shown,
        writes=here().staff.role in STAFF_OF_HALL and shown == today,
        problem=problem_of(error) if error else None,
        **found,
    )


def _day(today: dt.date) -> dt.date:
    return day_of(request.args.get("day") or today.isoformat(), "day")
