"""The page itself: sign-in, lock, drawer, findings, two tabs, languages, what a program could send, and what axe says."""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from cardsvc.service.desk.sessions import IDLE
from cardsvc.service.desk.workstations import workstation_view
from cardsvc.vcard import Fault, inflict
from tests.page.cable import Cable
from tests.page.conftest import PASSWORD, SLOW, WS, Desk, axe_finds
from tests.waiting import until
from tests.world import balance_on

pytestmark = pytest.mark.usefixtures("own_pcscd")


def test_every_page_is_free_of_what_axe_calls_serious(desk: Desk) -> None:
    """Sign-in, workstation, empty desk, card with jobs, forms, ends, drawer, sign-ins; in Chinese and English."""
    page = desk.page
    page.goto(desk.hall.url)
    assert axe_finds(page) == []
    desk.sign_in()
    assert axe_finds(page) == []
    desk.hall.put(desk.world.issue("fudan-fmcos2"))
    desk.sees("开通应用")
    assert axe_finds(page) == []
    for key, name in (("1", "topup"), ("3", "open"), ("9", "diagnose"), ("i", "identity")):
        desk.press(key)
        expect(page).to_have_url(re.compile(f"/desk/jobs/{name}"), timeout=SLOW)
        assert axe_finds(page) == [], name
        desk.press("Escape")
        expect(page.locator("#job-topup")).to_be_visible(timeout=SLOW)
    desk.press("d")
    desk.sees("备用金")
    assert axe_finds(page) == []
    desk.picture("drawer")
    page.goto(f"{desk.hall.url}/desk/approvals")
    assert axe_finds(page) == []
    page.goto(f"{desk.hall.url}/desk/sessions")
    assert axe_finds(page) == []
    page.get_by_role("button", name="English").click()
    desk.sees("Where I am signed in")
    page.goto(f"{desk.hall.url}/desk/")
    desk.sees("Top up")
    desk.picture("work-english")
    assert axe_finds(page) == []


def test_a_tablet_and_a_large_type_show_everything_without_scrolling_sideways(desk: Desk) -> None:
    """At 768 by 1024, and at twice the type on the desk's screen (WCAG 2.2, 1.4.10)."""
    desk.sign_in()
    desk.hall.put(desk.world.issue("fudan-fmcos2"))
    desk.sees("开通应用")
    for width, height in ((768, 1024), (683, 384)):
        desk.page.set_viewport_size({"width": width, "height": height})
        assert desk.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    desk.picture("work-tablet")


@pytest.mark.parametrize(
    ("fault", "word"),
    [("cloned-serial", "芯片"), ("wrong-balance:12345", "余额")],
)
def test_a_faulty_card_shows_what_is_wrong_and_what_to_say(desk: Desk, fault: str, word: str) -> None:
    """The desk's word for it, what the citizen is told, and the next step, without a click."""
    card = desk.world.issue("fudan-fmcos2")
    inflict(card, [Fault.parse(fault)])
    desk.sign_in()
    desk.hall.put(card)
    desk.sees("告知市民")
    desk.sees(word)
    desk.picture(f"finding-{fault.partition(':')[0]}")


def test_a_page_that_nobody_touches_locks_and_only_its_person_opens_it(desk: Desk) -> None:
    """By hand and by time; the work place is still there afterwards."""
    desk.sign_in()
    desk.press("l")
    desk.sees("页面已锁定")
    desk.picture("locked")
    desk.type("not the password")
    desk.press("Enter")
    desk.sees("工号或密码不对")
    desk.type(PASSWORD)
    desk.press("Enter")
    desk.sees("请放卡")
    desk.page.goto(f"{desk.hall.url}/desk/sessions")
    with desk.world.store.begin() as uow:
        (session,) = uow.desk_sessions.open_of("clerk")
        uow.desk_sessions.change(session, seen_at=session.seen_at - IDLE, opened_at=session.opened_at - dt.timedelta(hours=1))
        uow.commit()
    desk.page.goto(f"{desk.hall.url}/desk/drawer")
    desk.sees("页面已锁定")
    desk.type(PASSWORD)
    desk.press("Enter")
    desk.sees("开班")


def test_a_shift_is_opened_takes_cash_and_is_closed_by_a_count(desk: Desk) -> None:
    """Cash of the desk is in its drawer; a wrong count is shown, explained, and waits for a supervisor."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    desk.press("d")
    desk.sees("点清备用金")
    desk.press("Enter")
    desk.sees("点数交班")
    desk.press("Enter")  # once too often: it leads back to work, and closes nothing
    desk.sees("请放卡")
    desk.hall.put(card)
    desk.sees("开通应用")
    expect(desk.page.get_by_text("没有开班")).to_have_count(0)
    desk.press("1")
    desk.type("100")
    desk.press("Enter")
    desk.sees("办好了")
    desk.page.goto(f"{desk.hall.url}/desk/drawer/in")
    desk.page.fill('input[name="d5000"]', "1")
    desk.page.fill('input[name="reason"]', "备用金")
    desk.press("Enter")
    desk.sees("的金库可用现金")
    expect(desk.page.locator("#total")).to_have_text("50.00")
    desk.page.goto(f"{desk.hall.url}/desk/drawer/close")
    desk.press("Enter")
    desk.sees("还没有点数")
    desk.page.fill('input[name="d5000"]', "1")
    desk.press("Enter")
    desk.sees("点数与账相差")
    desk.picture("drawer-difference")
    desk.page.fill('input[name="d5000"]', "2")
    desk.page.get_by_role("button", name="交班").click()
    desk.sees("已交班：点数与账相符，100.00 元")
    expect(desk.page.locator("main :focus")).to_have_text("回到工作台Enter")
    assert desk.world.balances()["vault:hall"] == 10000


def test_two_tabs_of_one_desk_look_at_a_card_once_and_both_follow_it(desk: Desk) -> None:
    """Two pages see the same card; one look each, however many pages ask for it."""
    card = desk.world.issue("fudan-fmcos2")
    desk.sign_in()
    second = desk.page.context.new_page()
    second.goto(f"{desk.hall.url}/desk/")
    desk.hall.put(card)
    desk.sees("检测正常")
    expect(second.locator("body")).to_contain_text("检测正常", timeout=SLOW)
    with desk.world.store.read() as uow:
        kinds = [operation.kind for operation in uow.operations.of_card(desk.world.card_no_of(card))]
    assert sorted(kinds) == ["diagnose", "inspect", "personalise"]


def contact_of(desk: Desk) -> str | None:
    """The stay of the card that lies in the workstation's reader, as the service knows it."""
    with desk.world.store.read() as uow:
        clerk = uow.staff.get("clerk")
    assert clerk
    seen = workstation_view(desk.world.store, WS, desk.world.now, by=clerk)
    return next((reader["contact"] for reader in seen["readers"] if reader["contact"]), None)


def test_another_card_never_gets_the_job_that_was_meant_for_the_first(desk: Desk) -> None:
    """The form is for one contact: changed cards, changed mind."""
    first, second = desk.world.issue("fudan-fmcos2", 1), desk.world.issue("fudan-fmcos2", 2)
    desk.sign_in()
    desk.hall.put(first)
    desk.sees("开通应用")
    desk.press("1")
    desk.sees("收款并写卡")
    before = contact_of(desk)
    desk.hall.put(second)
    until(lambda: contact_of(desk) not in (None, before))
    desk.type("50")
    desk.press("Enter")
    desk.sees("workstation_card_changed")
    assert balance_on(first)[0] == balance_on(second)[0] == 0


def test_what_a_program_could_send_is_refused_without_a_trace(desk: Desk) -> None:
    """No sign-in, a form of another page, another site, an unknown job, too much, a path outside."""
    url, request = desk.hall.url, desk.page.request
    anonymous = request.get(f"{url}/desk/", max_redirects=0)
    assert (anonymous.status, anonymous.headers["location"].partition("?")[0]) == (303, "/desk/sign-in")
    desk.sign_in()
    assert request.post(f"{url}/desk/lock", form={"csrf": "made up"}).status == 403
    csrf = desk.page.evaluate("csrf")
    other = request.post(f"{url}/desk/lock", form={"csrf": csrf}, headers={"Sec-Fetch-Site": "cross-site"})
    assert other.status == 403
    for path in ("jobs/nothing", "operations/none", "receipts/3100010100000001/none.pdf", "tray", "nowhere"):
        answer = request.get(f"{url}/desk/{path}")
        assert 400 <= answer.status < 500, path
        assert "Traceback" not in answer.text()
    assert request.post(f"{url}/desk/jobs/topup", form={"csrf": csrf}).status == 422
    assert request.post(f"{url}/desk/people", form={"csrf": csrf, "contact": "x", "id_number": "x" * 70_000}).status == 413
    policy = request.get(f"{url}/desk/").headers["content-security-policy"]
    assert "'unsafe" not in policy
    assert "http" not in policy
    away = request.post(f"{url}/desk/sign-in", form={"staff_id": "clerk", "password": PASSWORD, "next": "//evil.example/desk"})
    assert away.url.startswith(url)


def test_without_a_connection_nothing_is_sent_and_nothing_typed_is_lost(desk: Desk) -> None:
    """The cable is out while the form is filled in: the page stays and says so; afterwards the same key does it, once."""
    card = desk.world.issue("fudan-fmcos2")
    with Cable(desk.hall.url) as cable:
        desk.hall.url = cable.url
        desk.sign_in()
        desk.hall.put(card)
        desk.sees("开通应用")
        desk.press("1")
        desk.type("100")
        cable.pull()
        desk.sees("连不上服务")
        desk.press("Enter")
        desk.sees("刚才这一步没有收到回应")
        desk.press("Escape")
        desk.press("Escape")
        expect(desk.page.locator('input[name="amount"]')).to_have_value("100")
        desk.picture("offline")
        cable.plug()
        desk.sees("已恢复连接")
        expect(desk.page.get_by_text("连不上服务")).to_have_count(0)
        desk.page.focus('input[name="amount"]')
        desk.press("Enter")
        desk.sees("办好了")
        expect(desk.page.locator(".offline")).to_have_count(0)
        assert balance_on(card)[0] == desk.world.purse_total(desk.world.card_no_of(card)) == 10000


def test_a_service_that_is_slow_blocks_nothing_and_is_told(desk: Desk) -> None:
    """Eight seconds without a word: what was asked for is told to be on its way, and comes by itself."""
    with Cable(desk.hall.url) as cable:
        desk.hall.url = cable.url
        desk.sign_in()
        cable.hold()
        desk.press("d")
        desk.sees("正在等服务回应")
        desk.page.wait_for_timeout(8000)
        expect(desk.page.get_by_text("连不上服务")).to_have_count(0)
        cable.let_through()
        desk.sees("点清备用金")
        expect(desk.page.locator(".offline")).to_have_count(0)


def test_any_page_locks_that_nobody_touches(desk: Desk) -> None:
    """Also one that follows nothing: what it shows of people is gone by itself."""
    desk.sign_in()
    desk.press("f")
    desk.sees("找人（领卡、挂失")
    with desk.world.store.begin() as uow:
        (session,) = uow.desk_sessions.open_of("clerk")
        uow.desk_sessions.change(session, seen_at=session.seen_at - IDLE, opened_at=session.opened_at - dt.timedelta(hours=1))
        uow.commit()
    desk.sees("页面已锁定")
