"""Registering people: the fields that go onto a card, checked before anything is written anywhere."""

import datetime as dt
import re
import uuid
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from cardsvc.errors import RequestError
from cardsvc.service.operations.kinds import Params
from cardsvc.service.people.names import NAME_CHARACTERS, chip_name_problem, name_problem, one_dot
from cardsvc.service.people.reasons import COLUMN_NAMES, field_wrong
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Citizen
from cardsvc.units import id_number_check_digit

if TYPE_CHECKING:
    from cardsvc.service.people.columns import PersonLine

RESIDENT_ID = "resident"
ETHNIC_GROUPS = 56
"""GB 3304 numbers 1 to 56; 97 other, 98 naturalised."""


Name = Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS), AfterValidator(one_dot)]


class CitizenData(Params):
    """A person as the card office takes them in. Codes: sex GB/T 2261.1, ethnic group GB 3304, birthplace GB/T 2260.
    ``chip_name``: what the chip carries of a name that it cannot hold (names.py), and only of such."""

    name: Name
    chip_name: Name | None = None
    id_number: str = Field(pattern="^[0-9]{17}[0-9X]$")
    sex: int = Field(ge=0, le=9)
    ethnic_group: int = Field(ge=1, le=98)
    birthplace: str = Field(pattern="^[0-9]{6}$")
    birth_date: dt.date = Field(strict=False)


def register_citizen(store: Store, data: CitizenData, now: dt.datetime) -> Citizen:
    """Register a person, or find them: the same document gives the same person. Raises RequestError ``citizen_field_wrong``,
    ``citizen_differs``."""
    return store.transact(lambda uow: take_in(uow, data, now))


def take_in(uow: UnitOfWork, data: CitizenData, now: dt.datetime) -> Citizen:
    """The same within another transaction."""
    known = uow.citizens.by_id_number(RESIDENT_ID, data.id_number)
    if known is None:
        check_data(data)
        return uow.citizens.add(new_citizen(data, now))
    same = {"name": one_dot(known.name) == data.name, "chip_name": data.chip_name in (None, known.chip_name)}
    for field, is_same in same.items():
        if not is_same:
            raise RequestError("citizen_differs", field=COLUMN_NAMES[field])
    return known


def new_citizen(person: "CitizenData | PersonLine", now: dt.datetime) -> Citizen:
    """A person who is not in the register yet."""
    return Citizen(
        citizen_id=str(uuid.uuid4()),
        id_type=RESIDENT_ID,
        id_number=person.id_number,
        name=person.name,
        chip_name=person.chip_name,
        sex=person.sex,
        ethnic_group=person.ethnic_group,
        birthplace=person.birthplace,
        birth_date=person.birth_date,
        created_at=now,
    )


def check_data(data: CitizenData) -> None:
    """Raise RequestError ``citizen_field_wrong`` for what cannot be, or cannot go onto a card."""
    problems = {
        "name": name_problem(data.name),
        "chip_name": chip_name_problem(data.name, data.chip_name),
        "id_number": number_problem(data.id_number),
    }
    if data.ethnic_group > ETHNIC_GROUPS and data.ethnic_group not in (97, 98):
        problems["ethnic_group"] = "not_an_ethnic_group"
    for field, problem in problems.items():
        if problem is not None:
            raise field_wrong(field, problem)


def number_problem(number: str) -> str | None:
    """Why an ID number is none, in one word of REASONS."""
    if not number:
        return "missing"
    if re.fullmatch(r"[0-9.]+E\+?[0-9]+", number):
        return "as_a_number"
    if re.fullmatch(r"[0-9]{15}", number):
        return "fifteen_digits"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return "not_18_characters"
    return None if id_number_check_digit(number[:17]) == number[17] else "check_digit"


def masked(id_number: str) -> str:
    """An ID number as it may be shown: first 3 and last 2 characters."""
    return f"{id_number[:3]}{'*' * (len(id_number) - 5)}{id_number[-2:]}"


def citizen_json(citizen: Citizen) -> dict[str, Any]:
    """A person as a view may show them."""
    names = {"name": citizen.name, "chip_name": citizen.chip_name}
    return {"citizen_id": citizen.citizen_id, **names, "id_number": masked(citizen.id_number)}


def person_view(store: Store, citizen_id: str) -> dict[str, Any]:
    """A person by their id, with their cards, newest first. Raises RequestError ``citizen_unknown``."""
    with store.read() as uow:
        citizen = uow.citizens.get(citizen_id)
        cards = uow.cards.of_citizen(citizen_id)
    if citizen is None:
        raise RequestError("citizen_unknown")
    codes = {name: getattr(citizen, name) for name in ("sex", "ethnic_group", "birthplace")}
    shown = [{"card_no": card.card_no, "state": card.state, "issue_date": card.issue_date.isoformat()} for card in cards]
    return {**citizen_json(citizen), **codes, "birth_date": citizen.birth_date.isoformat(), "cards": shown}


def find_citizen(store: Store, id_number: str) -> dict[str, Any] | None:
    """A person by their resident ID number, with their cards; None where nobody is registered with it.

    Raises RequestError ``citizen_field_wrong`` for a number that is none.
    """
    problem = number_problem(id_number)
    if problem is not None:
        raise field_wrong("id_number", problem)
    with store.read() as uow:
        citizen = uow.citizens.by_id_number(RESIDENT_ID, id_number)
        cards = uow.cards.of_citizen(citizen.citizen_id) if citizen else []
    if citizen is None:
        return None
    shown = [{"card_no": card.card_no, "state": card.state, "issue_date": card.issue_date.isoformat()} for card in cards]
    return {**citizen_json(citizen), "birth_date": citizen.birth_date.isoformat(), "cards": shown}
