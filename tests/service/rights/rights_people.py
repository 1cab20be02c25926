"""Files of the insurance offices, of people that nobody is."""

import json
from collections.abc import Iterable
from typing import Any

from cardsvc.service.rights.importing import Imported, import_feed
from cardsvc.store.records import InsuranceRight, Staff
from tests.world import World, person

HEADER = "id_number,name,sex,birth_date,kind,place,right_from,right_until,changed_at"


def said(number: int = 1, **other: str) -> dict[str, str]:
    """What an office says of a synthetic person: by default what is registered, with a right in force."""
    return {
        "id_number": person(number).id_number,
        "name": "测试一",
        "sex": "男",
        "birth_date": "1999-02-28",
        "kind": "职工医保",
        "place": "330100",
        "right_from": "2020-01-01",
        "right_until": "",
        "changed_at": "2026-11-20T08:00:00",
        **other,
    }


def as_csv(people: Iterable[dict[str, str]]) -> bytes:
    """A file with a line for each."""
    return "\n".join([HEADER, *(",".join(one[name] for name in HEADER.split(",")) for one in people)]).encode()


def as_json(people: Iterable[Any]) -> bytes:
    """The same as JSON."""
    return json.dumps(list(people), ensure_ascii=False).encode()


def take_in(world: World, by: Staff, *people: dict[str, str], office: str = "medical") -> Imported:
    """Import a file with these people."""
    return import_feed(world.store, world.engine.rules, office, "f.csv", as_csv(people), by=by, now=world.now)


def kept(world: World, *numbers: int) -> list[InsuranceRight]:
    """What the offices say of these people, as it is stored."""
    with world.store.read() as uow:
        found = uow.rights.of_numbers([person(number).id_number for number in numbers])
    return sorted((right for rights in found.values() for right in rights), key=lambda right: (right.office, right.id_number))
