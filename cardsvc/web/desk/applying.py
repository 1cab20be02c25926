"""Applications for a card (申领): taking one, and the board of what is to be made and given."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, redirect, render_template, request, url_for
from pydantic import ValidationError

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.cards.making_places import made_at
from cardsvc.service.cards.replacement import open_replacements
from cardsvc.service.cards.requests import (
    CONSENT,
    FRIEND_CONSENT,
    CardApplication,
    apply_for,
    board,
    cancel_request,
    photo_of,
    request_of,
    who_comes,
)
from cardsvc.service.machines import CARD_REQUEST
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.people.register import find_citizen
from cardsvc.service.rights.holds import offices_say, why_all_held, why_held
from cardsvc.service.words.codes import COMERS
from cardsvc.web.desk.faces import shown_face
from cardsvc.web.desk.guard import field, here
from cardsvc.web.desk.people import citizen_data, dots_changed, told_by, with_chip_name

STATES = CARD_REQUEST.words
MOST_REPLACEMENTS = 50
"""So many replacements that wait are listed; older ones are found by their person."""


def install(app: Flask, services: Services) -> None:
    """Add the routes."""
    _apply(app, services)
    _requests(app, services)
    _papers(app, services)


def _apply(app: Flask, services: Services) -> None:
    @app.get("/desk/apply")
    def apply_form() -> Any:
        return render_template("apply_find.html", number="")

    @app.post("/desk/apply")
    def apply_person() -> Any:
        """The form for the person of a document; one who is not known yet is taken in with it."""
        number = field("id_number", most=18).upper()
        try:
            known = find_citizen(services.store, number)
        except RequestError as error:
            return render_template("apply_find.html", number=number, problem=problem_of(error)), error.http_status
        told = dict(known or told_by(number))
        born = dt.date.fromisoformat(told["birth_date"]) if "birth_date" in told else None
        came = who_comes(services.store, services.rules, born, now()) if born else "holder"
        return _form(services, known, {"id_number": number, "came": came, **({} if known else told)})

    @app.post("/desk/apply/new")
    def apply_new() -> Any:
        """Take the application, and the person where they are new."""
        typed = request.form.to_dict()
        known = find_citizen(services.store, typed.get("id_number", "").strip().upper())
        try:
            person = None if known else citizen_data(typed)
            application = _application(typed, known["citizen_id"] if known else None)
            photo = request.files["photo"].read() if "photo" in request.files else b""
            made = apply_for(services.store, services.rules, application, photo, by=here().staff, now=now(), person=person)
        except CardsvcError as error:
            known = find_citizen(services.store, typed["id_number"].strip().upper())
            return _form(services, known, with_chip_name(typed), error), error.http_status
        dots = "1" if person and dots_changed(typed) else None
        return redirect(url_for("card_request", case_no=made.case_no, dots=dots), 303)


def _form(
    services: Services, known: Mapping[str, Any] | None, typed: Mapping[str, str], error: CardsvcError | None = None
) -> str:
    """The form with what the insurance offices say of the person. A right that comes later proposes the pre-application."""
    offices = offices_say(services.store, services.rules, typed["id_number"].strip().upper(), now())
    shown = {**typed, "pre": "1"} if error is None and offices["right"]["state"] == "later" else typed
    texts = {"comers": COMERS, "consent": CONSENT, "friend_consent": FRIEND_CONSENT}
    problem = problem_of(error) if error else None
    return render_template("apply.html", citizen=known, typed=shown, offices=offices, problem=problem, **texts)


def _application(typed: Mapping[str, str], citizen_id: str | None) -> CardApplication:
    came = typed.get("came", "holder")
    other = came != "holder"
    try:
        return CardApplication.model_validate(
            {
                "citizen_id": citizen_id,
                "came": came,
                "comer_name": (typed.get("comer_name", "").strip() or None) if other else None,
                "comer_id_number": (typed.get("comer_id_number", "").strip().upper() or None) if other else None,
                "agent_papers": typed.get("agent_papers") == "1",
                "phone": typed.get("phone", "").strip() or None,
                "consent": typed.get("consent") == "1",
                **_pre(typed),
            }
        )
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _pre(typed: Mapping[str, str]) -> dict[str, Any]:
    """The pre-application and its friend; what was typed for one that was not chosen is left out."""
    if typed.get("pre") != "1":
        return {}
    return {
        "pre": True,
        "friend_name": typed.get("friend_name", "").strip() or None,
        "friend_phone": typed.get("friend_phone", "").strip() or None,
        "friend_consent": typed.get("friend_consent") == "1",
    }


def _requests(app: Flask, services: Services) -> None:
    @app.get("/desk/requests")
    def card_requests() -> Any:
        """The board of this outlet."""
        found = board(services.store, services.rules, here().staff.outlet_id, now())
        why = why_all_held(services.store, services.rules, now())
        waits = [{**one, "why": why[one["case_no"]]} for one in found.waits if one["case_no"] in why]
        outlets = made_at(services.store, services.rules, here().staff.outlet_id, now())
        replacements = open_replacements(services.store, *outlets, limit=MOST_REPLACEMENTS)
        return render_template("requests.html", board=found, waits=waits, outlets=outlets, replacements=replacements)

    @app.get("/desk/requests/<case_no>")
    def card_request(case_no: str) -> Any:
        return _page(services, case_no)

    @app.post("/desk/requests/<case_no>/cancel")
    def cancel_card_request(case_no: str) -> Any:
        try:
            cancel_request(services.store, case_no, field("why", most=64), by=here().staff, now=now())
        except CardsvcError as error:
            return _page(services, case_no, error), error.http_status
        return redirect(url_for("card_request", case_no=case_no), 303)


def _page(services: Services, case_no: str, error: CardsvcError | None = None) -> str:
    shown, why = _shown(services, case_no), why_held(services.store, services.rules, case_no, now())
    problem = problem_of(error) if error else None
    return render_template(
        "request.html", **shown, why=why, comers=COMERS, states=STATES, problem=problem, dots="dots" in request.args
    )


def _shown(services: Services, case_no: str) -> dict[str, Any]:
    """The application, and its card's face once it is made."""
    found = request_of(services.store, case_no)
    return {"application": found, "face": None, **(shown_face(services, found["card_no"]) if found["card_no"] else {})}


def _papers(app: Flask, services: Services) -> None:
    @app.get("/desk/requests/<case_no>/photo.jpg")
    def request_photo(case_no: str) -> Any:
        return Response(photo_of(services.store, case_no), mimetype="image/jpeg")
