"""Where cards are made: one queue across the outlets. Who applies where no cards are made gets theirs from an outlet that makes
them, and collects it where they applied."""

import datetime as dt

from cardsvc.rules import RuleSet
from cardsvc.rules.desk import makes_cards
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.store import Store, UnitOfWork


def made_for(uow: UnitOfWork, rules: RuleSet, outlet_id: str, day: dt.date) -> tuple[str, ...]:
    """The outlets whose cards are made at this one: itself, and where it makes cards on the spot, those that make none."""
    if not makes_cards(rules, outlet_id, day):
        return (outlet_id,)
    others = (outlet.outlet_id for outlet in uow.outlets.all() if outlet.outlet_id != outlet_id)
    return (outlet_id, *(other for other in others if not makes_cards(rules, other, day)))


def made_at(store: Store, rules: RuleBook, outlet_id: str, now: dt.datetime) -> dict[str, str | None]:
    """The same, today, each with the name of the outlet where its cards are collected; None for this one."""
    with store.read() as uow:
        names = {outlet.outlet_id: outlet.name for outlet in uow.outlets.all()}
        found = made_for(uow, rules.in_force(uow, local_day(now)), outlet_id, local_day(now))
    return {one: names.get(one) if one != outlet_id else None for one in found}
