"""A replaced card goes into its holder's hand, and the library's deposit comes and goes, by keys alone."""

import re

import pytest
from playwright.sync_api import expect

from cardsvc.service.cards.handing_out import handout_of
from tests.page.conftest import Desk, axe_finds
from tests.service.purse.test_areas import CARD

pytestmark = pytest.mark.usefixtures("own_pcscd")


def test_a_card_that_waits_is_given_with_its_receipt(desk: Desk) -> None:
    """On the reader it says that it waits; H, a look at the document, Enter: the receipt names who took it."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("待领取：发放")
    desk.picture("work-card-waits")
    with desk.flow("发放"):
        desk.press("h")
        desk.sees("谁来领")
        desk.picture("handout-form")
        assert axe_finds(desk.page) == []
        desk.press("Enter")
    desk.sees("已发放")
    desk.picture("handout-receipt")
    assert axe_finds(desk.page) == []
    seen = handout_of(desk.world.store, CARD)
    assert seen is not None
    assert (seen["collector"], seen["handed_by"]) == ("holder", "clerk")
    desk.press("Enter")
    desk.sees("1 充值")
    expect(desk.page.get_by_text("待领取：发放")).to_have_count(0)


def test_a_library_deposit_is_taken_and_goes_back_from_the_card_on_the_reader(desk: Desk) -> None:
    """K leads from the card to its page; what goes back stands there before anybody presses."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("1 充值")
    desk.press("k")
    desk.sees("收押金")
    desk.page.get_by_text("收押金").click()
    desk.picture("deposit-form")
    assert axe_finds(desk.page) == []
    desk.page.get_by_role("button", name="已收款：记押金").click()
    desk.sees("退给市民 100.00 元")
    desk.picture("deposit-held")
    assert axe_finds(desk.page) == []
    expect(desk.page.get_by_role("link", name=re.compile("打印凭证"))).to_be_visible()
    desk.page.get_by_role("button", name="退押金").click()
    desk.sees("已退 100.00")
    assert desk.world.balances()[f"deposit:{CARD}"] == 0


def test_photos_of_a_batch_and_of_a_person_have_their_place(desk: Desk) -> None:
    """The form of photos on a batch's page; a person's photos on theirs, deleted when they ask."""
    from tests.service.bulk.bulk_people import loaded
    from tests.service.cards.test_card_requests import take

    world = desk.world
    with world.store.read() as uow:
        clerk = uow.staff.get("clerk")
    assert clerk is not None
    batch, citizen = loaded(world, clerk, 2), world.citizen(9)
    case_no = take(world, clerk, citizen).case_no
    desk.sign_in()
    desk.page.goto(f"{desk.hall.url}/desk/bulk/{batch}")
    desk.page.get_by_text("照片（打卡面用）").click()
    desk.sees("一次最多 64 MB")
    desk.picture("bulk-photos")
    assert axe_finds(desk.page) == []
    desk.page.goto(f"{desk.hall.url}/desk/persons/{citizen}")
    desk.press("p")
    desk.page.fill('input[name="reason"]', "本人要求")
    desk.picture("person-photos")
    assert axe_finds(desk.page) == []
    desk.page.get_by_role("button", name="删除照片").click()
    desk.sees("还要用这张照片制卡")
    desk.page.goto(f"{desk.hall.url}/desk/requests/{case_no}")
    desk.page.fill('input[name="why"]', "不办了")
    desk.page.get_by_role("button", name="撤销").last.click()
    desk.sees("已撤销")
    with world.store.read() as uow:
        assert uow.citizen_photos.ids_of(citizen) == []
