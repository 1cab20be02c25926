"""Flows from sign-in to receipt, without a mouse."""

import pytest
from playwright.sync_api import Page, expect

from cardsvc.vcard import FaultPlan, VirtualCard
from tests.page.conftest import SLOW, Desk, axe_finds
from tests.waiting import until
from tests.world import balance_on

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
    desk.sees("持卡人测试三")
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
    choose_the_pass(desk, "50.00 元，2027-01-01 至")
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
    desk.sees("接着办")  # what was opened is filled next
    expect(desk.page.locator('main [data-key="1"]')).to_be_visible()
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


def test_an_opening_tells_what_it_costs_when_it_begins_and_the_change(desk: Desk) -> None:
    """Of what is free nobody is asked how it is paid. The park pass of next year says from when it holds, before it is paid and
    when the card comes again; a payment by phone is not sent without its reference."""
    desk.sign_in()
    desk.hall.put(desk.world.issue("fudan-fmcos2"))
    desk.sees("开通应用")
    desk.press("3")
    desk.sees("公园年卡（首次），50.00 元，2027-01-01 至 2028-01-20")
    expect(desk.page.locator("fieldset.payment")).to_be_hidden()
    desk.press("ArrowUp")
    expect(desk.page.locator("fieldset.payment")).to_be_visible()
    desk.page.get_by_label("收现金").fill("100")
    expect(desk.page.locator("output[data-change]")).to_have_text("找零 50.00")
    desk.page.get_by_label("手机支付").check()
    desk.press("Enter")
    expect(desk.page.locator("input[name=reference]")).to_be_focused()
    desk.picture("open-park")
    desk.type("M-1")
    desk.press("Enter")
    desk.sees("办好了")
    desk.press("Enter")
    desk.sees("2027-01-01 起，至 2028-01-20")


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


def test_keys_that_are_quicker_than_the_page_do_no_other_job(desk: Desk) -> None:
    """A clerk types Enter 1 400 Enter without looking, and the page is late: the 1 was lost, the 4 was taken for a refund, and
    Enter emptied the card. Now none of them is taken, the page says so, and after a pause they do what they say."""
    card = desk.world.issue("fudan-fmcos2")
    desk.world.topup(card, 10000)
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("开通应用")
    desk.press("1")
    desk.type("40")
    desk.press("Enter")
    desk.sees("没有办成")
    desk.page.evaluate(
        """() => {
          const real = window.fetch, slow = () => new Promise((done) => setTimeout(done, 200));
          window.fetch = async (...asked) => { if (!asked[1]?.headers?.["X-Live"]) await slow(); return real(...asked); };
        }"""
    )
    for key in ("Enter", "1", "4", "0", "0", "Enter"):
        desk.page.keyboard.press(key)
        desk.page.wait_for_timeout(150)
    desk.page.wait_for_timeout(1000)  # what an Enter had begun would be there by now
    assert balance_on(card)[0] == 10000
    desk.sees("键没有接受")
    desk.sees("全面检测")
    desk.picture("keys-too-early")
    desk.press("1")
    expect(desk.page.locator("body")).not_to_contain_text("键没有接受")
    desk.sees("收款并写卡")
    desk.type("400")
    desk.press("Enter")
    desk.sees("办好了")
    assert balance_on(card)[0] == desk.world.purse_total(desk.world.card_no_of(card)) == 50000


def test_after_a_key_that_leads_nowhere_the_next_ones_are_not_taken_either(desk: Desk) -> None:
    """What the card offers comes a second after the card; a 1 pressed before that is gone, and 4 Enter is no refund."""
    card = desk.world.issue("fudan-fmcos2")
    desk.world.topup(card, 10000)
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("开通应用")
    for key in ("5", "4", "0", "Enter"):  # nothing is on the 5 of this card
        desk.page.keyboard.press(key)
    desk.sees("键没有接受")
    expect(desk.page.locator("#live.desk")).to_be_visible()
    desk.page.wait_for_timeout(1000)  # a pause, as somebody makes who reads
    desk.press("4")
    desk.sees("取空并退款")
    assert balance_on(card)[0] == 10000


def comes_anew(page: Page) -> None:
    """The live part of the page comes from the server again, as it does when something changed."""
    page.evaluate("() => { document.getElementById('live').dataset.say = ''; return refresh(); }")


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
