"""Screens of the hall, as whoever stands before them reads them."""

import re

from cardsvc.service.hall import desks, tickets
from tests.web.desk_office import Office, plain
from tests.world import rules


def told(office: Office, path: str, language: str = "zh") -> str:
    """What a screen says."""
    client = office.app.test_client()
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
