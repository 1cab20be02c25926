"""Flows of the hall by keys alone: what has the focus after each step is what one expects, and can be seen."""

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from cardsvc.errors import CardsvcError
from cardsvc.rules import load_rule_set
from cardsvc.service.hall import desks, tickets
from cardsvc.service.hall.complaints import complaints_view
from cardsvc.service.loss.reports import loss_view, report_loss
from cardsvc.service.staff.accounts import NewStaff, add_staff
from cardsvc.vcard import FaultPlan
from tests.page.conftest import PASSWORD, SLOW, Desk, opened
from tests.page.test_manage_pages import person
from tests.service.bulk.bulk_people import blanks, people_file
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("own_pcscd", "lost_answers")


@pytest.fixture
def lost_answers(desk: Desk) -> None:
    """Every form arrives, its answer is lost on the way, and the page sends it again: nothing is done twice, and it ends as if
    it had been sent once."""
    desk.page.context.route("**/desk/**", lose_the_first_answer)


def lose_the_first_answer(route: Route) -> None:
    """Send a form, forget what came back, and send it again."""
    if "idempotency-key" in route.request.headers:
        route.fetch(max_redirects=0, timeout=SLOW)
    route.continue_()


def focus(desk: Desk, name: str) -> None:
    """What has the focus is called so, and a frame shows it."""
    here = desk.page.locator("main :focus")
    expect(here).to_have_accessible_name(re.compile(name), timeout=SLOW)
    assert desk.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def keys(desk: Desk, *pressed: str) -> None:
    """One key after the other; what is longer than one, and no name of a key, is typed."""
    for key in pressed:
        if len(key) == 1 or key in ("Tab", "Enter", "Escape", "ArrowDown", "ArrowUp"):
            desk.press(key)
        else:
            desk.type(key)


def test_the_morning_checklist_and_an_incident(desk: Desk) -> None:
    """Enter for each item that is good; the one that is not says why; then what happened in the hall."""
    desk.sign_in("chief")
    with desk.flow("晨会六项（一项不好）、一件事件"):
        keys(desk, "q")
        desk.sees("处理一个号")
        keys(desk, "c")
        for missing in (5, 4, 3, 2, 1):
            focus(desk, "^好$")
            keys(desk, "Enter")
            desk.sees(f"还缺 {missing}")
        focus(desk, "^好$")
        keys(desk, "Tab")
        focus(desk, "哪里不好")
        keys(desk, "二号打印机缺纸", "Tab", "Enter")
        desk.sees("都看过了")
        keys(desk, "e")
        focus(desk, "事件")
        keys(desk, "Tab", "老人头晕", "Tab", "Enter")
        expect(desk.page.get_by_role("row", name="事件 老人头晕")).to_be_visible(timeout=SLOW)


def test_a_complaint_from_taking_to_its_answer(desk: Desk) -> None:
    """Taken, given on, answered; each page begins where one writes."""
    desk.sign_in("chief")
    with desk.flow("投诉：受理、记录、答复"):
        keys(desk, "q")
        desk.sees("处理一个号")
        keys(desk, "o")
        desk.sees("受理投诉")
        keys(desk, "n")
        focus(desk, "内容")
        keys(desk, "窗口多扣了", "Tab", "Tab", "Enter")
        desk.sees("答复期限")
        focus(desk, "写明情况")
        keys(desk, "请查账", "Tab", "Enter")
        desk.sees("请查账")
        focus(desk, "写明情况")
        keys(desk, "已退还并道歉", "Tab", "Tab", "Enter")
        desk.sees("已经办结")
    assert [row["answered"] for row in complaints_view(desk.world.store, now=desk.world.now, only_open=False)] == [True]


def test_a_number_that_was_missed_comes_back_changes_its_kind_and_desk(desk: Desk) -> None:
    """Missed with M, back in with R, another kind with G, another desk with T: the place in the queue stays."""
    store, rules, moment = desk.world.store, load_rule_set(), desk.world.now
    tickets.take(store, rules, "hall", "money", moment)
    with store.read() as uow:
        admin = person(uow.staff.get("admin"))
    other = add_staff(store, NewStaff("other", "演示乙", "clerk", "hall"), PASSWORD, moment, by=admin)
    desks.open_desk(store, rules, "ws-9", by=other, now=moment)
    desk.sign_in()
    keys(desk, "n")
    desk.sees("叫下一位")
    keys(desk, "n")
    desk.sees("人到了")
    keys(desk, "m")
    desk.sees("叫下一位")
    with desk.flow("过号的回来"):
        keys(desk, "q")
        desk.sees("处理一个号")
        keys(desk, "h")
        focus(desk, "号码")
        keys(desk, "c001", "Enter")
        desk.sees("过号的人回来了")
        expect(desk.page.locator("main")).to_contain_text("C001 充值、退款")
        keys(desk, "r")
    desk.sees("等候：1")
    with desk.flow("取错号"):
        keys(desk, "g")
        focus(desk, "换成")
        keys(desk, "ArrowUp", "Tab", "Enter")
    expect(desk.page.locator("#live")).to_contain_text("C001 卡片检测", timeout=SLOW)
    with desk.flow("转窗口"):
        keys(desk, "t")
        focus(desk, "请这个窗口办")
        keys(desk, "ArrowDown", "Tab", "Enter")
    expect(desk.page.locator("#live")).to_contain_text("→ 窗口 ws-9", timeout=SLOW)
    keys(desk, "w")
    desk.sees("叫下一位")


def test_somebody_special_goes_first_without_a_number(desk: Desk) -> None:
    """A leads to the reasons, an arrow chooses, and what they came for; the keys are those that the page tells."""
    tickets.take(desk.world.store, load_rule_set(), "hall", "money", desk.world.now)
    desk.sign_in()
    with desk.flow("绿色通道"):
        keys(desk, "q")
        desk.sees("处理一个号")
        keys(desk, "a")
        focus(desk, "听障人士")
        keys(desk, "ArrowDown", "Tab")
        focus(desk, "要办什么")
        keys(desk, "Tab", "Enter")
    expect(desk.page.locator("#live tbody").nth(1).locator("tr").first).to_contain_text("绿色通道", timeout=SLOW)


def test_a_deposit_is_taken_and_the_library_opened_for_somebody_of_elsewhere(desk: Desk) -> None:
    """Refused first, which says the keys of the way; the deposit's page says at its top that it is held."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("开通应用")

    def open_library() -> None:
        keys(desk, "3")
        focus(desk, "公交 T")
        keys(desk, "ArrowUp", "ArrowUp", "Tab", "ArrowDown", "Tab")
        focus(desk, "^收费并开通")
        keys(desk, "Enter")

    open_library()
    desk.sees("按 K 到卡的页面，按 Y 收押金")
    keys(desk, "Enter")
    desk.sees("押金、挂失、注销")
    with desk.flow("图书馆押金，再开通"):
        keys(desk, "k")
        desk.sees("办之前告诉市民")
        keys(desk, "y")
        focus(desk, "图书馆押金 100.00")
        keys(desk, "Enter")
        desk.sees("收着押金 100.00 元")
        keys(desk, "w")
        desk.sees("全面检测")
        open_library()
        desk.sees("办好了")


def test_money_that_is_not_settled_gets_somebody_who_sees_to_it(desk: Desk) -> None:
    """The list begins at its first line, the case where one writes; who sees to it stands there by name."""
    card = desk.world.issue("fudan-fmcos2")
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardsvcError):
        desk.world.topup(card)
    desk.sign_in("chief")
    keys(desk, "u")
    desk.sees("最长已等")
    with desk.flow("待核实：认领"):
        keys(desk, "9")
        focus(desk, "证据、认领")
        keys(desk, "Enter")
        focus(desk, "备注")
        keys(desk, "等持卡人来", "Enter")
        desk.sees("演示主管 · 等持卡人来")
    keys(desk, "Escape")
    desk.sees("待核实的钱：1")
    expect(desk.page.locator("main tbody")).to_contain_text("演示主管", timeout=SLOW)


def test_a_key_that_unfolds_a_part_leads_into_it(desk: Desk) -> None:
    """The person's page: C unfolds the change and is in its first field; the same key again folds it."""
    number = desk.world.card_no_of(desk.world.issue("fudan-fmcos2"))
    desk.sign_in()
    keys(desk, "f")
    focus(desk, "身份证号或卡号")
    keys(desk, number, "Enter")
    desk.sees("办之前告诉市民")
    keys(desk, "v")
    desk.sees("姓名、证件变更")
    keys(desk, "c")
    focus(desk, "^姓名$")
    keys(desk, "测试二", "Escape", "m")
    focus(desk, "配偶|继承人|子女")
    keys(desk, "m")
    expect(desk.page.locator("details[open]")).to_have_count(1, timeout=SLOW)


def test_a_card_that_was_changed_meanwhile_leads_back_by_enter(desk: Desk) -> None:
    """Another card lies there when the form is sent: nothing was begun, and the key that leads back is told."""
    desk.sign_in()
    desk.hall.put(desk.world.issue("fudan-fmcos2"))
    desk.sees("开通应用")
    keys(desk, "1", "50")
    desk.hall.slot.remove()
    desk.hall.put(desk.world.issue("fudan-fmcos2", 2))
    until(lambda: "3100 0101 0000 0001" not in desk.page.request.get(f"{desk.hall.url}/desk/").text())
    keys(desk, "Enter")
    desk.sees("卡已经拿走或换了一张，业务没有开始")
    expect(desk.page.locator("main kbd")).to_have_text("Enter")
    keys(desk, "Enter")
    desk.sees("全面检测")


def test_a_supervisor_agrees_on_their_own_screen(desk: Desk, browser: Browser) -> None:
    """The clerk asks for a lost card's release; the supervisor reads what is asked before a key agrees."""
    world = desk.world
    number = world.card_no_of(world.issue("fudan-fmcos2"))
    with world.store.read() as uow:
        clerk = person(uow.staff.get("clerk"))
    report_loss(world.store, world.engine.rules, number, "formal", by=clerk, now=world.now)
    desk.sign_in()
    with desk.flow("提请解挂"):
        keys(desk, "f")
        focus(desk, "身份证号或卡号")
        keys(desk, number, "Enter")
        desk.sees("正式挂失")
        keys(desk, "r", "Tab")
        focus(desk, "理由")
        keys(desk, "本人带身份证来", "Tab", "Enter")
        desk.sees("等第二人复核")
    chief = Desk(desk.hall, opened(browser))
    chief.sign_in("chief")
    with chief.flow("第二人复核"):
        keys(chief, "j")
        focus(chief, "移出黑名单")
        keys(chief, "Tab")
        focus(chief, "意见")
        keys(chief, "Tab")
        focus(chief, "^同意$")
        keys(chief, "Enter")
        chief.sees("没有等复核的事")
    chief.page.context.close()
    desk.page.reload()
    desk.sees("没有等复核的事")
    assert [report["ended"] for report in loss_view(world.store, number)] == ["released"]


def test_cards_of_a_file_are_made_and_the_report_fetched(desk: Desk) -> None:
    """From the list of people to the report; the file itself is chosen in the system's own window."""
    page = desk.page
    desk.sign_in()
    with desk.flow("批量制卡，名单到报告"):
        keys(desk, "b")
        desk.sees("制卡与发放")
        keys(desk, "p")
        focus(desk, "名单")
        page.locator(":focus").set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": people_file(2)})
        keys(desk, "Tab", "Tab")
        focus(desk, "导入为批次")
        keys(desk, "Enter")
        focus(desk, "开始或接着做")
        keys(desk, "Enter")
        desk.sees("正在这个工作台上制卡")
        for number, card in enumerate(blanks(2), start=1):
            desk.hall.slot.insert(card)
            expect(page.locator("#live tbody tr b")).to_have_count(number, timeout=3 * SLOW)
            desk.hall.slot.remove()
        desk.sees("这个批次做完了")
        with page.expect_download() as report:
            keys(desk, "p")
        assert report.value.suggested_filename.endswith(".csv")
