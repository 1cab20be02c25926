"""Photos for the faces of a batch: files that whoever sent the list sends along, each named by its person's ID number.

All files are checked before one is kept. The same photo again is not kept twice, so the command may simply be given again.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.printing.photo import measure
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import check_photo
from cardsvc.service.bulk.loading import MAY_LOAD
from cardsvc.service.cards.photos import PHOTO_CONSENT_VERSION, photo_on_file
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.register import masked
from cardsvc.service.staff.accounts import require_role
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import CitizenPhoto, Staff

SHOWN = 5
Files = Mapping[str, Callable[[], bytes]]
"""The photos by ID number, each read when it is its turn: a batch has thousands."""


def keep_photos(
    store: Store, rules: RuleBook, batch_id: str, files: Files, *, consent: bool, by: Staff, now: dt.datetime
) -> dict[str, Any]:
    """Keep the photos of a batch's people: ``kept``, ``known`` (kept before), ``without`` (lines that have none now).

    ``consent``: whoever sent the list has the consent of its people (under 14 of a guardian). Raises RequestError
    ``not_permitted``, ``consent_missing``, ``bulk_batch_unknown``, ``bulk_photos_wrong`` naming every bad file by its
    line, or by the ends of a number that nobody has.
    """
    require_role(by, *MAY_LOAD)
    if not consent:
        raise RequestError("consent_missing")
    with store.read() as uow:
        people, lines = _people(uow, batch_id)
        in_force = rules.in_force(uow, local_day(now))
    checked = (
        (lines.get(number, masked(number)), _problem(in_force, people, number, read, now)) for number, read in files.items()
    )
    problems = [f"{which} {code}" for which, code in checked if code]
    if problems:
        shown = "; ".join(problems[:SHOWN])
        raise RequestError("bulk_photos_wrong", count=len(problems), files=shown, problems=problems)
    kept = sum(store.transact(_keeping(people[number], read(), by, now)) for number, read in files.items())
    with store.read() as uow:
        having = uow.citizen_photos.people_with(set(people.values()))
        without = [line.line for line in uow.bulk_lines.of_batch(batch_id) if line.citizen_id not in having]
    return {"kept": kept, "known": len(files) - kept, "without": without}


def _people(uow: UnitOfWork, batch_id: str) -> tuple[dict[str, str], dict[str, int]]:
    """The people of a batch by ID number, and their lines."""
    if uow.bulk_batches.get(batch_id) is None:
        raise RequestError("bulk_batch_unknown")
    lines = {line.citizen_id: line.line for line in uow.bulk_lines.of_batch(batch_id)}
    people = {one.id_number: one.citizen_id for one in uow.citizens.by_ids(set(lines)).values()}
    return people, {number: lines[citizen_id] for number, citizen_id in people.items()}


def _problem(rules: RuleSet, people: Mapping[str, str], number: str, read: Callable[[], bytes], now: dt.datetime) -> str | None:
    if number not in people:
        return "bulk_photo_of_nobody"
    try:
        check_photo(rules, measure(read()), local_day(now))
    except CardsvcError as error:
        return error.code
    return None


def _keeping(citizen_id: str, photo: bytes, by: Staff, now: dt.datetime) -> Callable[[UnitOfWork], int]:
    def work(uow: UnitOfWork) -> int:
        known = photo_on_file(uow, citizen_id)
        if known is not None and known.photo == photo:
            return 0
        uow.citizen_photos.add(CitizenPhoto(str(uuid.uuid4()), citizen_id, photo, PHOTO_CONSENT_VERSION, by.staff_id, now))
        return 1

    return work
