"""Two pages of one desk on one card: a form that the other page has overtaken takes no money."""

import datetime as dt
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

from cardsvc.errors import CardGone, RequestError
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.desk.workstations import AWAY_AFTER, begin, progress, workstation_view
from cardsvc.service.loss.reports import report_loss
from cardsvc.vcard import FaultPlan
from tests.desk.busy import Counter
from tests.web.desk_office import Office, plain
from tests.web.test_refund_page import hidden
from tests.world import balance_on

TOP_UP = {"method": "cash", "reference": ""}


def test_a_form_that_another_page_has_overtaken_is_refused(office: Office) -> None:
    """The clerk typed it twice, or the second page showed an old balance: the first counts; that form again is the first."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    counter.sees(card, contact)

    def looked_at() -> None:
        for kind, params in (("inspect", {}), ("diagnose", {"quick": True})):
            key = str(uuid.uuid4())
            counter.finish(card, begin(world.engine, "ws-1", contact, kind, params, by=counter.clerk, idempotency_key=key))

    looked_at()
    page = office.page("clerk", "ws-1")
    first, second = (hidden(page.get(f"/jobs/topup?contact={contact}").text) for _ in range(2))
    begun = page.post("/jobs/topup", amount="100", **first, **TOP_UP)
    late = page.post("/jobs/topup", amount="200", **second, **TOP_UP)
    assert late.status_code == 409
    assert "另一个页面" in plain(late.text)
    assert "没有收款" in plain(late.text)
    assert page.post("/jobs/topup", amount="100", **first, **TOP_UP).location == begun.location
    counter.finish(card, progress(world.engine, "ws-1", begun.location.rpartition("/")[2], by=counter.clerk))
    looked_at()
    again = hidden(page.get(f"/jobs/topup?contact={contact}").text)
    meant = page.post("/jobs/topup", amount="200", **again, **TOP_UP)
    counter.finish(card, progress(world.engine, "ws-1", meant.location.rpartition("/")[2], by=counter.clerk))
    assert balance_on(card)[0] == 30000


def test_of_two_forms_at_the_same_moment_one_begins(office: Office) -> None:
    """Both were looked at before either began: only where the job begins can it be told which one is late."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    counter.sees(card, contact)
    both, mine = threading.Barrier(2, timeout=60), threading.local()

    def clock() -> dt.datetime:
        """The engine asks for the time as it begins: there one waits for the other."""
        mine.asked = getattr(mine, "asked", 0) + 1
        if mine.asked == 2:
            both.wait()
        return world.now

    engine = replace(world.engine, clock=clock)

    def top_up(fen: int) -> str:
        params = {"amount": fen, "payment": {"method": "cash", "reference": None}}
        key = str(uuid.uuid4())
        try:
            return begin(engine, "ws-1", contact, "topup", params, by=counter.clerk, idempotency_key=key, after="").id
        except RequestError as error:
            return error.code

    with ThreadPoolExecutor(2) as pool:
        (begun,) = {*pool.map(top_up, (10000, 20000))} - {"desk_job_between"}
    assert workstation_view(world.store, "ws-1", world.now, by=counter.clerk)["under_way"] == [begun]


def test_a_job_whose_agent_went_away_says_what_to_do(office: Office) -> None:
    """It said that the card must stay, for ever, and not why nothing went on."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    counter.sees(card, contact)
    params = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
    key = str(uuid.uuid4())
    begun = begin(world.engine, "ws-1", contact, "topup", params, by=counter.clerk, idempotency_key=key)
    page = office.page("clerk", "ws-1")
    assert "读卡程序没有连上" not in page.text(f"/operations/{begun.id}")
    with world.store.begin() as uow:
        seen = uow.workstations.get("ws-1")
        assert seen is not None
        uow.workstations.change(seen, seen_at=world.now - AWAY_AFTER)
        uow.commit()
    for path in (f"/operations/{begun.id}", f"/operations/{begun.id}/live"):
        told = page.text(path)
        assert "读卡程序没有连上" in told
        assert "启动 cardsvc agent" in told
        assert "不要再收款" in told


def test_a_job_that_another_desk_settled_is_shown_as_settled(office: Office) -> None:
    """On its own page, and in the list of what was done here; in green, with the receipt, and without asking for the card."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    counter.sees(card, contact)
    params = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
    begun = begin(world.engine, "ws-1", contact, "topup", params, by=counter.clerk, idempotency_key=str(uuid.uuid4()))
    card.plan = FaultPlan(tear_after_write=1)
    with suppress(CardGone, CarriedOut):
        counter.finish(card, begun)
    counter.sees(None, contact)
    page = office.page("clerk", "ws-1")
    assert "? 结果待核对" in page.text(f"/operations/{begun.id}")
    assert "? 卡片在办理中离开" in page.text("/")
    world.do(card, "inspect")
    told = page.text(f"/operations/{begun.id}")
    assert "✓ 已结清" in told
    assert "钱：50.00 元 · 成功" in told
    assert "同一张卡" not in told
    assert "✓ 卡片在办理中离开；之后放卡时已核对结清" in page.text("/")


def test_a_card_that_another_desk_reports_lost_takes_no_money_and_the_clerk_is_told(office: Office) -> None:
    """The form was open, the cash in hand: it goes back. The page said that the card was as before, which was just blocked."""
    world, contact = office.world, str(uuid.uuid4())
    counter, card = Counter(world, "ws-1", office.people["clerk"]), world.issue("fudan-fmcos2")
    counter.sees(card, contact)
    report_loss(world.store, world.engine.rules, world.card_no_of(card), "formal", by=counter.clerk, now=world.now)
    params = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
    begun = begin(world.engine, "ws-1", contact, "topup", params, by=counter.clerk, idempotency_key=str(uuid.uuid4()))
    with suppress(CarriedOut):
        counter.finish(card, begun)
    told = office.page("clerk", "ws-1").text(f"/operations/{begun.id}")
    for words in ("一放上就锁芯片", "卡上、账上都没有这一笔", "没有入账：这次已收的钱退还市民"):
        assert words in told
    assert world.balances() == {}
