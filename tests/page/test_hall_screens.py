"""The hall: a number is taken at the machine, called at the desk, shown on the display, and the service appraised."""

import pytest
from playwright.sync_api import Browser, expect

from cardsvc.rules import load_rule_set
from cardsvc.service.hall import desks, tickets
from tests.page.conftest import SLOW, Desk, axe_finds, opened, picture

pytestmark = pytest.mark.usefixtures("own_pcscd")


def test_a_number_from_the_machine_to_the_appraisal(desk: Desk, browser: Browser) -> None:
    """Machine, display, desk and second screen, each in a browser of its own; nobody's name is on a screen."""
    screens = [opened(browser, 1280, 800) for _ in range(3)]
    machine, display, second = screens
    machine.goto(f"{desk.hall.url}/hall/hall/tickets")
    display.goto(f"{desk.hall.url}/hall/hall/display")
    second.goto(f"{desk.hall.url}/hall/hall/appraise/ws-1")
    assert axe_finds(machine) == axe_finds(display) == axe_finds(second) == []
    picture(machine, "hall-tickets")
    machine.get_by_role("button", name="充值、退款").dblclick()
    expect(machine.locator("body")).to_contain_text("C001", timeout=SLOW)
    picture(machine, "hall-ticket")
    desk.sign_in()
    desk.sees("等候")
    desk.page.get_by_role("button", name="开窗叫号").click()
    desk.sees("叫下一位")
    desk.press("n")
    desk.sees("人到了")
    desk.picture("queue-called")
    expect(display.locator("body")).to_contain_text("C001", timeout=SLOW)
    expect(display.locator("body")).to_contain_text("一号窗口", timeout=SLOW)
    picture(display, "hall-display")
    desk.press("n")
    desk.sees("办完，请评价")
    desk.press("n")
    desk.sees("叫下一位")
    with desk.world.store.read() as uow:
        assert [one.number for one in uow.tickets.where()] == ["C001"]
    expect(second.locator("body")).to_contain_text("请为这次服务评价", timeout=SLOW)
    picture(second, "hall-appraise")
    assert axe_finds(second) == []
    second.get_by_role("button", name="不满意 Dissatisfied", exact=True).click()
    expect(second.locator("body")).to_contain_text("没有办成", timeout=SLOW)
    second.get_by_label("没有说清楚").check()
    second.get_by_role("button", name="不满意 Dissatisfied", exact=True).click()
    expect(second.locator("body")).to_contain_text("谢谢您的评价", timeout=SLOW)
    with desk.world.store.read() as uow:
        (given,) = uow.appraisals.where()
    assert (given.level, given.reason) == (2, "unclear")
    for screen in screens:
        assert "演示员" not in screen.content()
        screen.context.close()


def test_a_screen_that_stands_in_no_hall_says_so(desk: Desk) -> None:
    """A wrong outlet, a kind that there is not, another site's form: told, and nothing taken."""
    request, url = desk.page.request, desk.hall.url
    assert request.get(f"{url}/hall/nowhere/display").status == 404
    assert request.post(f"{url}/hall/hall/tickets", form={"kind": "wishes", "key": "a-key"}).status == 422
    foreign = request.post(
        f"{url}/hall/hall/tickets", form={"kind": "money", "key": "a-key"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status == 403
    with desk.world.store.read() as uow:
        assert uow.tickets.where() == []


def test_a_display_tells_that_it_is_silent_or_alone(desk: Desk, browser: Browser) -> None:
    """A browser lets nothing sound before somebody touched the page: a button says so. Without the service nobody reads old
    numbers for new ones."""
    display = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    display.goto(f"{desk.hall.url}/hall/hall/display")
    bell = display.get_by_role("button", name="打开叫号声音")
    expect(bell).to_be_visible(timeout=SLOW)
    assert axe_finds(display) == []
    picture(display, "hall-display-silent")
    bell.click()
    expect(bell).to_be_hidden(timeout=SLOW)
    display.context.set_offline(True)
    expect(display.get_by_role("alert")).to_contain_text("暂时连不上", timeout=SLOW)
    assert axe_finds(display) == []
    picture(display, "hall-display-lost")
    display.context.set_offline(False)
    expect(display.get_by_role("alert")).to_be_hidden(timeout=SLOW)
    display.context.close()


def test_what_somebody_left_half_said_is_gone_before_the_next_one_comes(desk: Desk, browser: Browser) -> None:
    """A bad level without its reason is told and kept on the screen while somebody writes, and no longer: the phone number is
    theirs, and the next person appraises a case of their own."""
    store, book, moment = desk.world.store, load_rule_set(), desk.world.now
    with store.read() as uow:
        clerk = uow.staff.get("clerk")
    assert clerk
    tickets.take(store, book, "hall", "money", moment)
    desks.open_desk(store, book, "ws-1", by=clerk, now=moment)
    desks.call_next(store, by=clerk, now=moment)
    desks.serve(store, by=clerk, now=moment)
    desks.finish(store, book, by=clerk, now=moment)
    second = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    second.clock.install()
    second.goto(f"{desk.hall.url}/hall/hall/appraise/ws-1")
    second.get_by_label("要我们回电的请留电话").fill("555-0101")
    second.get_by_role("button", name="不满意 Dissatisfied", exact=True).click()
    expect(second.locator("body")).to_contain_text("没有办成", timeout=SLOW)
    phone = second.get_by_label("要我们回电的请留电话")
    second.clock.run_for(50_000)
    phone.fill("555-0102")
    second.clock.run_for(50_000)
    expect(phone).to_have_value("555-0102")
    second.clock.run_for(11_000)
    expect(phone).to_have_value("", timeout=SLOW)
    expect(second.locator("#live[data-url]")).to_be_attached(timeout=SLOW)
    second.context.close()
