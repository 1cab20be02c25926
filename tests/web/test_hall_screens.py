"""Screens of the hall, as whoever stands before them reads them."""

import re

from flask.testing import FlaskClient

from cardsvc.service.hall import desks, tickets
from tests.screens import COOKIE, paired
from tests.web.desk_office import Office, plain
from tests.world import rules


def screen(office: Office, path: str) -> FlaskClient:
    """A screen of the hall, paired for this page."""
    client = office.app.test_client()
    client.set_cookie(COOKIE, paired(office.world.store, path, office.world.now))
    return client


def told(office: Office, path: str, language: str = "zh") -> str:
    """What a screen says."""
    client = screen(office, path)
    client.set_cookie("cardsvc_lang", language)
    return plain(client.get(f"/hall/hall/{path}").text)


def test_a_screen_says_how_long_it_takes_in_both_languages(office: Office) -> None:
    """No desk, a free one, a queue; nobody reads of zero minutes."""
    store, book, moment = office.world.store, rules(), office.world.now
    assert "没有窗口办 no desk open" in told(office, "display")
    desks.open_desk(store, book, "ws-1", ["money"], by=office.people["clerk"], now=moment)
    assert re.search(r"充值、退款 Top-up and refund 0 马上 soon", told(office, "display"))
    assert re.search(r"充值、退款 Top-up and refund 不用等 no wait", told(office, "tickets"))
    for _ in range(3):
        tickets.take(store, book, "hall", "money", moment)
    assert re.search(r"充值、退款 Top-up and refund 3 约 \d+ 分钟 about \d+ min", told(office, "display"))
    assert re.search(
        r"Top-up and refund 充值、退款 3 waiting · about \d+ min 等候 3 人 · 约 \d+ 分钟", told(office, "tickets", "en")
    )


def test_the_newest_call_stands_first_with_the_name_of_its_desk(office: Office) -> None:
    """A workstation without a name goes by its id."""
    store, book, moment = office.world.store, rules(), office.world.now
    with store.begin() as uow:
        station = uow.terminals.get("ws-2")
        assert station
        uow.terminals.change(station, name="二号窗口")
        uow.commit()
    for number, (place, who) in enumerate((("ws-1", "clerk"), ("ws-2", "other"))):
        tickets.take(store, book, "hall", "money", moment)
        desks.open_desk(store, book, place, by=office.people[who], now=moment)
        desks.call_next(store, by=office.people[who], now=moment.replace(microsecond=number))
    assert re.search(r"请到窗口 Please come to the desk C002 → 二号窗口 C001 → ws-1", told(office, "display"))


def key_of(machine: FlaskClient) -> str:
    """The key that the ticket machine's page has now."""
    found = re.search(r'name="key" value="([^"]+)"', machine.get("/hall/hall/tickets").text)
    assert found
    return found[1]


def test_a_button_that_was_pressed_twice_gives_one_number(office: Office) -> None:
    """Twice, and the page loaded again; the next person has the next number. What is told is of this very number."""
    client, store, book = screen(office, "tickets"), office.world.store, rules()
    desks.open_desk(store, book, "ws-1", by=office.people["clerk"], now=office.world.now)
    tickets.take(store, book, "hall", "money", office.world.now)
    key = key_of(client)
    for _ in range(3):
        assert "C002 充值、退款 Top-up and refund 前面 1 人" in plain(
            client.post("/hall/hall/tickets", data={"kind": "money", "key": key}).text
        )
    told = plain(client.post("/hall/hall/tickets", data={"kind": "card", "key": key_of(client)}).text)
    assert re.search(r"A001 .*本人来办 .*本人身份证原件 .*父母代办 .*户口簿 .*他人代办 .*代办人身份证原件", told)
    with store.read() as uow:
        assert sorted(one.number for one in uow.tickets.where()) == ["A001", "C001", "C002"]


def test_a_machine_that_nobody_touches_tells_the_queue_as_it_is(office: Office) -> None:
    """Its figures are fetched again, by a page that holds no key."""
    tickets.take(office.world.store, rules(), "hall", "money", office.world.now)
    live = screen(office, "tickets").get("/hall/hall/tickets/live").text
    assert "等候 1 人" in plain(live)
    assert "key" not in live


def test_whoever_leaves_a_phone_is_told_when_somebody_calls(office: Office) -> None:
    """It is optional, sealed in the database, read by whoever calls back, and never asked for again."""
    store, book, moment, clerk = office.world.store, rules(), office.world.now, office.people["clerk"]
    number = tickets.take(store, book, "hall", "money", moment)
    desks.open_desk(store, book, "ws-1", by=clerk, now=moment)
    desks.call_next(store, by=clerk, now=moment)
    desks.serve(store, by=clerk, now=moment)
    desks.finish(store, book, by=clerk, now=moment)
    form = {"case": number.ticket_id, "level": "1", "remark": "等了一小时", "contact": "555-0101"}
    client = screen(office, "appraise/ws-1")
    without = client.post("/hall/hall/appraise/ws-1", data=form)
    assert without.status_code == 422
    assert 'value="555-0101"' in without.text
    thanks = plain(client.post("/hall/hall/appraise/ws-1", data={**form, "reason": "slow"}).text)
    with store.read() as uow:
        (given,) = uow.appraisals.where()
    assert f"我们会给您回电，最晚 We call you back, at the latest on {given.call_back_due}" in thanks
    assert given.contact is not None
    assert "555-0101" not in str(given.contact)
    assert "555-0101" in office.page("chief").text("/call-backs")
