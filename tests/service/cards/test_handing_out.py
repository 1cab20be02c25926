"""Every made card is handed out: to whom the rules allow, with who took it; those that nobody collects are told again."""

import datetime as dt

import pytest

from cardsvc.service.cards.cancelling import cancel_card
from cardsvc.service.cards.handing_out import (
    Collector,
    hand_out,
    handout_of,
    list_waiting,
    remind,
    told_otherwise,
    waiting_of,
)
from cardsvc.service.cards.requests import cancel_request, request_of
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.messages.notices import list_notices
from cardsvc.service.staff.acts import acts_view
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.service.cards.test_card_requests import PARENT, child, take
from tests.service.cards.test_deaths import confirm, report
from tests.service.cards.test_renewal import replace
from tests.service.purse.test_areas import CARD
from tests.service.rights.rights_people import said, take_in
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, World

__all__ = ["people"]
HOLDER = Collector(compared=True)
FMCOS = FAMILIES[0]


def made_for(world: World, citizen: str, seed: int = 50) -> str:
    """A card for a person: its number."""
    return str(world.do(VirtualCard.blank(FMCOS, seed=seed), "personalise", citizen_id=citizen)["card_no"])


def waiting(world: World, outlet: str | None = "hall") -> list[str]:
    """The numbers of the cards that wait."""
    return [one["card_no"] for one in list_waiting(world.store, world.engine.rules, outlet, world.now)]


def give(world: World, by: Staff, card_no: str, collector: Collector = HOLDER) -> dict[str, object]:
    """Hand a card out now."""
    return hand_out(world.store, world.engine.rules, card_no, collector, by=by, now=world.now)


def test_a_replacement_is_handed_out_once_with_who_took_it(world: World, people: dict[str, Staff]) -> None:
    """It waits like any other card; nobody takes it without a look at document and face, and nobody twice."""
    clerk = people["clerk"]
    old = world.issue(FMCOS)
    give(world, clerk, CARD)
    replace(world, clerk, "damaged")
    while world.do(old, "transfer_out")["left"]:
        pass
    card_no = made_for(world, world.citizen())
    assert [(one["card_no"], one["replaces"]) for one in waiting_of(world.store, world.citizen())] == [(card_no, CARD)]
    with refused("identity_not_compared"):
        give(world, clerk, card_no, Collector())
    with refused("not_permitted"):
        give(world, people["auditor"], card_no)
    given = give(world, clerk, card_no)
    assert (given["collector"], given["comer"], given["handed_by"], given["rules"]) == (
        "holder",
        None,
        "clerk",
        "person-collect",
    )
    assert waiting(world) == []
    with refused("handout_not_waiting"):
        give(world, clerk, card_no)


def test_a_childs_card_goes_to_a_parent_who_is_named(world: World, people: dict[str, Staff]) -> None:
    """Under sixteen: nobody else; the number is kept, and shown with the middle left out."""
    clerk, young = people["clerk"], child(world, dt.date(2015, 3, 1))
    card_no = made_for(world, young)
    with refused("rule_parent_needed"):
        give(world, clerk, card_no)
    with refused("comer_unknown"):
        give(world, clerk, card_no, Collector(came="parent", compared=True))
    given = give(world, clerk, card_no, Collector(came="parent", compared=True, **PARENT))
    assert given["comer"] == {"name": "测试父", "id_number": "330*************" + PARENT["comer_id_number"][-2:]}
    with world.store.read() as uow:
        row = uow.handouts.get(card_no)
    assert row is not None
    assert (row.comer_id_number, PARENT["comer_id_number"] in repr(row)) == (PARENT["comer_id_number"], False)


def test_a_childs_parents_are_told_that_they_come_for_the_card(world: World, people: dict[str, Staff]) -> None:
    """The message says who must come, as the rule does."""
    young = child(world, dt.date(2015, 3, 1))
    take(world, people["clerk"], young, phone="13800000000", came="parent", **PARENT)
    made_for(world, young)
    (told,) = list_notices(world.store)
    assert (told["to_name"], "请父母带双方证件原件到市民之家领取" in told["zh"]) == ("测试父", True)


def test_only_the_friend_that_was_named_collects_for_somebody(world: World, people: dict[str, Staff]) -> None:
    """The friend of a pre-application, with both originals; any other agent is refused, whatever they bring."""
    clerk, citizen = people["clerk"], world.citizen()
    friend = {"friend_name": "测试友", "friend_phone": "13800000001", "friend_consent": True}
    take_in(world, clerk, said(1))
    take(world, clerk, citizen, pre=True, **friend)
    card_no = made_for(world, citizen)
    number = PARENT["comer_id_number"]
    someone = Collector(came="agent", comer_name="测试父", comer_id_number=number, agent_papers=True, compared=True)
    with refused("rule_in_person"):
        give(world, clerk, card_no, someone)
    named = someone.model_copy(update={"comer_name": "测试友"})
    with refused("rule_agent_papers"):
        give(world, clerk, card_no, named.model_copy(update={"agent_papers": False}))
    assert give(world, clerk, card_no, named)["comer"]["name"] == "测试友"  # type: ignore[index]


def test_uncollected_cards_are_listed_and_their_holders_told_again_as_often_as_the_rule_says(
    world: World, people: dict[str, Staff]
) -> None:
    """After a week, then every thirty days, three times; who left no phone is told otherwise. Again at once tells nobody."""
    clerk, begin = people["clerk"], world.now
    take(world, clerk, world.citizen(), phone="13800000000")
    with_phone, without = made_for(world, world.citizen()), made_for(world, world.citizen(2), 51)
    assert waiting(world) == [with_phone, without]
    assert waiting(world, None) == [with_phone, without]

    def told() -> dict[str, object]:
        return remind(world.store, world.engine.rules, "hall", by=clerk, now=world.now)

    nothing: dict[str, object] = {"told": [], "no_phone": []}
    assert told() == nothing
    world.now = begin + dt.timedelta(days=7)
    assert [one["uncollected"] for one in list_waiting(world.store, world.engine.rules, "hall", world.now)] == [True, True]
    assert told() == {"told": [with_phone], "no_phone": [without]}
    newest, first = list_notices(world.store)
    assert ("还没有领取" in newest["zh"], first["state"]) == (True, "dropped"), "one message is enough"
    told_otherwise(world.store, without, by=clerk, now=world.now)
    assert told() == nothing
    for days in (37, 67, 97, 400):
        world.now = begin + dt.timedelta(days=days)
        told()
    with world.store.read() as uow:
        assert uow.handouts.get(with_phone).reminders == 3  # type: ignore[union-attr]
    assert [act["act"] for act in acts_view(world.store, subject=with_phone)] == ["handout_remind"] * 3
    give(world, clerk, with_phone)
    with refused("handout_not_waiting"):
        told_otherwise(world.store, with_phone, by=clerk, now=world.now)


def remind_in_a_week(world: World, by: Staff) -> dict[str, object]:
    """A week later, whoever is due is told."""
    world.now += dt.timedelta(days=7)
    return remind(world.store, world.engine.rules, "hall", by=by, now=world.now)


def test_a_replacement_is_told_again_by_the_phone_that_its_holder_left_before(world: World, people: dict[str, Staff]) -> None:
    """The application was for the first card, and is over; its friend hears of that card alone."""
    clerk, citizen = people["clerk"], world.citizen()
    friend = {"friend_name": "测试友", "friend_phone": "13800000001", "friend_consent": True}
    take_in(world, clerk, said(1))
    take(world, clerk, citizen, phone="13800000000", pre=True, **friend)
    give(world, clerk, made_for(world, citizen))
    replace(world, clerk, "damaged", readable=False)
    new = made_for(world, citizen, 51)
    assert [one["phone"] for one in list_waiting(world.store, world.engine.rules, "hall", world.now)] == ["13800000000"]
    assert remind_in_a_week(world, clerk) == {"told": [new], "no_phone": []}
    (told,) = [one for one in list_notices(world.store) if one["state"] == "waiting"]
    assert (told["to_name"], told["phone"], f"尾号 {new[-4:]}" in told["zh"]) == ("测试一", "138******00", True)
    give(world, clerk, new)
    assert [one["state"] for one in list_notices(world.store) if one["state"] == "waiting"] == []


def test_a_phone_that_is_left_at_a_replacement_hears_of_the_new_card(world: World, people: dict[str, Staff]) -> None:
    """Told that it is ready, and again while nobody comes; it counts before the phone of an older application."""
    clerk, citizen = people["clerk"], world.citizen()
    take(world, clerk, citizen, phone="13800000000")
    give(world, clerk, made_for(world, citizen))
    replace(world, clerk, "damaged", readable=False, phone="13900000009")
    new = made_for(world, citizen, 51)
    assert [one["phone"] for one in list_waiting(world.store, world.engine.rules, "hall", world.now)] == ["13900000009"]
    (told,) = [one for one in list_notices(world.store) if one["state"] == "waiting"]
    assert (told["to_name"], told["phone"], told["case_no"], told["card_no"]) == ("测试一", "139******09", None, new)
    assert f"尾号 {new[-4:]}" in told["zh"]
    assert remind_in_a_week(world, clerk) == {"told": [new], "no_phone": []}
    waiting_now = [one for one in list_notices(world.store) if one["state"] == "waiting"]
    assert ["还没有领取" in one["zh"] for one in waiting_now] == [True], "one message is enough"
    give(world, clerk, new)
    assert [one for one in list_notices(world.store) if one["state"] == "waiting"] == []
    replace(world, clerk, "damaged", readable=False, card_no=new)
    third = made_for(world, citizen, 52)
    assert [one["phone"] for one in list_waiting(world.store, world.engine.rules, "hall", world.now)] == ["13900000009"]
    assert [one for one in list_notices(world.store) if one["state"] == "waiting"] == [], "nobody left one for this card"
    assert remind_in_a_week(world, clerk) == {"told": [third], "no_phone": []}


def test_a_card_that_is_cancelled_takes_its_message_along(world: World, people: dict[str, Staff]) -> None:
    """What was queued for the phone of a replacement is true no longer."""
    clerk, citizen = people["clerk"], world.citizen()
    give(world, clerk, made_for(world, citizen))
    replace(world, clerk, "damaged", readable=False, phone="13900000009")
    cancel_card(world.store, made_for(world, citizen, 51), "returned", "身份证", by=clerk, now=world.now)
    assert [one["state"] for one in list_notices(world.store)] == ["dropped"]


def test_an_agents_phone_and_that_of_a_withdrawn_application_are_for_nothing_else(
    world: World, people: dict[str, Staff]
) -> None:
    """Their holders are told otherwise."""
    clerk = people["clerk"]
    take(world, clerk, world.citizen(), phone="13800000000", came="agent", agent_papers=True, **PARENT)
    give(world, clerk, made_for(world, world.citizen()))
    replace(world, clerk, "damaged", readable=False)
    withdrawn = take(world, clerk, world.citizen(2), phone="13800000002")
    cancel_request(world.store, withdrawn.case_no, "改日再办", by=clerk, now=world.now)
    cards = [made_for(world, world.citizen(), 51), made_for(world, world.citizen(2), 52)]
    assert remind_in_a_week(world, clerk) == {"told": [], "no_phone": cards}


def test_nobody_is_told_to_collect_a_card_that_is_not_given(world: World, people: dict[str, Staff]) -> None:
    """Its holder reported it lost, or has died."""
    clerk, chief = people["clerk"], people["supervisor"]
    for number in (1, 2, 3):
        take(world, clerk, world.citizen(number), phone="13800000000")
    lost, dead, well = (made_for(world, world.citizen(number), 49 + number) for number in (1, 2, 3))
    report_loss(world.store, world.engine.rules, lost, "formal", by=clerk, now=world.now)
    report(world, clerk, citizen_id=world.citizen(2), here=(dead,))
    confirm(world, chief)
    assert remind_in_a_week(world, clerk) == {"told": [well], "no_phone": []}


@pytest.mark.parametrize("ending", ["replaced", "spoiled by a loss"])
def test_a_card_that_ended_before_it_was_collected_is_not_handed_out(
    world: World, people: dict[str, Staff], ending: str
) -> None:
    """It is on no list any more, and whoever has its page open is refused."""
    clerk = people["clerk"]
    world.issue(FMCOS)
    if ending == "replaced":
        replace(world, clerk, "damaged", readable=False)
        code = "card_not_issued"
    else:
        report_loss(world.store, world.engine.rules, CARD, "formal", by=clerk, now=world.now)
        code = "card_hot_listed"
    with refused(code):
        give(world, clerk, CARD)
    seen = handout_of(world.store, CARD)
    assert seen is not None
    assert (seen["handed_at"], CARD in waiting(world)) == (None, ending != "replaced")


def test_a_card_that_is_cancelled_before_anybody_took_it_ends_its_application(world: World, people: dict[str, Staff]) -> None:
    """The person may apply again at once; before, they were told of an application that nobody could finish."""
    clerk, citizen = people["clerk"], world.citizen()
    taken = take(world, clerk, citizen, phone="13800000000")
    card_no = made_for(world, citizen)
    cancel_card(world.store, card_no, "returned", "身份证", by=clerk, now=world.now)
    seen = request_of(world.store, taken.case_no)
    assert (seen["state"], seen["card_no"], list_notices(world.store)[0]["state"]) == ("cancelled", None, "dropped")
    assert take(world, clerk, citizen).state == "applied"


def test_an_application_whose_card_was_replaced_before_anybody_took_it_goes_on_with_the_new_one(
    world: World, people: dict[str, Staff]
) -> None:
    """It waits for the new card to be taken, and is over then."""
    clerk, citizen = people["clerk"], world.citizen()
    taken = take(world, clerk, citizen)
    made_for(world, citizen)
    replace(world, clerk, "fault", readable=False)
    new = made_for(world, citizen, 51)
    assert (request_of(world.store, taken.case_no)["card_no"], waiting(world)) == (new, [new])
    give(world, clerk, new)
    assert request_of(world.store, taken.case_no)["state"] == "handed"
