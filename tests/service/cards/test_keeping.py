"""Personal data that nothing needs end: photos of people without a card, withdrawn applications, and at a person's wish."""

import datetime as dt

import pytest

from cardsvc.service.cards.cancelling import cancel_card
from cardsvc.service.cards.handing_out import Collector, hand_out
from cardsvc.service.cards.keeping import delete_photos, forget, photos_kept
from cardsvc.service.cards.photos import take_photo
from cardsvc.service.cards.requests import cancel_request
from cardsvc.service.messages.notices import list_notices
from cardsvc.service.staff.acts import acts_view
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.service.cards.test_card_requests import PARENT, PHOTO, child, take
from tests.service.purse.test_areas import CARD
from tests.service.rights.rights_people import said, take_in
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, World

__all__ = ["people"]
NOTHING = {"noted": 0, "photos": 0, "requests": 0, "people": 0}


def run(world: World, by: Staff, days: int = 0) -> dict[str, int]:
    """The timer, so many days later."""
    world.now += dt.timedelta(days=days)
    return forget(world.store, world.engine.rules, by=by, now=world.now)


def card_with_photo(world: World, clerk: Staff) -> str:
    """A person whose card was made from their application; their id."""
    citizen = world.citizen()
    take(world, clerk, citizen)
    world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
    hand_out(world.store, world.engine.rules, CARD, Collector(compared=True), by=clerk, now=world.now)
    return citizen


def test_a_photo_ends_some_time_after_its_persons_last_card(world: World, people: dict[str, Staff]) -> None:
    """Never while the card lives; noted when it ends, deleted after the rule's days, and told by whom and why."""
    clerk, night = people["clerk"], people["auditor"]
    citizen = card_with_photo(world, clerk)
    assert run(world, night, 400) == NOTHING
    cancel_card(world.store, CARD, "returned", "身份证", by=clerk, now=world.now)
    assert run(world, night) == {**NOTHING, "noted": 1}
    assert run(world, night, 179) == NOTHING
    assert photos_kept(world.store, citizen) == 1
    assert run(world, night, 1) == {**NOTHING, "photos": 1}
    assert (photos_kept(world.store, citizen), run(world, night)) == (0, NOTHING)
    (act,) = acts_view(world.store, subject=citizen)
    assert (act["act"], act["staff_id"], act["changes"]) == (
        "photo_delete",
        night.staff_id,
        {"photos": 1, "rule": "keep-photo", "person": False},
    )
    with refused("not_permitted"):
        run(world, people["clerk"])


def test_who_applies_again_keeps_the_newest_photo_and_the_older_one_ends(world: World, people: dict[str, Staff]) -> None:
    """A photo is needed again when a card is; one that a newer one took the place of is not."""
    clerk, night = people["clerk"], people["auditor"]
    citizen = card_with_photo(world, clerk)
    cancel_card(world.store, CARD, "returned", "身份证", by=clerk, now=world.now)
    run(world, night)
    world.now += dt.timedelta(days=100)
    take(world, clerk, citizen)
    assert run(world, night, 100) == {**NOTHING, "photos": 1}
    assert photos_kept(world.store, citizen) == 1
    assert run(world, night, 1000) == NOTHING


def test_an_expired_card_keeps_its_photo_for_the_renewal_a_while(world: World, people: dict[str, Staff]) -> None:
    """Its validity is over: the days count from when that was noticed."""
    citizen, night = card_with_photo(world, people["clerk"]), people["auditor"]
    assert run(world, night, 3660) == {**NOTHING, "noted": 1}
    assert run(world, night, 180) == {**NOTHING, "photos": 1}
    assert photos_kept(world.store, citizen) == 0


def test_a_withdrawn_application_goes_with_its_messages_and_its_person(world: World, people: dict[str, Staff]) -> None:
    """The photo at once; name and number of who came, phone and friend after the rule's days; a person of whom something else
    is kept stays."""
    clerk, night = people["clerk"], people["auditor"]
    young = child(world, dt.date(2015, 3, 1))
    alone = take(world, clerk, young, came="parent", phone="13800000000", **PARENT)
    cancel_request(world.store, alone.case_no, "不办了", by=clerk, now=world.now)
    assert photos_kept(world.store, young) == 0
    citizen = world.citizen()
    take_in(world, clerk, said(1, name="测试乙"))
    held = take(world, clerk, citizen, phone="13800000001")
    take_in(world, clerk, said(1, changed_at="2026-11-21T08:00:00"))
    cancel_request(world.store, held.case_no, "不办了", by=clerk, now=world.now)
    again = take(world, clerk, citizen)
    assert list_notices(world.store) != []
    assert run(world, night, 89) == NOTHING
    assert run(world, night, 1) == {**NOTHING, "requests": 2, "people": 1}
    assert list_notices(world.store) == []
    with world.store.read() as uow:
        assert [row.case_no for row in uow.card_requests.where()] == [again.case_no]
        assert (uow.citizens.get(young), uow.citizens.get(citizen) is None) == (None, False)
    assert {act["act"] for act in acts_view(world.store)} == {"request_delete"}
    assert PARENT["comer_id_number"] not in str(acts_view(world.store))


def test_a_person_may_have_their_photos_deleted(world: World, people: dict[str, Staff]) -> None:
    """At once, with who asked; not while a card is to be made from them; the next card's face then waits for a new one."""
    clerk, citizen = people["clerk"], world.citizen()
    taken = take(world, clerk, citizen)

    def delete(reason: str = "本人来电，已核对证件") -> int:
        return delete_photos(world.store, citizen, reason, by=clerk, now=world.now)

    with refused("photo_needed"):
        delete()
    world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
    with refused("reason_missing"):
        delete(" ")
    take_photo(world.store, world.engine.rules, CARD, PHOTO, consent=True, by=clerk, now=world.now)
    assert (delete(), delete(), photos_kept(world.store, citizen)) == (2, 0, 0)
    (act,) = acts_view(world.store, subject=citizen)
    assert act["changes"] == {"photos": 2, "reason": "本人来电，已核对证件"}
    with world.store.read() as uow:
        assert uow.card_requests.get(taken.case_no) is not None


@pytest.mark.parametrize("code", ["citizen_unknown", "not_permitted"])
def test_nobody_is_forgotten_by_mistake(world: World, people: dict[str, Staff], code: str) -> None:
    """A person that there is not, and somebody who may not."""
    citizen = world.citizen() if code == "not_permitted" else "0" * 36
    by = people["auditor"] if code == "not_permitted" else people["clerk"]
    with refused(code):
        delete_photos(world.store, citizen, "x", by=by, now=world.now)
