"""What a management page is about: the outlet and the days in its address."""

import datetime as dt

from flask import request

from cardsvc.bootstrap import Services, now
from cardsvc.rules.hall import ticket_rules
from cardsvc.service.operations.rule_book import local_day
from cardsvc.text import Text
from cardsvc.web.desk.guard import day_of, here

ALL = "all"


def outlet() -> str:
    """The outlet that is asked for; one's own by default."""
    return request.values.get("outlet") or here().staff.outlet_id


def outlet_or_all() -> str | None:
    """The same, and None for all outlets together."""
    chosen = outlet()
    return None if chosen == ALL else chosen


def day(name: str, default: dt.date) -> dt.date:
    """A day in the address. Raises RequestError ``form_incomplete`` for what is none."""
    return day_of(request.values.get(name) or default.isoformat(), name)


def ticket_names(services: Services) -> dict[str, Text]:
    """What each kind of ticket is for, by the rules of today."""
    today = local_day(now())
    with services.store.read() as uow:
        found = ticket_rules(services.rules.in_force(uow, today), today)
    return {rule.ticket: Text(rule.name.zh, rule.name.en) for rule in found}
