"""A card as it was, or will be, personalised: from its row and its holder's."""

from cardsvc.card.contents import CardData
from cardsvc.card.holder import Holder
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, Citizen
from cardsvc.units import CardNo


def card_data(uow: UnitOfWork, card: Card) -> CardData:
    """What personalisation writes onto this card."""
    holder = chip_holder(uow.citizens.get_one(card.citizen_id))
    return CardData(CardNo(card.card_no), card.ss_card_no, holder, card.issue_date, card.expiry_date)


def chip_holder(citizen: Citizen) -> Holder:
    """A person as the chip carries them: where it cannot hold their name, with the name on the chip."""
    codes = citizen.sex, citizen.ethnic_group, citizen.birthplace, citizen.birth_date
    return Holder(citizen.chip_name or citizen.name, citizen.id_number, *codes)
