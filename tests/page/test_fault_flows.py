"""A desk's work on cards with a fault, in a real browser: found, repaired, replaced, taken in, told on paper."""

import pytest
from playwright.sync_api import Browser, expect

from cardsvc.store import UnitOfWork
from cardsvc.vcard import Fault, VirtualCard, inflict
from tests.page.conftest import SLOW, Desk, axe_finds, opened
from tests.page.test_flows import comes_anew
from tests.world import balance_on, person


def test_a_blocked_purse_is_repaired_after_a_supervisor_agreed_on_a_screen_of_their_own(desk: Desk, browser: Browser) -> None:
    """The clerk asks, the supervisor agrees elsewhere, the clerk repairs, and the card is healthy."""
    card = desk.world.issue("fudan-fmcos2")
    inflict(card, [Fault.parse("blocked-application")])
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("0 修复")
    desk.press("0")
    desk.sees("核对本人后解锁")
    desk.picture("repair-form")
    desk.press("Enter")
    desk.sees("这些步骤要第二人复核")
    desk.picture("repair-waits")
    desk.page.get_by_label("理由").fill("已核对身份证")
    comes_anew(desk.page)
    expect(desk.page.get_by_label("理由")).to_have_value("已核对身份证")
    desk.page.get_by_role("button", name="提请复核").hover()
    desk.page.mouse.down()
    comes_anew(desk.page)  # between press and release: the click is not lost
    desk.page.mouse.up()
    desk.sees("收回")
    chief = Desk(desk.hall, opened(browser))
    chief.sign_in("chief")
    chief.page.goto(f"{desk.hall.url}/desk/approvals")
    chief.sees("已核对身份证")
    chief.sees("解锁应用（")
    chief.picture("approvals")
    chief.page.get_by_role("button", name="同意", exact=True).click()
    chief.sees("没有等复核的事")
    chief.page.context.close()
    desk.page.goto(f"{desk.hall.url}/desk/")
    desk.sees("0 修复")
    desk.press("0")
    desk.sees("核对本人后解锁")
    desk.press("Enter")
    desk.sees("卡片正常")
    desk.press("Enter")
    desk.sees("检测正常")


def test_a_damaged_file_is_written_again_in_three_presses(desk: Desk) -> None:
    """From the finding to a healthy card."""
    card = desk.world.issue("mingwah-smartcos")
    inflict(card, [Fault.parse("corrupted-file:3F01/0015")], seed=3)
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("0 修复")
    with desk.flow("修复文件"):
        desk.press("0")
        desk.sees("修后自动重读核对")
        desk.press("Enter")
        desk.sees("卡片正常")
        desk.picture("repair-done")
        desk.press("Enter")
    desk.sees("检测正常")


def replace_to_the_receipt(desk: Desk, blank: VirtualCard) -> None:
    """From the old card on the reader to the new one, made for the same person."""
    desk.press("x")
    expect(desk.page.locator('input[value="fault"]')).to_be_visible()
    desk.picture("replace-form")
    desk.press("Enter")
    desk.sees("放一张空白卡")
    desk.press("Enter")
    desk.hall.put(blank)
    desk.sees("1 制卡")
    desk.press("1")
    desk.sees("补换卡：测试一")
    desk.picture("replace-new")
    desk.press("Enter")
    desk.sees("接着办")
    desk.press("Enter")


def test_a_card_is_replaced_from_card_in_to_receipt_in_at_most_twelve_presses(desk: Desk) -> None:
    """A readable card: its money is on the new one at once, and every fen is where it was."""
    old = desk.world.issue("fudan-fmcos2")
    desk.world.topup(old, 10000)
    old_no = desk.world.card_no_of(old)
    new = VirtualCard.blank("mingwah-smartcos", seed=50)
    desk.sign_in()
    desk.hall.put(old)
    desk.sees("X 补换卡")
    with desk.flow("补换坏卡，放卡到凭证"):
        replace_to_the_receipt(desk, new)
        desk.sees("6 转入旧卡余额")
        desk.press("6")
        desk.sees(old_no)
        desk.press("Enter")
        desk.sees("办好了")
        with desk.page.context.expect_event("request", lambda asked: "/desk/receipts/" in asked.url, timeout=SLOW):
            desk.press("p")  # the paper opens in a window of its own
    desk.picture("replaced")
    assert (balance_on(old)[0], balance_on(new)[0]) == (0, 10000)
    assert desk.world.purse_total(desk.world.card_no_of(new)) == 10000
    assert sum(desk.world.balances().values()) == 0


@pytest.mark.parametrize("deadline", [3.0])
def test_a_mute_card_is_taken_in_and_its_holder_leaves_with_a_new_one(desk: Desk) -> None:
    """It cannot give its money: the page tells the day on which the books do."""
    old = desk.world.issue("fudan-fmcos2")
    desk.world.topup(old, 10000)
    inflict(old, [Fault.parse("mute")])
    desk.sign_in()
    desk.hall.put(old)
    desk.sees("无应答")
    desk.press("x")
    expect(desk.page.locator('input[value="fault"]')).to_be_visible()
    desk.press("Enter")
    desk.sees("余额到账日")
    desk.picture("taken-in")
    desk.press("Enter")
    desk.hall.put(VirtualCard.blank("fudan-fmcos2", seed=51))
    desk.sees("1 制卡")
    desk.press("1")
    desk.sees("补换卡：测试一")
    desk.press("Enter")
    desk.sees("办好了")
    with desk.world.store.read() as uow:
        (row,) = uow.replacements.where()
    assert row.new_card_no is not None
    assert row.fee == 0
    desk.press("Enter")
    desk.sees("起可以转入")
    the_day_has_come(desk, row.old_card_no)
    desk.page.reload()
    desk.sees("6 转入旧卡余额")
    desk.press("6")
    desk.sees("账上的余额")
    desk.press("Enter")
    desk.sees("办好了")
    assert desk.world.purse_total(row.new_card_no) == 10000


def the_day_has_come(desk: Desk, card_no: str) -> None:
    """The day from which the books decide is today."""

    def change(uow: UnitOfWork) -> None:
        held = uow.old_cards.get(card_no)
        assert held is not None
        uow.old_cards.change(held, due=held.held_on)

    desk.world.store.transact(change)


def test_a_lost_card_is_reported_and_replaced_without_it(desk: Desk) -> None:
    """By ID number: what is covered is shown first, the formal report, the fee, and the blank card knows whose it will be."""
    card = desk.world.issue("fudan-fmcos2")
    desk.world.topup(card, 10000)
    desk.sign_in()
    desk.press("f")
    desk.sees("找人（领卡、挂失")
    desk.type(person(1).id_number)
    desk.press("Enter")
    desk.page.get_by_role("link", name="3100 0101 0000 0001 正常").click()
    desk.sees("取到新黑名单之前还能刷")
    assert axe_finds(desk.page) == []
    desk.picture("loss")
    desk.page.get_by_role("button", name="正式挂失").click()
    expect(desk.page.get_by_role("cell", name="有效", exact=True)).to_be_visible()
    desk.page.get_by_role("button", name="收费并补卡").click()
    desk.sees("余额到账日")
    assert axe_finds(desk.page) == []
    desk.press("Enter")
    desk.hall.put(card)
    desk.sees("已挂失的卡")
    desk.hall.put(VirtualCard.blank("fudan-fmcos2", seed=52))
    desk.sees("1 制卡")
    desk.press("1")
    desk.sees("补换卡：测试一")
    desk.press("Enter")
    desk.sees("办好了")


def test_a_copy_of_a_card_is_never_replaced(desk: Desk) -> None:
    """Another chip with the card's number: the page says so and offers nothing that would touch the real card."""
    card = desk.world.issue("fudan-fmcos2")
    inflict(card, [Fault.parse("cloned-serial")], seed=4)
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("告知市民")
    desk.sees("全面检测")
    expect(desk.page.locator("#job-replace")).to_have_count(0)
    csrf, contact = desk.page.evaluate("csrf"), desk.page.locator("#job-diagnose").get_attribute("href").partition("=")[2]
    form = {"csrf": csrf, "contact": contact, "key": "made-by-hand", "reason": "fault", "method": "cash"}
    assert desk.page.request.post(f"{desk.hall.url}/desk/replace", form=form).status == 409
    with desk.world.store.read() as uow:
        assert uow.replacements.where() == []


def test_a_card_whose_purse_is_locked_for_good_is_taken_in(desk: Desk) -> None:
    """It is read, but gives no money: the books decide, as for a mute one."""
    card = desk.world.issue("fudan-fmcos2")
    desk.world.topup(card, 5000)
    inflict(card, [Fault.parse("blocked-for-good")])
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("X 补换卡")
    desk.press("x")
    expect(desk.page.locator('input[value="fault"]')).to_be_visible()
    desk.press("Enter")
    desk.sees("余额到账日")


def test_a_full_diagnosis_ends_in_a_report_that_prints(desk: Desk) -> None:
    """What is wrong, why, what to tell the citizen, and what was checked."""
    card = desk.world.issue("fudan-fmcos2")
    inflict(card, [Fault.parse("wrong-balance:12345")])
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("余额")
    desk.press("9")
    desk.sees("开始")
    desk.page.check('input[name="memory"]')
    desk.picture("diagnosis-form")
    desk.press("Enter")
    desk.sees("已检查")
    desk.sees("存储器试写")
    desk.sees("告知市民")
    expect(desk.page.locator("h1 .state")).to_contain_text("⚠ 可疑余额")
    desk.page.emulate_media(media="print")
    expect(desk.page.get_by_text("经办")).to_be_visible()
    expect(desk.page.get_by_text("打印检测单")).not_to_be_visible()
    expect(desk.page.get_by_text("已检查")).to_be_visible()
    desk.picture("report-printed")
