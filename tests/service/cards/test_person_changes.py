"""Names and document data that change: two people, the record first, then the card; nothing while a job runs."""

from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.person_changes import PersonChange, change_person, changes_of, to_follow
from cardsvc.service.cards.views import card_view
from cardsvc.service.desk.offers import offers
from cardsvc.service.desk.work_place import CardOnDesk
from cardsvc.service.people.register import CitizenData, register_citizen
from cardsvc.service.staff.approvals import approve, open_approvals, reject
from cardsvc.store.records import CitizenChange, Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.wire import OperationState
from tests.service.cards.test_renewal import replace
from tests.service.purse.test_areas import CARD
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, ISSUABLE, World, person

__all__ = ["people"]
FMCOS = FAMILIES[0]


def ask(world: World, by: Staff, number: int = 1, **fields: Any) -> CitizenChange:
    """Ask for a change of the first person."""
    change = PersonChange(citizen_id=world.citizen(number), proof="新身份证", **fields)
    return change_person(world.store, world.engine.rules, change, by=by, now=world.now)


def agree(world: World, by: Staff) -> Any:
    """Agree to what waits."""
    (waiting,) = open_approvals(world.store)
    return approve(world.store, APPROVALS, waiting["approval_id"], by=by, now=world.now)


def record(world: World) -> Any:
    """The first person as the record has them."""
    with world.store.read() as uow:
        return uow.citizens.get(world_citizen(world))


def world_citizen(world: World) -> str:
    """The first person's id, found by their card."""
    with world.store.read() as uow:
        card = uow.cards.get(CARD)
    assert card is not None
    return card.citizen_id


def follows(world: World, card_no: str = CARD) -> str | None:
    """What is still to be done with a card."""
    with world.store.read() as uow:
        card = uow.cards.get(card_no)
        assert card is not None
        return to_follow(uow, card)


@pytest.mark.parametrize("family", ISSUABLE)
def test_a_field_of_the_chip_is_corrected_and_written_in_place(world: World, people: dict[str, Staff], family: str) -> None:
    """Nothing changes before the second person; then the record; then a repair writes the card, which is healthy again."""
    card = world.issue(family)
    row = ask(world, people["clerk"], ethnic_group=5)
    assert (row.applied_at, record(world).ethnic_group, follows(world)) == (None, 1, None)
    with refused("approval_own"):
        agree(world, people["clerk"])
    agree(world, people["supervisor"])
    assert (record(world).ethnic_group, follows(world)) == (5, "rewrite")
    report = world.do(card, "diagnose")
    assert [finding["code"] for finding in report["findings"]] == ["holder_differs"]
    world.now = world.now.replace(minute=5)
    assert world.do(card, "repair")["healthy"]
    assert follows(world) is None
    assert changes_of(world.store, world_citizen(world))[0]["cards"] == []


def test_the_desk_offers_what_a_change_asks_for_though_the_quick_look_reads_no_holder(
    world: World, people: dict[str, Staff]
) -> None:
    """Nothing before it is in force; then the repair that writes the chip, once."""
    card = world.issue(FMCOS)
    ask(world, people["clerk"], sex=2)

    def offered() -> list[tuple[str, list[str]]]:
        look, report = world.do(card, "inspect"), world.do(card, "diagnose", quick=True)
        seen = CardOnDesk("r", "c", card.atr.hex(), look, None, report, card_view(world.store, CARD), None, None, None)
        found = offers(world.engine, seen, by=people["clerk"])
        return [(one.kind, [choice.value for choice in one.choices]) for one in found if one.kind == "repair"]

    assert offered() == []
    agree(world, people["supervisor"])
    assert offered() == [("repair", ["rewrite_file:holder"])]
    world.now = world.now.replace(minute=5)
    assert world.do(card, "repair")["healthy"]
    assert offered() == []


def test_a_name_means_a_new_card_because_it_stands_on_the_face(world: World, people: dict[str, Staff]) -> None:
    """The record has the new name; the card is replaced for its fee, and the new one carries the name."""
    world.issue(FMCOS)
    ask(world, people["clerk"], name="测试改")
    agree(world, people["second"])
    assert follows(world) == "replace"
    replace(world, people["clerk"], "changed", readable=False)
    assert world.balances()["fee:replace"] == -1500
    world.now = world.now.replace(minute=5)
    citizen_id, card = world_citizen(world), VirtualCard.blank(FMCOS, seed=9)
    world.do(card, "personalise", citizen_id=citizen_id)
    number = world.card_no_of(card)
    assert follows(world, number) is None
    assert world.do(card, "diagnose")["healthy"]


def test_what_makes_no_sense_is_refused_and_nothing_is_asked(world: World, people: dict[str, Staff]) -> None:
    """The same again, somebody else's number, a name that no card takes, a wrong check digit, the wrong person, twice."""
    clerk = people["clerk"]
    world.issue(FMCOS)
    other = register_citizen(world.store, person(2), world.now)
    for code, fields in (
        ("change_nothing", {"name": "测试一"}),
        ("citizen_number_taken", {"id_number": other.id_number}),
        ("citizen_field_wrong", {"name": "\U00020000"}),
        ("citizen_field_wrong", {"id_number": other.id_number[:17] + ("0" if other.id_number[17] != "0" else "1")}),
        ("citizen_field_wrong", {"ethnic_group": 90}),
    ):
        with refused(code):
            ask(world, clerk, **fields)
    with refused("not_permitted"):
        ask(world, people["auditor"], sex=2)
    assert open_approvals(world.store) == []
    ask(world, clerk, sex=2)
    with refused("approval_open"):
        ask(world, clerk, sex=2, name="测试改")
    (waiting,) = open_approvals(world.store)
    reject(world.store, APPROVALS, waiting["approval_id"], "证件不清", by=people["supervisor"], now=world.now)
    assert [change["applied_at"] for change in changes_of(world.store, world_citizen(world))] == [None]
    assert record(world).sex == 1


def test_a_number_that_was_given_away_meanwhile_is_not_taken(world: World, people: dict[str, Staff]) -> None:
    """Between the two people somebody else registers with it: the second is told, and nothing has changed."""
    world.issue(FMCOS)
    fresh = person(3)
    ask(world, people["clerk"], id_number=fresh.id_number)
    register_citizen(world.store, CitizenData.model_validate(fresh.model_dump()), world.now)
    with refused("citizen_number_taken"):
        agree(world, people["supervisor"])
    assert record(world).id_number == person(1).id_number


def test_no_record_changes_under_a_job_that_runs(world: World, people: dict[str, Staff]) -> None:
    """A job makes its commands again from the record: it must stay as it was until the job has ended."""
    card, port = world.issue(FMCOS), world.port()
    ask(world, people["clerk"], sex=2)
    channel = ResponseLink(card.channel())
    begun = port.start("diagnose", {}, atr=card.atr, idempotency_key="under way")
    bound = port.answer(begun.id, begun.step, run_batch(channel, begun.commands))
    assert bound.state is OperationState.CARD
    with refused("card_busy"):
        agree(world, people["supervisor"])
    port.abandon(bound.id, bound.step, (), "card_gone")
    channel.close()
    agree(world, people["supervisor"])
    assert record(world).sex == 2


def test_a_card_that_is_begun_is_finished_with_the_record_as_it_is_then(world: World, people: dict[str, Staff]) -> None:
    """Pulled half-way, then the name changes: the finished card carries the new one."""
    card = VirtualCard.blank(FMCOS, seed=1)
    card.plan = FaultPlan(tear_after_write=20)
    with pytest.raises(CardGone):
        world.do(card, "personalise", citizen_id=world.citizen())
    ask(world, people["clerk"], sex=2)
    agree(world, people["supervisor"])
    world.do(card, "personalise", citizen_id=world.citizen())
    assert world.do(card, "diagnose")["healthy"]
