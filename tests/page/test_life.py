"""A card's life at the desk: a holder's name changes, and the new card has everything that the old one had."""

import pytest
from playwright.sync_api import expect

from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.hall import tickets
from cardsvc.service.staff.accounts import sign_in
from cardsvc.service.staff.approvals import approve
from cardsvc.vcard import VirtualCard
from tests.page.conftest import PASSWORD, Desk, axe_finds
from tests.service.purse.test_areas import CARD, bus_card, load, local
from tests.world import World, area_on, balance_on, person, rules

pytestmark = pytest.mark.usefixtures("own_pcscd")


def agree(desk: Desk) -> None:
    """The supervisor agrees to what waits."""
    world = desk.world
    with world.store.read() as uow:
        (waiting,) = uow.approvals.open()
    chief = sign_in(world.store, "chief", PASSWORD, world.now)
    approve(world.store, APPROVALS, waiting.approval_id, by=chief, now=world.now)


def test_a_withdrawn_product_is_swapped_on_its_card(desk: Desk) -> None:
    """A D card of before 2019: T says what it holds and where it goes, Enter moves it; then it is T, the money in the purse.
    The number of its holder is at the desk meanwhile, whose keys are others."""
    then = World(desk.world.path, local(2018, 5, 7, 12))
    card = bus_card(then, "D")
    load(then, card, 10000, product="D")
    then.close()
    tickets.take(desk.world.store, rules(), "hall", "card", desk.world.now)
    desk.sign_in()
    desk.hall.put(card)
    for shown in ("开窗叫号", "叫下一位", "人到了"):
        desk.sees(shown)
        desk.press("n")
    desk.sees("办完，请评价")
    desk.sees("停用产品换杭州通")
    desk.picture("work-withdrawn")
    with desk.flow("换停用的公交产品"):
        desk.press("t")
        desk.sees("D 已停用：换成 T，100.00 元转入城市通钱包")
        desk.picture("swap-form")
        assert axe_finds(desk.page) == []
        desk.press("Enter")
    desk.sees("办好了")
    desk.picture("swap-done")
    assert axe_finds(desk.page) == []
    desk.press("Enter")
    desk.sees("公交 ● 已开通 T")
    assert (area_on(card, "bus"), balance_on(card)[0], desk.world.purse_total(CARD)) == (0, 10000, 10000)


def test_a_new_name_means_a_new_card_with_the_old_ones_applications_and_money(desk: Desk) -> None:
    """From the person's page, without a mouse, to the new card: the reason is proposed, nothing is paid for twice."""
    old = desk.world.issue("fudan-fmcos2")
    for application, product in (("bus", "T"), ("library", "1")):
        desk.world.do(old, "open", application=application, product=product)
    desk.world.topup(old, 10000)
    desk.sign_in()
    desk.press("f")
    desk.sees("身份证号或卡号")
    desk.type(person().id_number)
    desk.press("Enter")
    desk.sees("测试一")
    desk.press("v")
    expect(desk.page.locator('summary[data-key="c"]')).to_be_visible()
    desk.press("c")
    expect(desk.page.locator('input[name="proof"]')).to_be_visible()
    desk.page.focus('input[name="name"]')
    desk.type("测试改")
    desk.page.focus('input[name="proof"]')
    desk.type("新身份证、户口簿")
    desk.picture("person-change")
    assert axe_finds(desk.page) == []
    desk.press("Enter")
    desk.sees("等第二人复核")
    agree(desk)
    desk.page.reload()
    desk.sees("换新卡（原因：信息变更）")
    desk.press("Escape")
    desk.hall.put(old)
    desk.sees("X 补换卡")
    desk.press("x")
    expect(desk.page.locator('input[value="changed"]')).to_be_checked()
    desk.press("Enter")
    desk.sees("放一张空白卡")
    desk.press("Enter")
    desk.hall.put(VirtualCard.blank("fudan-fmcos2", seed=70))
    desk.sees("1 制卡")
    desk.press("1")
    desk.sees("补换卡：测试改")
    desk.press("Enter")
    desk.sees("接着办")
    desk.press("a")
    desk.sees("不再收费")
    desk.press("Enter")
    desk.sees("公交 T、图书馆")
    desk.picture("carried-over")
    desk.press("Enter")
    desk.sees("6 转入旧卡余额")
    expect(desk.page.locator("#job-carry_over")).to_have_count(0)
