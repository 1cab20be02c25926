"""Flows from sign-in to receipt, without a mouse."""

import pytest
from playwright.sync_api import Browser, Page, expect

from cardsvc.store import UnitOfWork
from cardsvc.vcard import Fault, FaultPlan, VirtualCard, inflict
from tests.page.conftest import SLOW, Desk, axe_finds, opened
from tests.waiting import until
from tests.world import balance_on, person

pytestmark = pytest.mark.usefixtures("own_pcscd")


def test_a_card_is_topped_up_from_sign_in_to_receipt(desk: Desk) -> None:
    """The clerk sees who it is without a click, tops up in two presses, and finds a receipt."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.picture("work-empty")
    desk.sees("请放卡")
    desk.hall.put(card)
    desk.sees("测试一")
    desk.sees("检测正常")
    desk.sees("开通应用")
    desk.picture("work-card")
    with desk.flow("充值"):
        desk.press("1")
        desk.sees("收款并写卡")
        desk.picture("topup-form")
        desk.type("100")
        desk.press("Enter")
    desk.sees("办好了")
    desk.sees("100.00")
    desk.picture("topup-done")
    assert balance_on(card)[0] == desk.world.purse_total(desk.world.card_no_of(card)) == 10000
    desk.press("Enter")
    desk.sees("刚办过的")
    desk.picture("work-after")


def test_a_card_is_made_for_a_person_who_was_never_here(desk: Desk) -> None:
    """Blank card in, ID number typed, the person taken in, the card made and read again."""
    desk.sign_in()
    desk.hall.put(VirtualCard.blank("fudan-fmcos2", seed=3))
    desk.make_for_somebody_new(3)
    desk.sees("办好了")
    desk.picture("personalise-done")
    desk.press("Enter")
    desk.sees("测试三")


def test_a_card_that_is_pulled_while_it_is_written_is_explained_and_settled_when_it_comes_back(desk: Desk) -> None:
    """The page says what happened to card and money and what to do; the same card again, and all is settled."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("开通应用")
    desk.press("1")
    card.plan = FaultPlan(tear_after_write=1)
    desk.type("50")
    desk.press("Enter")
    desk.sees("结果待核对")
    desk.sees("下一步")
    desk.sees("待核实")
    desk.picture("topup-torn")
    card.plan = FaultPlan()
    desk.hall.put(card)
    desk.press("Enter")
    desk.sees("已结清上次中断的交易")
    desk.sees("50.00")
    desk.picture("settled")
    assert balance_on(card)[0] == desk.world.purse_total(desk.world.card_no_of(card)) == 5000


def test_the_fee_of_an_opening_whose_card_was_pulled_goes_back_or_opens_it(desk: Desk) -> None:
    """The page says that nothing is to be taken again, before anybody takes it; the money is handed back, or opens the pass."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    pull_while_the_pass_is_opened(desk, card)
    assert axe_finds(desk.page) == []
    desk.picture("opening-paid")
    desk.page.get_by_role("link", name="退款", exact=True).click()
    desk.sees("付了没开通的钱")
    assert axe_finds(desk.page) == []
    desk.picture("opening-fee-back")
    desk.page.get_by_role("button", name="退给市民").click()
    expect(desk.page.locator("body")).not_to_contain_text("付了没开通的钱")
    desk.page.goto(desk.hall.url)
    pull_while_the_pass_is_opened(desk, card)
    choose_the_pass(desk, "上次已付 50.00 元，不再收款")
    desk.picture("opening-form-paid")
    desk.page.get_by_role("button", name="收费并开通").click()
    desk.sees("办好了")
    desk.sees("上次已付，本次不收款")
    desk.picture("opening-done-paid")
    assert -desk.world.balances()["fee:park"] == 5000 == desk.world.balances()["clearing:terminal:ws-1"]


def choose_the_pass(desk: Desk, costs: str) -> None:
    """The pass of next year, with what it costs."""
    desk.page.locator("#job-open").click(timeout=SLOW)  # what was opened just now has a link of the same name
    desk.sees(f"公园年卡（首次），{costs}")
    desk.page.check('input[value="park:1"]')


def pull_while_the_pass_is_opened(desk: Desk, card: VirtualCard) -> None:
    """Paid in cash, and the card leaves before it is written; the same card again."""
    choose_the_pass(desk, "50.00 元，至")
    card.plan = FaultPlan(tear_before_write=1)
    desk.page.get_by_role("button", name="收费并开通").click()
    desk.sees("50.00 元已记账")
    desk.sees("不要再收款")
    desk.picture("opening-torn")
    card.plan = FaultPlan()
    desk.hall.put(card)
    desk.press("Enter")
    desk.sees("公园年卡上次已付 50.00 元，没有写上")


def test_a_page_that_is_loaded_again_or_sent_twice_does_the_job_once(desk: Desk) -> None:
    """Back button and the same form again: the same operation, one payment; the flow is found again from the work place."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("开通应用")
    desk.press("1")
    desk.type("50")
    form = desk.page.evaluate("Object.fromEntries(new FormData(document.querySelector('form.narrow')))")
    desk.press("Enter")
    desk.sees("办好了")
    first = desk.page.url
    again = desk.page.request.post(f"{desk.hall.url}/desk/jobs/topup", form=form, headers={"Origin": desk.hall.url})
    assert again.url == first
    desk.page.reload()
    desk.sees("办好了")
    assert balance_on(card)[0] == desk.world.purse_total(desk.world.card_no_of(card)) == 5000


def test_a_wrong_amount_keeps_what_was_typed_and_says_which_rule(desk: Desk) -> None:
    """Over the law's cap: the card is as it was, the rule and its source are named. Before that, the change was told while the
    cash was counted."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("开通应用")
    desk.press("1")
    desk.type("2000")
    for given, told in (("1999", "还差 1.00"), ("2100", "找零 100.00")):
        desk.page.get_by_label("收现金").fill(given)
        expect(desk.page.locator("output[data-change]")).to_have_text(told)
    desk.picture("topup-change")
    desk.press("Enter")
    desk.sees("没有办成")
    desk.sees("依据")
    desk.sees("已收的钱退还市民")
    desk.picture("topup-refused")
    assert balance_on(card)[0] == 0


def test_an_application_is_opened_and_the_rest_says_why_not(desk: Desk) -> None:
    """Bus T by one key and Enter; what this person may not have stands there with its reason. An amount is typed wherever the
    focus is, and the page tells its keys."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("开通应用")
    desk.press("3")
    desk.sees("公交 C（60 岁以上）")
    desk.picture("open-form")
    desk.press("Enter")
    desk.sees("办好了")
    desk.press("Enter")
    desk.sees("● 已开通")
    desk.press("?")
    expect(desk.page.locator("#key-list")).to_be_visible()
    desk.page.keyboard.press("Escape")
    desk.sees("检测正常")
    desk.press("1")
    desk.sees("T 月票")
    desk.type("50")  # the focus is on what to load
    desk.press("Enter")
    desk.sees("办好了")
    assert balance_on(card)[0] == 5000


def test_a_refresh_that_comes_late_stays_with_its_page(desk: Desk) -> None:
    """The body of an answer takes its time, and the clerk is on the next page by then: the job that was done came back into the
    work place, and stayed."""
    desk.sign_in()
    desk.hall.put(desk.world.issue("fudan-fmcos2"))
    desk.sees("开通应用")
    desk.press("3")
    desk.sees("公交 C（60 岁以上）")
    desk.press("Enter")
    desk.sees("办好了")
    desk.page.evaluate(
        """() => {
          const real = window.fetch, live = document.getElementById("live").dataset.url;
          window.fetch = async (url, options) => {
            const answer = await real(url, options);
            if (String(url).startsWith(live) && !window.arrives) {
              const text = answer.text.bind(answer);
              const held = new Promise((done) => { window.arrives ??= done; });
              answer.text = () => held.then(text);
            }
            return answer;
          };
          refresh();
        }"""
    )
    until(lambda: desk.page.evaluate("() => Boolean(window.arrives)"))
    desk.press("Enter")
    desk.sees("刚办过的")
    desk.page.evaluate("async () => { window.arrives(); await new Promise((done) => setTimeout(done, 100)); }")
    expect(desk.page.locator("#live.desk")).to_be_visible()
    desk.sees("● 已开通")


def comes_anew(page: Page) -> None:
    """The live part of the page comes from the server again, as it does when something changed."""
    page.evaluate("() => { document.getElementById('live').dataset.say = ''; return refresh(); }")


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


def test_a_card_is_cancelled_once_it_is_empty(desk: Desk) -> None:
    """The page says what comes first; then the card is void and its holder has none."""
    card = desk.world.issue("fudan-fmcos2")
    desk.world.topup(card, 10000)
    number = desk.world.card_no_of(card)
    desk.sign_in()
    for refunded, told in ((False, "不能注销"), (True, "已注销：迁出本市")):
        if refunded:
            desk.world.do(card, "refund")
        desk.page.goto(f"{desk.hall.url}/desk/cards/{number}")
        desk.page.check('input[value="moved_away"]')
        desk.page.fill('input[name="papers"]', "身份证、户口迁移证")
        desk.page.get_by_role("button", name="注销此卡").click()
        desk.sees(told)
    desk.sees("已作废")
    desk.picture("cancelled")
    assert axe_finds(desk.page) == []
