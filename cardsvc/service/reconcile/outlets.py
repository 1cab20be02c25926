"""A run narrowed to an outlet: the differences whose shift, workstation, terminal or operation is the outlet's own.

A run compares whole days of the city, for a card goes from outlet to outlet; whose a difference is can only be told of those
that something at an outlet did. A missing file of a channel, or a gap in a card's counter, is no outlet's.
"""

from cardsvc.errors import RequestError
from cardsvc.ledger.postings import drawer_account
from cardsvc.service.books.day_end import actors_of
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Difference, Load

_LOAD = "load:"


def of_outlet(uow: UnitOfWork, rows: list[Difference], outlet_id: str) -> list[Difference]:
    """Those of these differences that are the outlet's. Raises RequestError ``outlet_unknown``."""
    if uow.outlets.get(outlet_id) is None:
        raise RequestError("outlet_unknown", outlet=outlet_id)
    actors = actors_of(uow, outlet_id)
    drawers = {drawer_account(shift.shift_id) for shift in uow.shifts.of_outlet(outlet_id)}
    numbers = {terminal.terminal_no for terminal in uow.terminals.all() if terminal.outlet_id == outlet_id}
    loads = uow.loads.by_ids({load_id for row in rows if (load_id := _load_id(row))})
    operations = uow.operations.by_ids({str(row.details["operation_id"]) for row in rows if row.details.get("operation_id")})

    def at_outlet(load: Load) -> bool:
        """Cash by its drawer, for a workstation may have moved since; everything else by where it was done."""
        in_drawer = load.source_account.startswith(drawer_account(""))
        return load.source_account in drawers if in_drawer else (load.actor_kind, load.actor_id) in actors

    def belongs(row: Difference) -> bool:
        load = loads.get(_load_id(row))
        if load is not None:
            return at_outlet(load)
        operation = operations.get(str(row.details.get("operation_id")))
        if operation is not None:
            return (operation.actor_kind, operation.actor_id) in actors
        return ("terminal", row.details.get("party")) in actors or row.details.get("terminal_no") in numbers

    return [row for row in rows if belongs(row)]


def _load_id(row: Difference) -> str:
    """The load that a difference is about, or nothing. ``id`` may be an order's: then no load has it."""
    return row.subject.removeprefix(_LOAD) if row.subject.startswith(_LOAD) else str(row.details.get("id", ""))
