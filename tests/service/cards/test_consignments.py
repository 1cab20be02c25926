"""Cards between outlets: packed with a list, counted in, missing and surplus ones owned until they are settled."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import text

from cardsvc.errors import CardsvcError
from cardsvc.service.cards.consigned import explain_surplus, found_here, give_up_missing, take_over
from cardsvc.service.cards.consignment_views import cards_amiss, consignment_of, consignments_at, to_send
from cardsvc.service.cards.consignments import count_in, receive, send_cards
from cardsvc.service.cards.handing_out import Collector, hand_out, handout_of, list_waiting, remind
from cardsvc.service.cards.requests import board, request_of
from cardsvc.service.hall.live import live_hall
from cardsvc.service.loss.hotlist import history
from cardsvc.service.messages.notices import list_notices
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.staff.acts import acts_view
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.desk.busy import Counter
from tests.service.cards.test_card_requests import take
from tests.service.staff.test_staff import PASSWORD, people, refused
from tests.service.stock.blanks import Stock, blank
from tests.world import FAMILIES, World

__all__ = ["people"]
FMCOS = FAMILIES[0]


@pytest.fixture
def outlets(world: World, people: dict[str, Staff]) -> dict[str, Staff]:
    """The hall, which makes cards, and two outlets that make none, each with a clerk; west has a supervisor."""
    for name in ("west", "east"):
        add_outlet(world.store, name, f"{name}网点", world.now)
    jobs = {"west": ("clerk", "west"), "east": ("clerk", "east"), "chief": ("supervisor", "west")}
    hired = {
        who: add_staff(world.store, NewStaff(who, who, role, outlet), PASSWORD, world.now, by=people["admin"])
        for who, (role, outlet) in jobs.items()
    }
    register_terminal(world.store, "ws-1", "", "310000000011", "aa" * 32, "workstation", world.now, outlet_id="hall")
    return {**people, **hired, "hall": people["clerk"]}


def made_for(world: World, outlets: dict[str, Staff], number: int, **given: Any) -> str:
    """A card that was applied for in the west, made at the hall's workstation: its number."""
    take(world, outlets["west"], world.citizen(number), **given)
    return made(world, outlets, number)


def made(world: World, outlets: dict[str, Staff], number: int) -> str:
    """The next card of a person, made at the hall's workstation: its number."""
    card = VirtualCard.blank(FMCOS, seed=40 + number + world.now.hour)
    Counter(world, "ws-1", outlets["clerk"]).do(card, "personalise", citizen_id=world.citizen(number))
    return world.card_no_of(card)


def send(world: World, by: Staff, *cards: str, to: str = "west", bag: str = "F-1") -> str:
    """A bag leaves: the number of its list."""
    return send_cards(world.store, world.engine.rules, to, cards, bag, by=by, now=world.now).consignment_id


def arrives(world: World, by: Staff, card_no: str, bag: str | None = None) -> str:
    """A card is counted in."""
    return count_in(world.store, world.engine.rules, card_no, by=by, now=world.now, consignment_id=bag)


def counted(world: World, by: Staff, bag: str, *, all_there: bool = False) -> dict[str, Any]:
    """The bag is counted: its list by card."""
    receive(world.store, world.engine.rules, bag, all_there=all_there, by=by, now=world.now)
    return cards_of(world, bag)


def cards_of(world: World, bag: str) -> dict[str, Any]:
    """The state and the owner of each card of a bag."""
    found = consignment_of(world.store, bag, world.now)["cards"]
    return {one["card_no"]: (one["state"], one["owner"]) for one in found}


def waiting(world: World, outlet: str) -> list[str]:
    """The cards that can be handed out at an outlet."""
    return [one["card_no"] for one in list_waiting(world.store, world.engine.rules, outlet, world.now)]


def messages(world: World) -> list[str]:
    """What waits to be sent to citizens."""
    return [one["zh"] for one in list_notices(world.store) if one["state"] == "waiting"]


def give(world: World, by: Staff, card_no: str, reason: str | None = None) -> dict[str, Any]:
    """Hand a card to its holder."""
    collector = Collector(compared=True, early_reason=reason)
    return hand_out(world.store, world.engine.rules, card_no, collector, by=by, now=world.now)


def test_a_card_is_ready_only_when_it_lies_where_it_is_collected(world: World, outlets: dict[str, Staff]) -> None:
    """Made in the hall for the west: neither handed out, nor told, nor called uncollected before it arrived there."""
    card_no = made_for(world, outlets, 1, phone="13800000000")
    assert (messages(world), waiting(world, "west"), waiting(world, "hall")) == ([], [], [])
    (there,) = to_send(world.store, "hall")
    assert (there["outlet_id"], [one["card_no"] for one in there["cards"]]) == ("west", [card_no])
    with refused("handout_not_arrived"):
        give(world, outlets["west"], card_no)
    bag = send(world, outlets["hall"], card_no)
    assert (to_send(world.store, "hall"), messages(world)) == ([], [])
    world.now += dt.timedelta(days=30)
    assert remind(world.store, world.engine.rules, "west", by=outlets["west"], now=world.now)["told"] == []
    with refused("handout_not_arrived"):
        give(world, outlets["west"], card_no)
    assert arrives(world, outlets["west"], card_no, bag) == "arrived"
    assert arrives(world, outlets["west"], card_no, bag) == "arrived", "counted twice is counted once"
    (told,) = messages(world)
    assert "到west网点领取" in told
    assert counted(world, outlets["west"], bag) == {card_no: ("arrived", None)}
    assert waiting(world, "west") == [card_no]
    assert remind(world.store, world.engine.rules, "west", by=outlets["west"], now=world.now)["told"] == [], "since it came"
    assert give(world, outlets["west"], card_no)["early_reason"] is None
    assert {act["act"] for act in acts_view(world.store, subject=bag)} == {"cards_send", "cards_receive"}


def test_the_promise_is_kept_by_the_arrival(world: World, outlets: dict[str, Staff]) -> None:
    """The outlet's board and its hall show a made card as promised until it is there, and as late after its time."""
    card_no = made_for(world, outlets, 1)

    def promised() -> tuple[int, int]:
        rows = live_hall(world.store, world.engine.rules, "west", world.now)["promised"]
        return next((row["open"], row["late"]) for row in rows if row["what"] == "arrival")

    (row,) = board(world.store, world.engine.rules, "west", world.now).expected
    assert (row["card_no"], row["state"], row["lies_at"], row["late"]) == (card_no, "to_send", "市民之家", False)
    assert promised() == (1, 0)
    bag = send(world, outlets["hall"], card_no)
    world.now += dt.timedelta(days=8)
    (row,) = board(world.store, world.engine.rules, "west", world.now).expected
    assert (row["state"], row["consignment"], row["late"]) == ("sent", bag, True)
    assert promised() == (1, 1)
    (listed,) = consignments_at(world.store, "west", world.now)
    assert (listed["late"], listed["due_on"]) == (True, "2026-11-25"), "the next open day"
    counted(world, outlets["west"], bag, all_there=True)
    assert (board(world.store, world.engine.rules, "west", world.now).expected, promised()) == ((), (0, 0))


def test_a_missing_and_a_surplus_card_are_owned_until_they_are_settled(world: World, outlets: dict[str, Staff]) -> None:
    """The bag lacks one of its list and has one of another outlet: who sent it and who opened it see to them."""
    take(world, outlets["east"], world.citizen(3))
    first, second, stray = made_for(world, outlets, 1), made_for(world, outlets, 2), made(world, outlets, 3)
    bag = send(world, outlets["hall"], first, second)
    assert arrives(world, outlets["west"], first, bag) == "arrived"
    assert arrives(world, outlets["west"], stray, bag) == "elsewhere"
    cards = counted(world, outlets["west"], bag)
    assert cards == {first: ("arrived", None), second: ("missing", "clerk"), stray: ("surplus", "west")}
    assert [(one["card_no"], one["due_on"]) for one in cards_amiss(world.store, "hall", world.now)] == [
        (second, "2026-11-27"),
        (stray, "2026-11-27"),
    ]
    assert waiting(world, "west") == [first]
    with refused("consignment_other_outlet"):
        take_over(world.store, bag, second, by=outlets["east"], now=world.now)
    assert take_over(world.store, bag, second, by=outlets["west"], now=world.now).owner == "west"
    with refused("reason_missing"):
        explain_surplus(world.store, bag, stray, " ", by=outlets["west"], now=world.now)
    explain_surplus(world.store, bag, stray, "装错袋，转东网点", by=outlets["west"], now=world.now)
    assert [one["outlet_id"] for one in to_send(world.store, "west")] == ["east"]
    assert found_here(world.store, world.engine.rules, bag, second, by=outlets["west"], now=world.now) == "arrived"
    assert cards_amiss(world.store, None, world.now) == []
    assert waiting(world, "west") == [first, second]
    onward = send(world, outlets["west"], stray, to="east", bag="W-1")
    assert counted(world, outlets["east"], onward, all_there=True) == {stray: ("arrived", None)}


def test_a_missing_card_that_never_left_is_sent_again(world: World, outlets: dict[str, Staff]) -> None:
    """It lay beside the bag: the hall finds it, and the next bag has it."""
    card_no = made_for(world, outlets, 1)
    bag = send(world, outlets["hall"], card_no)
    counted(world, outlets["west"], bag)
    assert found_here(world.store, world.engine.rules, bag, card_no, by=outlets["hall"], now=world.now) == "elsewhere"
    assert cards_of(world, bag)[card_no][0] == "elsewhere"
    with refused("consigned_card_moved_on"):
        found_here(world.store, world.engine.rules, bag, card_no, by=outlets["hall"], now=world.now)
    again = send(world, outlets["hall"], card_no, bag="F-2")
    assert counted(world, outlets["west"], again, all_there=True) == {card_no: ("arrived", None)}


def test_a_missing_card_that_is_given_up_is_void_and_made_again(world: World, outlets: dict[str, Staff]) -> None:
    """A supervisor decides; the card is on the hot list, the person waits for another one under the promise that they have."""
    taken = take(world, outlets["west"], world.citizen(), phone="13800000000")
    card_no = made(world, outlets, 1)
    bag = send(world, outlets["hall"], card_no)
    counted(world, outlets["west"], bag)
    with refused("not_permitted"):
        give_up_missing(world.store, bag, card_no, "找不到", by=outlets["west"], now=world.now)
    give_up_missing(world.store, bag, card_no, "找不到", by=outlets["chief"], now=world.now)
    seen = request_of(world.store, taken.case_no)
    assert (seen["state"], seen["card_no"], cards_of(world, bag)[card_no][0]) == ("applied", None, "lost")
    assert [(one["action"], one["changed_by"]) for one in history(world.store, card_no)] == [("add", "chief")]
    world.now += dt.timedelta(hours=1)
    again = made(world, outlets, 1)
    next_bag = send(world, outlets["hall"], again, bag="F-2")
    counted(world, outlets["west"], next_bag, all_there=True)
    assert give(world, outlets["west"], again)["case_no"] == taken.case_no
    assert arrives(world, outlets["west"], card_no) == "given_up"


def test_a_card_that_was_given_up_and_turns_up_is_kept_with_the_void_ones(world: World, outlets: dict[str, Staff]) -> None:
    """Wherever it lies, out of a bag or alone: it counts there among the cards that two people destroy, once."""
    keeper = add_staff(world.store, NewStaff("keeper", "k", "stock_keeper", "hall"), PASSWORD, world.now, by=outlets["admin"])
    stock = Stock(world, {"stock_keeper": keeper})
    stock.deliver()
    stock.hand(10)
    take(world, outlets["west"], world.citizen(1))
    Counter(world, "ws-1", outlets["clerk"]).do(blank(1), "personalise", citizen_id=world.citizen(1))
    (card_no,) = (card["card_no"] for place in to_send(world.store, "hall") for card in place["cards"])
    bag = send(world, outlets["hall"], card_no)
    counted(world, outlets["west"], bag)
    give_up_missing(world.store, bag, card_no, "找不到", by=outlets["chief"], now=world.now)
    assert "void:east" not in stock.holds()
    handout = handout_of(world.store, card_no)
    assert handout is not None
    assert (handout["waiting"], handout["given_up"]) == (False, True)
    assert arrives(world, outlets["east"], card_no) == "given_up"
    assert arrives(world, outlets["east"], card_no) == "given_up", "counted twice is counted once"
    assert stock.holds()["void:east"] == 1
    newest = acts_view(world.store, subject=card_no)[0]
    assert (newest["act"], newest["changes"]) == ("card_found", {"outlet_id": "east"})
    handout = handout_of(world.store, card_no)
    assert handout is not None
    assert (handout["waiting"], handout["given_up"]) == (False, False)
    assert cards_of(world, bag)[card_no][0] == "lost"


def test_a_card_with_applications_is_not_given_up_so(world: World, outlets: dict[str, Staff]) -> None:
    """Whatever is on it has to be settled first: its holder reports it lost."""
    take(world, outlets["west"], world.citizen())
    card = VirtualCard.blank(FMCOS, seed=41)
    desk = Counter(world, "ws-1", outlets["clerk"])
    desk.do(card, "personalise", citizen_id=world.citizen())
    desk.do(card, "open", application="bus", product="T")
    card_no = world.card_no_of(card)
    bag = send(world, outlets["hall"], card_no)
    counted(world, outlets["west"], bag)
    with refused("face_card_used"):
        give_up_missing(world.store, bag, card_no, "找不到", by=outlets["chief"], now=world.now)
    assert cards_of(world, bag)[card_no][0] == "missing"


def test_a_card_may_be_given_early_for_a_stated_reason(world: World, outlets: dict[str, Staff]) -> None:
    """Its holder comes to the hall for it: nobody waits for it in a bag then, and the reason stands with who did it."""
    card_no = made_for(world, outlets, 1)
    given = give(world, outlets["hall"], card_no, "持卡人到制卡的营业厅取")
    assert (given["early_reason"], given["state"], to_send(world.store, "hall")) == ("持卡人到制卡的营业厅取", "handed", [])
    other = made_for(world, outlets, 2)
    bag = send(world, outlets["hall"], other)
    give(world, outlets["west"], other, "袋子在手，还没点")
    assert counted(world, outlets["west"], bag) == {other: ("arrived", None)}
    assert [act["act"] for act in acts_view(world.store, subject=other)] == ["handout_early"]


def test_what_cannot_be_sent_or_received(world: World, outlets: dict[str, Staff]) -> None:
    """Not what lies elsewhere or goes elsewhere, not twice, not without a bag; nobody receives for another outlet, or twice."""
    card_no, here = made_for(world, outlets, 1), made(world, outlets, 2)
    for cards, to in ((("3100010199999999",), "west"), ((card_no,), "east"), ((here,), "west"), ((card_no, here), "west")):
        with pytest.raises(CardsvcError, match=r"^(card_unknown|consignment_card_not_here) "):
            send(world, outlets["hall"], *cards, to=to)
    with refused("consignment_empty"):
        send(world, outlets["hall"])
    with refused("consignment_bag_wrong"):
        send(world, outlets["hall"], card_no, bag=" ")
    with refused("consignment_card_not_here"):
        send(world, outlets["east"], card_no)
    bag = send(world, outlets["hall"], card_no)
    with refused("consignment_card_not_here"):
        send(world, outlets["hall"], card_no, bag="F-2")
    third = made_for(world, outlets, 3)
    with refused("consignment_bag_used"):
        send(world, outlets["hall"], third)
    with refused("consignment_other_outlet"):
        counted(world, outlets["east"], bag)
    with refused("not_permitted"):
        counted(world, outlets["auditor"], bag)
    counted(world, outlets["west"], bag)
    with refused("consignment_received"):
        counted(world, outlets["west"], bag)
    with refused("consignment_unknown"):
        counted(world, outlets["west"], "SK20260101-0001")
    send(world, outlets["hall"], third)


def test_a_card_that_is_reported_lost_on_its_way_arrives_and_is_not_given(world: World, outlets: dict[str, Staff]) -> None:
    """A card that its holder cancelled or that was replaced meanwhile is counted with the rest of its bag, and stays there."""
    from tests.service.cards.test_renewal import replace

    card_no = made_for(world, outlets, 1)
    bag = send(world, outlets["hall"], card_no)
    replace(world, outlets["clerk"], "damaged", readable=False, card_no=card_no)
    assert counted(world, outlets["west"], bag, all_there=True) == {card_no: ("arrived", None)}
    assert waiting(world, "west") == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE handout SET state = 'sent', ready_at = NULL",
        "UPDATE handout SET state = 'to_send', lies_at = 'hall'",
        "UPDATE consignment SET state = 'sent', received_at = NULL, received_by = NULL",
        "UPDATE consigned_card SET state = 'missing', owner = 'clerk'",
        "UPDATE consigned_card SET state = 'surplus', owner = NULL",
    ],
)
def test_the_database_itself_keeps_the_states(world: World, outlets: dict[str, Staff], statement: str) -> None:
    """Whatever program writes: an arrived card does not travel again, a missing one has an owner."""
    bag = send(world, outlets["hall"], made_for(world, outlets, 1))
    counted(world, outlets["west"], bag, all_there=True)
    with refused("store_refused"), world.store.begin() as uow:
        uow._connection.execute(text(statement))
