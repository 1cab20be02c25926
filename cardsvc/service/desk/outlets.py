"""Outlets with their opening hours, as the rules have them."""

import datetime as dt
from typing import Any

from cardsvc.errors import RuleError
from cardsvc.rules.desk import hours_of, open_hours
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.store import Store

DAYS = 7


def outlets_with_hours(store: Store, book: RuleBook, today: dt.date) -> list[dict[str, Any]]:
    """Every outlet by its id, how many people it has, and for each of the next days when it is open.

    ``hours``: a day, and from when to when; None where it is closed, or where the rules say nothing (``unknown``).
    """
    days = [today + dt.timedelta(days=ahead) for ahead in range(DAYS)]
    with store.read() as uow:
        outlets = sorted(uow.outlets.all(), key=lambda outlet: outlet.outlet_id)
        active = [person.outlet_id for person in uow.staff.all() if person.state == "active"]
        rules = {day: book.in_force(uow, day) for day in days}
    found = []
    for outlet in outlets:
        hours = []
        for day, held in rules.items():
            try:
                times, unknown = open_hours(held, hours_of(held, outlet.outlet_id), day), False
            except RuleError:
                times, unknown = None, True
            hours.append({"day": day, "times": times, "unknown": unknown})
        people = active.count(outlet.outlet_id)
        found.append({"outlet_id": outlet.outlet_id, "name": outlet.name, "people": people, "hours": hours})
    return found
