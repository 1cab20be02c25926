"""A person's page: their cards, changes of their data, photos, their death. What needs two people waits for the second."""

from collections.abc import Mapping
from typing import Any

from flask import Flask, redirect, render_template, request, url_for
from pydantic import ValidationError

from cardsvc.bootstrap import Services, now
from cardsvc.errors import CardsvcError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.cards.deaths import DeathReport, deaths_of, heirs_by_rule, report_death
from cardsvc.service.cards.keeping import delete_photos, photos_kept
from cardsvc.service.cards.person_changes import PERSONAL, PersonChange, change_person, changes_of, what_it_takes
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.people.register import person_view
from cardsvc.web.desk.guard import MOST_DIGITS, here
from cardsvc.web.desk.people import chip_name_of, with_chip_name

NUMBERS = ("sex", "ethnic_group")


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.get("/desk/persons/<citizen_id>")
    def person_page(citizen_id: str) -> Any:
        return _page(services, citizen_id, {})

    @app.post("/desk/persons/<citizen_id>/<deed>")
    def person_deed(citizen_id: str, deed: str) -> Any:
        """Note what was shown; the page says whether a second person has to agree."""
        typed = {name: value.strip() for name, value in request.form.items()}
        try:
            if deed == "change":
                change_person(services.store, services.rules, _change(citizen_id, typed), by=here().staff, now=now())
            elif deed == "death":
                report_death(services.store, services.rules, _death(citizen_id, typed), by=here().staff, now=now())
            elif deed == "delete-photos":
                delete_photos(services.store, citizen_id, typed.get("reason", ""), by=here().staff, now=now())
            else:
                raise RequestError("http_not_found")
        except CardsvcError as error:
            return _page(services, citizen_id, typed, error), error.http_status
        return redirect(url_for("person_page", citizen_id=citizen_id), 303)


def _change(citizen_id: str, typed: Mapping[str, str]) -> PersonChange:
    """The fields that were filled in. Raises RequestError ``params_invalid``."""
    names = {**typed, "chip_name": chip_name_of(typed) or ""}
    given: dict[str, Any] = {name: names[name] for name in PERSONAL if names.get(name)}
    for name in NUMBERS:
        text = given.get(name, "")
        if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
            given[name] = int(text)
    if "id_number" in given:
        given["id_number"] = given["id_number"].upper()
    try:
        return PersonChange.model_validate({"citizen_id": citizen_id, "proof": typed.get("proof", ""), **given})
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _death(citizen_id: str, typed: Mapping[str, str]) -> DeathReport:
    wanted = ("heir", "heir_name", "papers")
    number = typed.get("heir_id_number", "").upper()
    fields = {name: typed.get(name, "") for name in wanted}
    try:
        return DeathReport.model_validate(
            {"citizen_id": citizen_id, "heir_id_number": number, "cards_here": request.form.getlist("cards_here"), **fields}
        )
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _page(services: Services, citizen_id: str, typed: Mapping[str, str], error: CardsvcError | None = None) -> str:
    person = person_view(services.store, citizen_id)
    deaths = deaths_of(services.store, citizen_id)
    return render_template(
        "person_page.html",
        person=person,
        in_hand=[card for card in person["cards"] if card["state"] in IN_HAND],
        changes=changes_of(services.store, citizen_id),
        rules=what_it_takes(services.store, services.rules, now()),
        deaths=deaths,
        died=any(one["confirmed_at"] for one in deaths),
        heirs=heirs_by_rule(services.store, services.rules, now()),
        photos=photos_kept(services.store, citizen_id),
        typed=with_chip_name(typed) if error else typed,
        problem=problem_of(error) if error else None,
    )
