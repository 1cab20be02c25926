"""Screens of the hall are paired by somebody of the staff; one that is not shows its code, and nothing of the hall."""

import datetime as dt
import re

import pytest
from flask.testing import FlaskClient

from cardsvc.service.hall import desks, screens, tickets
from tests.day.outlet import refused
from tests.screens import COOKIE, paired
from tests.web.desk_office import Office, plain
from tests.world import rules

PAGES = ("display", "tickets", "appraise/ws-1")


def code_on(client: FlaskClient) -> str:
    """The code that a browser shows which is no screen yet."""
    found = re.search(r"(\d{3}) (\d{3})", plain(client.get("/hall").text))
    assert found
    return found[1] + found[2]


def test_a_supervisor_pairs_a_screen_by_the_code_on_it(office: Office) -> None:
    """From then on the browser is led to its own page, whatever address it has, until somebody unpairs it."""
    browser, chief = office.app.test_client(), office.page("chief")
    code = code_on(browser)
    assert code_on(browser) == code
    wrong = chief.post("/manage/screens", code="abc", purpose="display")
    assert wrong.status_code == 404
    assert "没有屏幕显示 abc" in plain(wrong.text)
    assert chief.post("/manage/screens", code=f"{code[:3]} {code[3:]}", purpose="appraise", desk="ws-1").status_code == 303
    assert browser.get("/hall").headers["Location"] == "/hall/hall/appraise/ws-1"
    assert "欢迎光临" in browser.get("/hall/hall/appraise/ws-1").text
    for other in ("/hall/hall/appraise/ws-2", "/hall/hall/display", "/hall/west/tickets"):
        assert browser.get(other).headers["Location"] == "/hall"
    listed = chief.text("/manage/screens")
    assert re.search(r"窗口的评价屏 ws-1 ● 在线 .* 演示 chief", listed)
    ending = re.search(r'action="/desk(/manage/screens/\w+/end[^"]*)"', chief.get("/manage/screens").text)
    assert ending
    for _ in range(2):
        assert chief.post(ending[1]).status_code == 303
    assert "还没有配对的屏幕" in chief.text("/manage/screens")
    assert browser.get("/hall/hall/appraise/ws-1").headers["Location"] == "/hall"
    assert code_on(browser) != code


@pytest.mark.parametrize("path", PAGES)
def test_a_browser_that_nobody_paired_sees_nothing_and_sends_nothing(office: Office, path: str) -> None:
    """Its pages lead to the code, also those that a page fetches of itself; what it sends is not taken."""
    browser = office.app.test_client()
    for address in (f"/hall/hall/{path}", f"/hall/hall/{path}/live"):
        assert browser.get(address).headers["Location"] == "/hall"
    if path != "display":
        sent = browser.post(f"/hall/hall/{path}", data={"kind": "money", "key": "a-key", "case": "x", "level": "5"})
        assert sent.headers["Location"] == "/hall"
    with office.world.store.read() as uow:
        assert uow.tickets.where() == []


def served_at_desk(office: Office) -> str:
    """The case of somebody who was served at ws-1, for its second screen."""
    store, book, moment, clerk = office.world.store, rules(), office.world.now, office.people["clerk"]
    tickets.take(store, book, "hall", "money", moment)
    desks.open_desk(store, book, "ws-1", by=clerk, now=moment)
    desks.call_next(store, by=clerk, now=moment)
    desks.serve(store, by=clerk, now=moment)
    return desks.finish(store, book, by=clerk, now=moment).ticket_id


def test_whoever_is_signed_in_at_a_desk_appraises_nobody(office: Office) -> None:
    """Not even in a browser that was paired as the second screen of that desk."""
    store, moment, case = office.world.store, office.world.now, served_at_desk(office)
    page = office.page("clerk")
    page.client.set_cookie(COOKIE, paired(store, "appraise/ws-1", moment))
    sent = page.client.post("/hall/hall/appraise/ws-1", data={"case": case, "level": "5"})
    assert (sent.status_code, "screen_is_desk" in sent.text) == (403, True)
    with store.read() as uow:
        assert uow.appraisals.where() == []


def test_a_second_screen_appraises_its_own_desk_alone(office: Office) -> None:
    """Whatever case it sends."""
    store, moment, case = office.world.store, office.world.now, served_at_desk(office)
    for desk, given in (("ws-2", 0), ("ws-1", 1)):
        browser = office.app.test_client()
        browser.set_cookie(COOKIE, paired(store, f"appraise/{desk}", moment))
        browser.post(f"/hall/hall/appraise/{desk}", data={"case": case, "level": "5"})
        with store.read() as uow:
            assert len(uow.appraisals.where()) == given


def test_who_may_pair_and_what_a_screen_may_be(office: Office) -> None:
    """A supervisor of that outlet or an administrator; a second screen stands at a desk of the outlet, no other one does."""
    store, moment, chief, admin = office.world.store, office.world.now, office.people["chief"], office.people["admin"]
    _, screen = screens.introduce(store, moment)
    code = str(screen.code)
    for purpose, desk in (("appraise", "ws-9"), ("appraise", None), ("display", "ws-1"), ("mirror", None)):
        with refused("screen_desk_wrong"):
            screens.pair(store, code, purpose, "hall", desk, by=chief, now=moment)
    for who in ("clerk", "auditor"):
        with refused("not_permitted"):
            screens.pair(store, code, "display", "hall", by=office.people[who], now=moment)
    with refused("screen_elsewhere"):
        screens.pair(store, code, "display", "west", by=chief, now=moment)
    with refused("outlet_unknown"):
        screens.pair(store, code, "display", "east", by=admin, now=moment)
    made = screens.pair(store, code, "display", "west", by=admin, now=moment)
    with refused("screen_elsewhere"):
        screens.unpair(store, made.screen_id, by=chief, now=moment)
    with refused("screen_unknown"):
        screens.unpair(store, "0" * 64, by=admin, now=moment)
    for answer in (office.page("clerk").get("/manage/screens"), office.page("auditor").post("/manage/screens", code=code)):
        assert answer.status_code in (403, 422)


def test_a_code_ends_with_the_page_that_shows_it(office: Office) -> None:
    """A browser that was closed waits no more: its code pairs nothing, its row goes. There is room for so many at a time."""
    store, moment, chief = office.world.store, office.world.now, office.people["chief"]
    token, first = screens.introduce(store, moment)
    later = moment + screens.SHOWN_FOR
    assert screens.screen_of(store, token, later) is not None
    screens.introduce(store, later + dt.timedelta(seconds=1))
    assert screens.screen_of(store, token, later) is not None
    gone = later + screens.SHOWN_FOR + dt.timedelta(seconds=1)
    with refused("screen_code_wrong"):
        screens.pair(store, str(first.code), "display", "hall", by=chief, now=gone)
    for _ in range(screens.MOST_WAITING):
        screens.introduce(store, gone + screens.SHOWN_FOR)
    assert screens.screen_of(store, token, gone) is None
    with refused("screens_many"):
        screens.introduce(store, gone + screens.SHOWN_FOR)


def test_a_screen_that_is_told_of_a_problem_goes_back_by_itself(office: Office) -> None:
    """Nobody stands before it who could lead it back; the desk's menu is not on it."""
    machine, moment = office.app.test_client(), office.world.now
    machine.set_cookie(COOKIE, paired(office.world.store, "tickets", moment))
    told = machine.post("/hall/hall/tickets", data={"kind": "money"})
    assert (told.status_code, 'data-back="/hall"' in told.text, "/desk/sign-in" in told.text) == (422, True, False)
    for _ in range(screens.MOST_WAITING):
        screens.introduce(office.world.store, moment)
    full = office.app.test_client().get("/hall")
    assert (full.status_code, "等待配对的屏幕太多" in full.text, 'data-back="/hall"' in full.text) == (429, True, True)
    assert machine.get("/hall").headers["Location"] == "/hall/hall/tickets"
