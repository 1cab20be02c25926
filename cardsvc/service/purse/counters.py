"""Counters that went back: a transaction that the card has moved its counter, which never goes back (JR/T 0025.2-2010 5.5.2.8).

A card that begins one at the number of another that is booked is an older image of itself, or a copy: nothing is promised it.
"""

from collections.abc import Iterable

from cardsvc.errors import CardError
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.procedures.purse import PurseRef
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Load, Purchase


def refuse_online_back(uow: UnitOfWork, card_no: str, ref: PurseRef, counter: int) -> None:
    """Of a load or unload about to be promised. Raises CardError ``card_counter_back``."""
    booked: list[Load | Purchase] = [*uow.loads.at_counter(card_no, ref.application, ref.purse, counter)]
    if ref.purse == "ed":  # no other purse knows the unload
        booked += uow.purchases.unloads_at(card_no, ref.application, ref.purse, counter)
    _refuse(booked)


def refuse_offline_back(uow: UnitOfWork, card_no: str, ref: PurseRef, counter: int) -> None:
    """Of a purchase about to be promised. Raises CardError ``card_counter_back``."""
    _refuse(uow.purchases.at_counters([(card_no, ref.application, ref.purse, counter)]))


def _refuse(booked: Iterable[Load | Purchase]) -> None:
    if any(row.state in (LoadState.CONFIRMED, PurchaseState.CONFIRMED) for row in booked):
        raise CardError("card_counter_back")
