"""Two desks take the same person at the same moment: one application, one person, and the other desk is told its number."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from cardsvc.errors import CardsvcError
from cardsvc.printing.photo import sample_photo
from cardsvc.service.cards.requests import CardApplication, apply_for
from cardsvc.service.people.register import find_citizen
from cardsvc.store.records import Staff
from tests.service.staff.test_staff import people
from tests.world import World, person

__all__ = ["people"]
DESKS = 4


def test_somebody_new_at_several_desks_at_once(world: World, people: dict[str, Staff]) -> None:
    """Whoever is later is told that an application is open."""
    together, new = Barrier(DESKS), person(9)
    photo, asked = sample_photo(), CardApplication(consent=True)

    def desk(_number: int) -> str:
        together.wait()
        try:
            made = apply_for(world.store, world.engine.rules, asked, photo, by=people["clerk"], now=world.now, person=new)
        except CardsvcError as error:
            return error.code
        return made.case_no

    with ThreadPoolExecutor(DESKS) as desks:
        told = sorted(desks.map(desk, range(DESKS)))
    assert told[1:] == ["card_request_open"] * (DESKS - 1), told
    found = find_citizen(world.store, new.id_number)
    assert found is not None
    assert found["cards"] == []
