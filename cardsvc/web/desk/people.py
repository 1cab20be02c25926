"""Whose card it will be: find a person by their document, or take them in; and then the card is made for them."""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from flask import Flask, render_template, request
from pydantic import ValidationError

from cardsvc.bootstrap import Services, now
from cardsvc.errors import RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.operations.problem import problem_of
from cardsvc.service.people.names import fits_chip, one_dot, proposed_chip_name
from cardsvc.service.people.register import CitizenData, find_citizen, register_citizen
from cardsvc.web.desk.guard import MOST_DIGITS, field

ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")


def install(app: Flask, services: Services) -> None:
    """Add the routes."""

    @app.post("/desk/people")
    def find_person() -> Any:
        """The person of a document, or a form to take them in, filled with what the number says."""
        contact, number = field("contact"), field("id_number", most=18).upper()
        try:
            known = find_citizen(services.store, number)
        except RequestError as error:
            return _page(contact, {"id_number": number}, error), error.http_status
        if known is not None:
            return render_template("citizen.html", contact=contact, citizen=known)
        return _page(contact, {"id_number": number, **told_by(number)})

    @app.post("/desk/people/new")
    def take_in() -> Any:
        """Take a person in, and go on to the card."""
        contact, typed = field("contact"), request.form.to_dict()
        try:
            citizen = register_citizen(services.store, citizen_data(typed), now())
        except RequestError as error:
            return _page(contact, with_chip_name(typed), error), error.http_status
        known = find_citizen(services.store, citizen.id_number)
        return render_template("citizen.html", contact=contact, citizen=known, dots=dots_changed(typed))


def _page(contact: str, typed: Mapping[str, str], error: RequestError | None = None) -> str:
    problem = problem_of(error) if error else None
    return render_template("person.html", contact=contact, typed=typed, problem=problem)


def with_chip_name(typed: Mapping[str, str]) -> dict[str, str]:
    """A form with its field for the name on the chip, filled by the rule, where the name needs one; else without."""
    name, chip_name = one_dot(typed.get("name", "").strip()), typed.get("chip_name", "").strip()
    kept = {field: value for field, value in typed.items() if field != "chip_name"}
    return kept if fits_chip(name) else {**kept, "chip_name": chip_name or proposed_chip_name(name)}


def chip_name_of(typed: Mapping[str, str]) -> str | None:
    """The name on the chip as it was typed; None where the name was corrected since and needs none."""
    name, chip_name = one_dot(typed.get("name", "").strip()), typed.get("chip_name", "").strip()
    return None if not chip_name or (name and fits_chip(name)) else chip_name


def dots_changed(typed: Mapping[str, str]) -> bool:
    """Whether the dots of a name are kept as another sign than was typed, which the clerk is told."""
    name = typed.get("name", "").strip()
    return one_dot(name) != name


def citizen_data(typed: Mapping[str, str]) -> CitizenData:
    """The person of a filled form. Raises RequestError ``params_invalid``."""
    try:
        return CitizenData.model_validate(
            {
                "name": typed.get("name", "").strip(),
                "chip_name": chip_name_of(typed),
                "id_number": typed.get("id_number", "").strip().upper(),
                "sex": _number(typed, "sex"),
                "ethnic_group": _number(typed, "ethnic_group"),
                "birthplace": typed.get("birthplace", "").strip(),
                "birth_date": typed.get("birth_date", ""),
            }
        )
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _number(typed: Mapping[str, str], name: str) -> int:
    text = typed.get(name, "").strip()
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise RequestError("form_incomplete", field=name)
    return int(text)


def told_by(number: str) -> dict[str, str]:
    """What an ID number says by itself (GB 11643-1999): place, date of birth, and sex by whether its 17th digit is odd."""
    if not ID_NUMBER.fullmatch(number):
        return {}
    told = {"birthplace": number[:6], "sex": "1" if int(number[16]) % 2 else "2"}
    try:
        born = dt.date.fromisoformat(number[6:14])
    except ValueError:
        return told
    return {**told, "birth_date": born.isoformat()}
