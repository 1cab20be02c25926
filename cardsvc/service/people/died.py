"""Whether a holder has died: who deals with their cards and their money asks here. How a death is noted: cards/deaths.py."""

from cardsvc.errors import RequestError
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Death


def refuse_dead(uow: UnitOfWork, citizen_id: str) -> None:
    """Raise RequestError ``citizen_died`` for a person whose death is confirmed."""
    if uow.deaths.confirmed_of(citizen_id) is not None:
        raise RequestError("citizen_died")


def refuse_dead_holder(uow: UnitOfWork, card_no: str) -> None:
    """Raise RequestError ``citizen_died``: no money goes onto this card any more, and nothing is opened on it."""
    card = uow.cards.get(card_no)
    if card is not None:
        refuse_dead(uow, card.citizen_id)


def require_death(uow: UnitOfWork, citizen_id: str) -> Death:
    """The confirmed death of a holder. Raises RequestError ``death_not_noted``."""
    found = uow.deaths.confirmed_of(citizen_id)
    if found is None:
        raise RequestError("death_not_noted")
    return found


def is_dead(store: Store, citizen_id: str) -> bool:
    """Whether a person's death is confirmed."""
    with store.read() as uow:
        return uow.deaths.confirmed_of(citizen_id) is not None
