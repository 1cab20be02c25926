"""From a file to a batch: checked against the books as well, then stored as a whole or not at all, once."""

import dataclasses
import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import partial

from cardsvc.card.profile import Profile
from cardsvc.service.bulk.encoding import layouts_of, not_encodable
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.people.columns import PersonLine
from cardsvc.service.people.names import one_dot
from cardsvc.service.people.reading import PeopleFile, digest, read_people
from cardsvc.service.people.reasons import BadLine, lines_wrong
from cardsvc.service.people.register import RESIDENT_ID, new_citizen
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BulkBatch, BulkLine, Citizen, Staff
from cardsvc.store.states import BulkLineState, BulkState

MAY_LOAD = ("clerk", "supervisor", "stock_keeper")


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What a check says: how many good lines, every mistake, and the batch that the same file is already."""

    people: int
    problems: tuple[BadLine, ...]
    batch: BulkBatch | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """The batch of a file. ``again``: the same file had been loaded before, and nothing was done."""

    batch: BulkBatch
    again: bool


def check_people(store: Store, profiles: Sequence[Profile], content: bytes, now: dt.datetime) -> Checked:
    """Check a file, store nothing. Raises RequestError for what is wrong with it as a whole (``reading.read_people``)."""
    with store.read() as uow:
        known = uow.bulk_batches.by_content(digest(content))
    if known is not None:
        return Checked(known.lines, (), known)
    file = read_people(content, local_day(now))
    with store.read() as uow:
        problems = _all_problems(uow, profiles, file, now)
    return Checked(len(file.people), problems)


def load_people(
    store: Store, profiles: Sequence[Profile], file_name: str, content: bytes, *, by: Staff, now: dt.datetime
) -> Loaded:
    """Store a file of people as a batch, and register those who are not. The same file again is the same batch.

    Raises RequestError ``not_permitted``, ``bulk_lines_wrong`` with every bad line (``details["problems"]``), or what
    ``reading.read_people`` finds: then nothing is stored.
    """
    require_role(by, *MAY_LOAD)
    with store.read() as uow:
        known = uow.bulk_batches.by_content(digest(content))
    if known is not None:
        return Loaded(known, again=True)
    file = read_people(content, local_day(now))
    return store.transact(partial(_store, profiles, file, file_name, by, now))


def _store(
    profiles: Sequence[Profile], file: PeopleFile, file_name: str, by: Staff, now: dt.datetime, uow: UnitOfWork
) -> Loaded:
    known = uow.bulk_batches.by_content(file.sha256)
    if known is not None:
        return Loaded(known, again=True)
    problems = _all_problems(uow, profiles, file, now)
    if problems:
        raise lines_wrong(problems)
    registered = _registered(uow, file.people)
    fresh = {person.id_number: new_citizen(person, now) for person in file.people if person.id_number not in registered}
    uow.citizens.add_many(fresh.values())
    people = {**registered, **fresh}
    batch = BulkBatch(
        str(uuid.uuid4()), file.sha256, file_name[-100:], len(file.people), BulkState.READY, by.staff_id, loaded_at=now
    )
    uow.bulk_batches.add(batch)
    uow.bulk_lines.add_many(_line(batch, person, people[person.id_number], now) for person in file.people)
    return Loaded(batch, again=False)


def _all_problems(uow: UnitOfWork, profiles: Sequence[Profile], file: PeopleFile, now: dt.datetime) -> tuple[BadLine, ...]:
    """By line: what the file shows by itself, what the books say of its people, and whose data cannot go onto a card."""
    registered = _registered(uow, file.people)
    found = [*file.problems, *_against_books(uow, file.people, registered)]
    layouts, wrong, today = layouts_of(profiles), {problem.line for problem in found}, local_day(now)
    for person in file.people:
        if person.line not in wrong:
            citizen = registered.get(person.id_number) or new_citizen(person, now)
            found += not_encodable(layouts, person.line, citizen, today)
    return tuple(sorted(found, key=lambda problem: problem.line))


def _registered(uow: UnitOfWork, people: Sequence[PersonLine]) -> dict[str, Citizen]:
    return uow.citizens.by_id_numbers(RESIDENT_ID, {person.id_number for person in people})


def _against_books(uow: UnitOfWork, people: Sequence[PersonLine], registered: Mapping[str, Citizen]) -> list[BadLine]:
    ids = {citizen.citizen_id for citizen in registered.values()}
    cards = {card.citizen_id: card.card_no for card in uow.cards.of_citizens(ids, *IN_HAND)}
    elsewhere = uow.bulk_lines.open_of(ids)
    problems: list[BadLine] = []
    for person in people:
        citizen = registered.get(person.id_number)
        if citizen is not None:
            problems += _differences(person, citizen)
            problems += _has_one(person, citizen, cards, elsewhere)
    return problems


def _differences(person: PersonLine, citizen: Citizen) -> list[BadLine]:
    """A card carries what is registered: a line that says something else is wrong, or the register is."""
    known = dataclasses.replace(citizen, name=one_dot(citizen.name))
    return [
        BadLine(person.line, column, "differs_from_register")
        for column in ("name", "chip_name", "sex", "ethnic_group", "birthplace", "birth_date")
        if column in person.given and getattr(person, column) != getattr(known, column)
    ]


def _has_one(
    person: PersonLine, citizen: Citizen, cards: Mapping[str, str], elsewhere: Mapping[str, BulkLine]
) -> list[BadLine]:
    card_no, other = cards.get(citizen.citizen_id), elsewhere.get(citizen.citizen_id)
    if card_no:
        return [BadLine(person.line, "id_number", "has_card", card_no)]
    return [BadLine(person.line, "id_number", "in_another_batch", other.batch_id)] if other else []


def _line(batch: BulkBatch, person: PersonLine, citizen: Citizen, now: dt.datetime) -> BulkLine:
    return BulkLine(
        batch_id=batch.batch_id,
        line=person.line,
        citizen_id=citizen.citizen_id,
        state=BulkLineState.WAITING,
        attempt=0,
        spoiled=0,
        card_no=None,
        operation_id=None,
        reader=None,
        bin=None,
        error=None,
        changed_at=now,
    )
