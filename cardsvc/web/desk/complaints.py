"""Complaints at the desk: taken, given on, noted, answered; each with the day by which there is an answer."""

from typing import Any

from flask import Flask, redirect, render_template, request, url_for

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.rules.hall import complaint_rules
from cardsvc.service.hall.complaints import DESK, add_note, answer, assign, complaint_view, complaints_view, receive
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import staff_view
from cardsvc.text import Text
from cardsvc.web.desk.guard import field, here
from cardsvc.web.desk.queue import rules_today


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/complaints")
    def complaints() -> Any:
        return _list(services)

    @app.post("/desk/complaints")
    def complaints_take() -> Any:
        """Take one; what stands against it is told beside what was typed."""
        form, by = request.form, here().staff
        try:
            channel, text = field("channel", most=16), form.get("text", "").strip()
            contact = form.get("contact", "").strip() or None
            keystore = services.engine.keystore
            rules = rules_today(services)
            case = receive(services.store, rules, keystore, channel, text, by=by, now=now(), contact=contact)
        except CardsvcError as error:
            return _list(services, error), error.http_status
        return redirect(url_for("complaints_case", case_no=case.case_no), 303)

    @app.get("/desk/complaints/<case_no>")
    def complaints_case(case_no: str) -> Any:
        return _case(services, case_no)

    @app.post("/desk/complaints/<case_no>")
    def complaints_step(case_no: str) -> Any:
        """Give it on, note something, or answer."""
        try:
            _do(services, case_no, field("deed"), request.form.get("text", "").strip())
        except CardsvcError as error:
            if error.code == "complaint_unknown":
                raise
            return _case(services, case_no, error), error.http_status
        return redirect(url_for("complaints_case", case_no=case_no), 303)


def _do(services: Services, case_no: str, deed: str, text: str) -> None:
    store, by, moment = services.store, here().staff, now()
    if deed == "assign":
        assign(store, case_no, field("owner"), text, by=by, now=moment)
    elif deed == "note":
        add_note(store, case_no, text, by=by, now=moment)
    elif deed == "answer":
        answer(store, case_no, text, by=by, now=moment)
    else:
        raise RequestError("form_incomplete", field="deed")


def _channels(services: Services) -> dict[str, Text]:
    rules = complaint_rules(rules_today(services), local_day(now()))
    return {rule.channel: Text(rule.name.zh, rule.name.en) for rule in rules}


def _list(services: Services, error: CardsvcError | None = None) -> str:
    """The complaints of this outlet, and those elsewhere that this person looks after."""
    by, everything = here().staff, request.args.get("all") == "yes"
    rows = complaints_view(services.store, now=now(), only_open=not everything)
    own = [row for row in rows if row["outlet_id"] == by.outlet_id or row["owner"] == by.staff_id]
    return render_template(
        "complaints.html",
        rows=own,
        everything=everything,
        channels=_channels(services),
        people=_people(services),
        takes=by.role in DESK,
        problem=problem_of(error) if error else None,
    )


def _people(services: Services) -> dict[str, str]:
    return {person["staff_id"]: person["name"] for person in staff_view(services.store)}


def _case(services: Services, case_no: str, error: CardsvcError | None = None) -> str:
    by = here().staff
    case = complaint_view(services.store, services.engine.keystore, case_no, by=by, now=now())
    able = [
        person
        for person in staff_view(services.store)
        if person["role"] in DESK and person["state"] == "active" and person["outlet_id"] == case["outlet_id"]
    ]
    return render_template(
        "complaint.html",
        case=case,
        able=able,
        people=_people(services),
        channels=_channels(services),
        works=by.role in DESK and not case["answered"],
        answers=by.role == "supervisor",
        problem=problem_of(error) if error else None,
    )
