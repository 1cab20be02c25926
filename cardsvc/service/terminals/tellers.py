"""Who stands at a desk's own program: it signs as a terminal, and its teller says who they are with each deed."""

import datetime as dt
from dataclasses import dataclass

from cardsvc.errors import RequestError
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.staff.accounts import not_permitted, sign_in
from cardsvc.store import Store
from cardsvc.store.records import Staff


@dataclass(frozen=True, slots=True)
class Teller:
    """Who a program says is at the desk, with the password that they typed."""

    staff_id: str
    password: str


def teller_at(store: Store, actor: Actor, teller: Teller, now: dt.datetime) -> Staff:
    """The person, by their password, if they work where the terminal stands.

    Raises RequestError ``sign_in_wrong``, ``sign_in_locked``, ``password_once``, ``not_permitted``."""
    person = sign_in(store, teller.staff_id, teller.password, now)
    if person.password_once:
        raise RequestError("password_once")
    with store.read() as uow:
        terminal = uow.terminals.get(actor.id)
    if terminal is None or terminal.outlet_id != person.outlet_id:
        raise not_permitted(person.role, outlet=(terminal and terminal.outlet_id) or "-")
    return person
