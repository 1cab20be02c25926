"""The form of a refund: what goes back, and how, stands there before anything is done; what was shown is what is done."""

import html
import re
import uuid

import pytest

from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cash.shifts import open_shift
from cardsvc.service.desk.workstations import begin, progress
from cardsvc.vcard import VirtualCard
from cardsvc.wire import Reply
from tests.desk.busy import Counter
from tests.web.desk_office import Office, Page, plain
from tests.world import balance_on

MOBILE = {"method": "mobile", "reference": "wx-1"}


def card_with_money(office: Office) -> tuple[Counter, VirtualCard, str]:
    """60.00 in cash and 40.00 by phone on a card that lies on the reader and was looked at; gives its contact too."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    world.topup(card, 6000)
    world.do(card, "topup", amount=5000, payment=MOBILE)
    world.do(card, "purchase", amount=1000, merchant="bus")
    counter.sees(card, contact)
    for kind, params in (("inspect", {}), ("diagnose", {"quick": True})):
        key = str(uuid.uuid4())
        counter.finish(card, begin(world.engine, "ws-1", contact, kind, params, by=counter.clerk, idempotency_key=key))
    return counter, card, contact


def hidden(page: str) -> dict[str, str]:
    """The fields of the form that nobody fills in."""
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found if name != "csrf"}


def confirm(page: Page, fields: dict[str, str]) -> str:
    """The form is sent; the number of the operation."""
    answer = page.post("/jobs/refund", **fields)
    assert answer.status_code == 303, plain(answer.text)
    return answer.location.rpartition("/")[2]


def where(counter: Counter, number: str) -> Reply:
    """How far an operation is."""
    return progress(counter.world.engine, "ws-1", number, by=counter.clerk)


def test_what_goes_back_and_how_is_shown_and_done(office: Office) -> None:
    """100.00 less one percent: what came by phone goes back that way, the newest first; the books do just that."""
    counter, card, contact = card_with_money(office)
    page = office.page("clerk", "ws-1")
    form = page.get(f"/jobs/refund?contact={contact}").text
    told = plain(form)
    assert "退给市民 99.00 元" in told
    assert "手机支付，原路退回 50.00" in told
    assert "现金 49.00" in told
    assert "手续费 1.00" in told
    number = confirm(page, hidden(form))
    counter.finish(card, where(counter, number))
    result = where(counter, number).result or {}
    assert {part["account"]: part["amount"] for part in result["payouts"]} == {
        "payout:mobile": 5000,
        "clearing:terminal:ws-1": 4900,
        "fee:refund": 100,
    }
    done = page.text(f"/operations/{number}")
    assert "退还 99.00 元" in done
    assert re.search(r"手机支付，原路退回 50.00 元 .*现金 49.00 元|现金 49.00 元 .*手机支付，原路退回 50.00 元", done)


def test_another_amount_than_was_shown_is_refused_and_nothing_is_taken_off(office: Office) -> None:
    """The holder agreed to what the page said: it may not have become something else on the way."""
    counter, card, contact = card_with_money(office)
    page = office.page("clerk", "ws-1")
    fields = hidden(page.get(f"/jobs/refund?contact={contact}").text)
    shown = fields["told citizen:purse:"]
    for broken in ("", "{", "[1]"):
        refused = page.post("/jobs/refund", **{**fields, "told citizen:purse:": broken})
        assert refused.status_code == 422, broken
    number = confirm(page, {**fields, "told citizen:purse:": shown.replace("5000", "5001")})
    with pytest.raises(CarriedOut, match=r"^refund_changed \(not_done\)"):
        counter.finish(card, where(counter, number))
    told = page.text(f"/operations/{number}")
    assert "给市民看的是退 99.01 元，现在应退 99.00 元" in told
    assert "没有扣款" in told
    assert balance_on(card)[0] == 10000


def test_a_drawer_that_cannot_pay_is_told_before_the_card_is_touched(office: Office) -> None:
    """What helps stands there too; there is nothing to confirm."""
    world = office.world
    _counter, _card, contact = card_with_money(office)
    page = office.page("clerk", "ws-1")
    open_shift(world.store, ("terminal", "ws-1"), {"1": 0}, by=office.people["clerk"], now=world.now)
    form = page.get(f"/jobs/refund?contact={contact}").text
    assert "钱箱里能付的现金只有 0.00 元，不够付 49.00 元" in plain(form)
    assert "请主管从金库送现金" in plain(form)
    assert "told citizen:purse:" not in form
    assert "取空并退款" not in form
