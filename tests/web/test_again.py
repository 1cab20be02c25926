"""A form that is sent again because its answer was lost: it gets that answer, and nothing is done twice."""

import datetime as dt
import re

import pytest
from werkzeug.test import TestResponse

from cardsvc.rules import load_rule_set
from cardsvc.service.hall import tickets
from cardsvc.web.desk import again
from tests.web.desk_office import Office, Page

KEY = "0123456789abcdef"


def send(page: Page, path: str, key: str) -> TestResponse:
    """A form, with the key of this sending."""
    found = re.search(r'name="csrf" content="([^"]+)"', page.get("/sessions").text)
    assert found
    return page.client.post(f"/desk{path}", data={"csrf": found[1]}, headers={again.HEADER: key})


def test_the_next_number_is_called_once_and_the_page_goes_on(office: Office) -> None:
    """The answer of a call is lost, the key pressed again: it leads where the first led. Another press is another deed, and the
    same key from somebody else, too."""
    for _ in range(3):
        tickets.take(office.world.store, load_rule_set(), "hall", "money", office.world.now)
    page, other = office.page("clerk", "ws-1"), office.page("other", "ws-2")
    for one in (page, other):
        assert one.post("/queue/open").status_code == 303
    first = send(page, "/queue/next", KEY)
    second = send(page, "/queue/next", KEY)
    assert (first.status_code, first.location) == (second.status_code, second.location) == (303, "/desk/")
    assert send(page, "/queue/next", KEY[::-1]).status_code == 409
    assert send(other, "/queue/next", KEY).status_code == 303
    with office.world.store.read() as uow:
        called = [uow.tickets.at_desk("hall", desk) for desk in ("ws-1", "ws-2")]
    assert [ticket.number for ticket in called if ticket] == ["C001", "C002"]


def test_what_was_refused_is_tried_again_and_old_answers_are_forgotten(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody served at the desk, so nothing was called: the same form later is no repetition of anything that was done."""
    tickets.take(office.world.store, load_rule_set(), "hall", "money", office.world.now)
    page = office.page("clerk", "ws-1")
    assert send(page, "/queue/next", KEY).status_code == 409
    page.post("/queue/open")
    assert send(page, "/queue/next", KEY).status_code == 303
    later = again.now() + again.KEPT + dt.timedelta(minutes=1)
    monkeypatch.setattr(again, "now", lambda: later)
    assert send(page, "/queue/serve", KEY[::-1]).status_code == 303
    assert send(page, "/queue/next", KEY).status_code == 409
