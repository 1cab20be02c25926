"""Staff who can do more than the ordinary: who has which skill, and at which desk they are now."""

import datetime as dt
from typing import Any

from cardsvc.service.operations.rule_book import local_day
from cardsvc.store import Store


def who_can(store: Store, skill: str, outlet_id: str, now: dt.datetime) -> list[dict[str, Any]]:
    """Active people of an outlet who have this skill; ``desk`` is where they serve now, None where they do not."""
    with store.read() as uow:
        able = [uow.staff.get(staff_id) for staff_id in uow.staff_skills.with_skill(skill)]
        desks = {desk.staff_id: desk.desk for desk in uow.desks.open_at(outlet_id, local_day(now))}
    here = [person for person in able if person and person.outlet_id == outlet_id and person.state == "active"]
    return [{"staff_id": person.staff_id, "name": person.name, "desk": desks.get(person.staff_id)} for person in here]
