"""Noting what a purse showed, for reconciliation: one row for each look."""

import datetime as dt

from cardsvc.procedures.purse import PurseRef
from cardsvc.service.operations.kinds import Context
from cardsvc.store import UnitOfWork
from cardsvc.store.records import CardSighting


def note_purse(
    context: Context,
    uow: UnitOfWork,
    ref: PurseRef,
    balance: int,
    now: dt.datetime,
    *,
    online: int | None = None,
    offline: int | None = None,
) -> None:
    """A look in the current phase. Counters before their next increment; None where the answers did not show one."""
    phase = context.operation.phase
    sighting = CardSighting(
        context.card_no, context.operation.operation_id, phase, ref.application, ref.purse, balance, online, offline, now
    )
    uow.sightings.add(sighting)
