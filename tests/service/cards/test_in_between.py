"""What happens to a person between two steps of their card's life: a new name, a death, a withdrawal, while something waits."""

import datetime as dt
import uuid
from pathlib import Path

import pytest

from cardsvc.errors import CardGone
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.person_changes import PersonChange, change_person
from cardsvc.service.cards.replacement import open_replacements
from cardsvc.service.cards.requests import cancel_request, request_of
from cardsvc.service.messages.notices import list_notices
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.service.cards.test_card_requests import take
from tests.service.cards.test_deaths import confirm, report
from tests.service.cards.test_handing_out import made_for
from tests.service.cards.test_person_changes import agree
from tests.service.cards.test_renewal import replace
from tests.service.cards.test_replacement import begun
from tests.service.staff.test_staff import hire_all, people, refused
from tests.world import DESK, FAMILIES, Snapshot, World

__all__ = ["people"]
FMCOS = FAMILIES[0]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_name_that_changes_while_a_card_lies_half_made_is_on_the_card(tmp_path: Path, family: str) -> None:
    """Pulled at any command, changed, put on again: it gets the new name; where the old one is on it, it is refused and another
    blank is taken. No card is given with the old name."""
    world = World(tmp_path / "city.db")
    citizen = world.citizen()
    hire_all(world)
    snapshot = Snapshot(world, VirtualCard.blank(family, seed=5), tmp_path)
    made = 0
    for at in range(1, 400, 9):
        world, card = snapshot.again()
        with world.store.read() as uow:
            who = {person.staff_id: person for person in uow.staff.all()}
        card.plan = FaultPlan(tear_after_command=at)
        try:
            world.do(card, "personalise", citizen_id=citizen)
            world.close()
            break
        except CardGone:
            card.plan = FaultPlan()
        change = PersonChange(citizen_id=citizen, proof="新身份证", name="测试新名")
        change_person(world.store, world.engine.rules, change, by=who["clerk"], now=world.now)
        agree(world, who["supervisor"])
        try:
            world.do(card, "personalise", citizen_id=citizen)
        except CarriedOut as refusal:
            assert (refusal.reply.problem or {})["code"] in ("read_back_differs", "card_refused")
            card = VirtualCard.blank(family, seed=6)
            world.do(card, "personalise", citizen_id=citizen)
        made += 1
        assert world.do(card, "diagnose")["findings"] == [], at
        world.close()
    assert made > 3


def test_an_application_is_not_withdrawn_while_its_card_is_made(world: World, people: dict[str, Staff]) -> None:
    """At another desk: a card would come out for nobody. Given up there, it is withdrawn."""
    clerk, citizen = people["clerk"], world.citizen()
    taken = take(world, clerk, citizen)
    channel, port = VirtualCard.blank(FMCOS, seed=5).channel(), world.port(DESK)
    reply = port.start("personalise", {"citizen_id": citizen}, atr=channel.atr, idempotency_key=str(uuid.uuid4()))
    while not begun(world):
        reply = port.answer(reply.id, reply.step, run_batch(ResponseLink(channel), reply.commands))
    with refused("card_busy"):
        cancel_request(world.store, taken.case_no, "改日再办", by=clerk, now=world.now)
    channel.close()
    world.now += dt.timedelta(minutes=5)
    assert cancel_request(world.store, taken.case_no, "改日再办", by=clerk, now=world.now).state == "cancelled"


def test_a_holder_who_dies_before_the_card_is_collected_leaves_no_application_open(
    world: World, people: dict[str, Staff]
) -> None:
    """The card ends with the death; so does what it was made for, and its photo after its days."""
    clerk, citizen = people["clerk"], world.citizen()
    taken = take(world, clerk, citizen, phone="13800000000")
    made_for(world, citizen)
    report(world, clerk)
    confirm(world, people["supervisor"])
    assert request_of(world.store, taken.case_no)["state"] == "cancelled"
    assert [one["state"] for one in list_notices(world.store)] == ["dropped"]


def test_a_dead_holders_replacement_is_offered_to_nobody(world: World, people: dict[str, Staff]) -> None:
    """Paid for, not made yet: the list of who waits for a blank does not show it; the fee goes back."""
    clerk = people["clerk"]
    world.issue(FMCOS)
    replace(world, clerk, "damaged", readable=False)
    report(world, clerk)
    confirm(world, people["supervisor"])
    assert open_replacements(world.store, "hall") == []


def test_a_card_half_made_for_somebody_who_died_is_not_finished(world: World, people: dict[str, Staff]) -> None:
    """Put on again after the death: refused."""
    clerk, citizen = people["clerk"], world.citizen()
    card = VirtualCard.blank(FMCOS, seed=5)
    card.plan = FaultPlan(tear_after_command=30)
    with pytest.raises(CardGone):
        world.do(card, "personalise", citizen_id=citizen)
    report(world, clerk)
    confirm(world, people["supervisor"])
    card.plan = FaultPlan()
    with pytest.raises(CarriedOut, match="citizen_died"):
        world.do(card, "personalise", citizen_id=citizen)
