"""The hall: a number is taken at the machine, called at the desk, shown on the display, and the service appraised."""

import pytest
from playwright.sync_api import Browser, Page, expect

from cardsvc.bootstrap import now
from cardsvc.rules import load_rule_set
from cardsvc.service.hall import desks, tickets
from tests.page.conftest import SLOW, Desk, axe_finds, opened, picture
from tests.screens import COOKIE, paired

pytestmark = pytest.mark.usefixtures("own_pcscd")


def hall_screen(desk: Desk, browser: Browser, path: str) -> Page:
    """A screen of the hall that was paired for this page, and shows it."""
    page = opened(browser, 1280, 800)
    token = paired(desk.world.store, path, now())
    page.context.add_cookies([{"name": COOKIE, "value": token, "url": desk.hall.url}])
    page.goto(f"{desk.hall.url}/hall")
    page.wait_for_url(f"{desk.hall.url}/hall/hall/{path.removesuffix('_paper')}")
    return page


def test_a_screen_is_paired_while_somebody_looks_at_it(desk: Desk, browser: Browser) -> None:
    """It shows a code, becomes what the supervisor says by itself, and shows a code again when it is unpaired."""
    screen = opened(browser, 1280, 800)
    screen.goto(f"{desk.hall.url}/hall/hall/display")
    expect(screen.locator("body")).to_contain_text("这块屏幕还没有配对")
    assert axe_finds(screen) == []
    picture(screen, "hall-pair")
    code = screen.locator(".call b").inner_text()
    desk.sign_in("chief")
    desk.page.goto(f"{desk.hall.url}/desk/manage/screens")
    desk.type(code)
    desk.page.get_by_label("取号机", exact=True).check()
    desk.press("Enter")
    desk.sees("在线")
    desk.picture("manage-screens")
    expect(screen.get_by_role("button", name="充值、退款")).to_be_visible()
    desk.page.get_by_role("button", name="解除配对").click()
    expect(screen.locator("body")).to_contain_text("这块屏幕还没有配对")
    screen.context.close()


def test_a_number_from_the_machine_to_the_appraisal(desk: Desk, browser: Browser) -> None:
    """Machine, display, desk and second screen, each in a browser of its own; nobody's name is on a screen."""
    screens = [hall_screen(desk, browser, path) for path in ("tickets", "display", "appraise/ws-1")]
    machine, display, second = screens
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
    url = desk.hall.url
    token = paired(desk.world.store, "tickets", now())
    desk.page.context.add_cookies([{"name": COOKIE, "value": token, "url": url}])
    request = desk.page.request
    assert request.get(f"{url}/hall/nowhere/display").url == f"{url}/hall/hall/tickets"
    assert request.post(f"{url}/hall/hall/tickets", form={"kind": "wishes", "key": "a-key"}).status == 422
    foreign = request.post(
        f"{url}/hall/hall/tickets", form={"kind": "money", "key": "a-key"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert foreign.status == 403
    with desk.world.store.read() as uow:
        assert uow.tickets.where() == []


def test_a_display_tells_that_it_is_silent_or_alone(desk: Desk, browser: Browser) -> None:
    """A browser lets nothing sound before somebody touched the page: a button says so. Without the service nobody reads old
    numbers for new ones; after an update of the service it loads the new page by itself."""
    display = hall_screen(desk, browser, "display")
    bell = display.get_by_role("button", name="打开叫号声音")
    expect(bell).to_be_visible(timeout=SLOW)
    assert axe_finds(display) == []
    picture(display, "hall-display-silent")
    bell.click()
    expect(bell).to_be_hidden(timeout=SLOW)
    display.evaluate("document.body.dataset.old = 1; document.getElementById('live').dataset.made = 'an older version'")
    expect(display.locator("body:not([data-old])")).to_be_attached(timeout=SLOW)
    display.context.set_offline(True)
    expect(display.get_by_role("alert")).to_contain_text("暂时连不上", timeout=SLOW)
    assert axe_finds(display) == []
    picture(display, "hall-display-lost")
    display.context.set_offline(False)
    expect(display.get_by_role("alert")).to_be_hidden(timeout=SLOW)
    display.context.close()


def test_a_machine_with_a_printer_gives_a_slip(desk: Desk, browser: Browser) -> None:
    """Once for each number; another machine, or a look at the page again, prints nothing. The slip fits paper of 80 mm."""
    for path, printed in (("tickets_paper", 1), ("tickets", 0)):
        machine = hall_screen(desk, browser, path)
        machine.add_init_script("window.printed = 0; window.print = () => { window.printed += 1; };")
        machine.reload()
        machine.get_by_role("button", name="申领、补换卡").click()
        expect(machine.locator("body")).to_contain_text("父母代办")
        assert machine.evaluate("window.printed") == printed
        machine.emulate_media(media="print")
        machine.set_viewport_size({"width": 280, "height": 700})
        assert machine.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        expect(machine.get_by_role("link", name="好")).to_be_hidden()
        picture(machine, "hall-slip")
        machine.context.close()


def test_a_machine_that_is_alone_stays_a_machine(desk: Desk, browser: Browser) -> None:
    """Whoever presses a button while the service is away is told, and the page that shows a number waits for the service to
    go back to: nobody at a machine can lead a browser back from an error of its own."""
    machine = hall_screen(desk, browser, "tickets")
    button = machine.get_by_role("button", name="充值、退款")
    machine.context.set_offline(True)
    button.click()
    expect(machine.get_by_role("alert")).to_contain_text("请找引导员取号")
    picture(machine, "hall-tickets-lost")
    expect(button).to_be_visible()
    machine.context.set_offline(False)
    expect(machine.get_by_role("alert")).to_be_hidden()
    machine.clock.install()
    button.click()
    expect(machine.locator("body")).to_contain_text("C001")
    machine.context.set_offline(True)
    machine.clock.run_for(30_000)
    expect(machine.get_by_role("alert")).to_be_visible()
    expect(machine.locator("body")).to_contain_text("C001")
    machine.context.set_offline(False)
    machine.clock.run_for(3_000)
    expect(button).to_be_visible()
    machine.context.close()


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
    second = hall_screen(desk, browser, "appraise/ws-1")
    second.clock.install()
    second.reload()
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
