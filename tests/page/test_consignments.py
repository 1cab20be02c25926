"""Cards between outlets by keys alone: a bag is sent with its list, another is counted in, a card is missing."""

import pytest
from playwright.sync_api import expect

from cardsvc.service.cards.consignment_views import consignments_at
from cardsvc.service.cards.consignments import send_cards
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.desk.busy import Counter
from tests.page.conftest import PASSWORD, Desk, axe_finds
from tests.page.test_manage_pages import person
from tests.service.cards.test_card_requests import take


def west(desk: Desk) -> Staff:
    """Another outlet, its clerk, and a workstation at each outlet on which this process makes cards."""
    world = desk.world
    with world.store.read() as uow:
        admin = person(uow.staff.get("admin"))
    add_outlet(world.store, "west", "城西网点", world.now)
    found = add_staff(world.store, NewStaff("wes", "演示西", "clerk", "west"), PASSWORD, world.now, by=admin)
    for station, number, outlet in (("ws-h", "16", "hall"), ("ws-w", "17", "west")):
        register_terminal(
            world.store, station, "", f"3100000000{number}", number * 32, "workstation", world.now, outlet_id=outlet
        )
    return found


def made_for(desk: Desk, number: int, applied: Staff, station: str, maker: Staff) -> str:
    """A card that was applied for at one outlet and made at another: its number."""
    world, card = desk.world, VirtualCard.blank("fudan-fmcos2", seed=60 + number)
    citizen = world.citizen(number)
    take(world, applied, citizen, phone="13800000000")
    Counter(world, station, maker).do(card, "personalise", citizen_id=citizen)
    return world.card_no_of(card)


@pytest.fixture
def busy(desk: Desk) -> tuple[list[str], list[str]]:
    """Two cards that lie here for the west, and three that come from there in a bag: their numbers."""
    world, other = desk.world, west(desk)
    with world.store.read() as uow:
        clerk = person(uow.staff.get("clerk"))
    going = [made_for(desk, number, other, "ws-h", clerk) for number in (1, 2)]
    coming = [made_for(desk, number, clerk, "ws-w", other) for number in (3, 4, 5)]
    send_cards(world.store, world.engine.rules, "hall", coming, "W-1", by=other, now=world.now)
    desk.sign_in()
    return going, coming


def looks_right(desk: Desk, name: str) -> None:
    """A picture is kept, and axe finds nothing."""
    desk.picture(name)
    assert axe_finds(desk.page) == []


def test_a_bag_is_packed_and_sent_with_its_list(desk: Desk, busy: tuple[list[str], list[str]]) -> None:
    """B C G, the seal's number, Enter: its list is there to be printed."""
    with desk.flow("送一袋卡"):
        desk.press("b")
        desk.sees("在别处做好、还没送到 3")
        looks_right(desk, "requests-expected")
        desk.press("c")
        desk.sees("送到 城西网点：待送 2")
        looks_right(desk, "consignments")
        desk.press("g")
        desk.type("H-1")
        desk.press("Enter")
    desk.sees("清单 2 张")
    looks_right(desk, "consignment-sent")
    (sent, _) = consignments_at(desk.world.store, "west", desk.world.now)
    assert (sent["bag"], sent["counts"]["listed"]) == ("H-1", 2)
    for number in busy[0]:
        desk.sees(f"{number[:4]} {number[4:8]} {number[8:12]} {number[12:]}")


def test_a_bag_is_counted_card_by_card_and_one_that_is_missing_turns_up(desk: Desk, busy: tuple[list[str], list[str]]) -> None:
    """Scanned one after the other; E ends it. The missing one is counted in from its own page, and given to its holder."""
    coming = busy[1]
    desk.press("b")
    desk.sees("送卡、收卡")
    desk.press("c")
    desk.sees("要收的袋 1")
    desk.press("1")
    desk.sees("还没点到 3")
    for left, number in ((2, coming[0]), (1, coming[1])):
        desk.type(number)
        desk.press("Enter")
        desk.sees(f"还没点到 {left}")
    looks_right(desk, "consignment-counting")
    desk.press("e")
    desk.sees("已点收")
    looks_right(desk, "consignment-missing")
    expect(desk.page.get_by_role("button", name="在这里找到了")).to_be_visible()
    desk.press("Escape")
    desk.sees("没到和多出的卡 1")
    looks_right(desk, "consignments-amiss")
    desk.page.goto(f"{desk.hall.url}/desk/handouts/{coming[2]}")
    desk.sees("这张卡还没有送到：没送到")
    looks_right(desk, "handout-missing")
    desk.press("a")
    expect(desk.page.get_by_text("这张卡还没有送到")).to_have_count(0)
    desk.press("Enter")
    desk.sees("已发放")
    (received,) = consignments_at(desk.world.store, "hall", desk.world.now)
    assert (received["counts"]["missing"], received["counts"]["arrived"]) == (0, 3)
