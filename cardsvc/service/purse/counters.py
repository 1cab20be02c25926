"""Counters against the books: a transaction that the card has moved its counter, which never goes back (JR/T 0025.2-2010
5.5.2.8), and every online one of them is in the books before it is on the card.

A card that begins one at the number of another that is booked is an older image of itself, or a copy. One whose last online
transaction the books do not have is ahead of them: they were restored from a backup, or somebody else has its keys. Nothing is
promised to either.
"""

from collections.abc import Iterable

from cardsvc.errors import CardError
from cardsvc.ledger.states import LoadState, PurchaseState
from cardsvc.procedures.purse import PurseRef
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Load, Purchase

Booked = Load | Purchase
NEVER_THERE = ("counter_unchanged", "log_other")
"""Rules by which a card proved that a transaction did not move its counter."""


def check_online(uow: UnitOfWork, card_no: str, ref: PurseRef, counter: int) -> None:
    """Of a load or unload about to be promised. Raises CardError ``card_counter_back``, ``card_ahead_of_books``."""
    booked = _online_from(uow, card_no, ref, counter - 1)
    _refuse_back(row for row in booked if _online_counter(row) == counter)
    if counter > 0 and not any(moves_counter(row) for row in booked):
        raise CardError("card_ahead_of_books", card_no=card_no)


def counted_in_books(uow: UnitOfWork, card_no: str, ref: PurseRef) -> int:
    """The highest online counter that the card can show by what the books have of this purse."""
    return max((_online_counter(row) + 1 for row in _online_from(uow, card_no, ref, 0) if moves_counter(row)), default=0)


def refuse_offline_back(uow: UnitOfWork, card_no: str, ref: PurseRef, counter: int) -> None:
    """Of a purchase about to be promised. Raises CardError ``card_counter_back``."""
    _refuse_back(uow.purchases.at_counters([(card_no, ref.application, ref.purse, counter)]))


def moves_counter(row: Booked) -> bool:
    """Whether the card has, or may have, moved its counter for it: all but what it proved never to have had."""
    return row.settled_by not in NEVER_THERE


def _online_from(uow: UnitOfWork, card_no: str, ref: PurseRef, counter: int) -> list[Booked]:
    loads = uow.loads.from_counter(card_no, ref.application, ref.purse, counter)
    if ref.purse != "ed":  # no other purse knows the unload
        return [*loads]
    return [*loads, *uow.purchases.unloads_from(card_no, ref.application, ref.purse, counter)]


def _online_counter(row: Booked) -> int:
    return row.online_counter if isinstance(row, Load) else row.counter


def _refuse_back(booked: Iterable[Booked]) -> None:
    if any(row.state in (LoadState.CONFIRMED, PurchaseState.CONFIRMED) for row in booked):
        raise CardError("card_counter_back")
