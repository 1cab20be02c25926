"""``why``: nothing of a card's history is left out, and everybody who decided is named."""

import datetime as dt
import json
import os
import re

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.time_line import why
from cardsvc.service.cards.handing_out import Collector, hand_out
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.purse.suspects import attachment, take
from cardsvc.service.staff.approvals import approve, open_approvals, propose
from cardsvc.service.tidy import tidy
from cardsvc.service.words.time_line import told as told_of
from cardsvc.vcard import FaultPlan
from tests.cli.test_cli import run
from tests.databases import url_of
from tests.day.outlet import Hall
from tests.service.cards.test_renewal import replace
from tests.service.purse.test_orders import pay
from tests.world import FAMILIES

CARD = "3100010100000001"


def test_everybody_who_decided_is_named(hall: Hall) -> None:
    """A suspect that two people settled, a correction, an order, a loss with its release: in the service and in the command."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardsvcError):
        world.topup(card)
    with world.store.read() as uow:
        (load,) = uow.loads.open_on(CARD)
    world.now += dt.timedelta(minutes=1)
    papers = {"card_no": CARD, "written": False, "attachments": [attachment("journal.txt", b"nothing")]}
    hall.agree("settle_suspect", load.load_id, papers)
    purse = f"purse:{CARD}:purse:ep"
    hall.agree("correction", "claim-1", {"debit": "vault:hall", "credit": purse, "amount": 300, "corrects": "x"}, "other")
    pay(world)
    report_loss(world.store, world.engine.rules, CARD, "formal", by=hall["teller"], now=world.now)
    hall.agree("release_from_hot_list", CARD, {}, second="second")
    told = why(world.store, CARD)
    for event, facts in [
        ("proposed", {"approval": "settle_suspect", "by": "teller", "reason": "送款单 7"}),
        ("decided", {"approval": "settle_suspect", "decided": "approved", "by": "boss"}),
        ("paid", {"amount": 5000, "product": "citizen", "area": "purse", "by": "app"}),
        ("listed", {"version": 1, "action": "add", "by": "teller", "reason": "挂失 (reported lost)"}),
    ]:
        assert (event, facts) in [(entry["event"], entry["facts"]) for entry in told]
    city = {**os.environ, "CARDSVC_DATABASE_URL": url_of(world.path), "CARDSVC_LANG": "zh"}
    shown = run(city, "why", CARD).stdout
    for line in [
        "人工结清，teller 提出：送款单 7",
        "人工结清，boss 已同意",
        "账目更正，other 提出：送款单 7",
        "线上付款 50.00 元，城市通钱包，渠道 app",
        "线上付款 50.00 元：应缴",
        "正式挂失，经手 teller",
        "第 1 版加入：挂失 (reported lost)，经手 teller",
        "移出黑名单，second 已同意",
        "更正 3.00 元：金库 hall → 卡内 城市通钱包",
    ]:
        assert line in shown
    assert len(shown.splitlines()) == len(told)
    assert not re.search(r"[a-z]+_[a-z]+|\b(done|abandoned|issued|approved)\b", shown), "a code was shown to a person"
    assert json.loads(run(city, "why", CARD, "--json").stdout) == told


def test_who_got_the_card_is_told_and_that_a_lost_one_is_gone(hall: Hall) -> None:
    """Of "I never had that card" the line says who collected it and who gave it; one that was lost was taken in by nobody."""
    world = hall.world
    world.issue(FAMILIES[0])
    hand_out(world.store, world.engine.rules, CARD, Collector(compared=True), by=hall["teller"], now=world.now)
    report_loss(world.store, world.engine.rules, CARD, "formal", by=hall["teller"], now=world.now)
    replace(world, hall["teller"], "lost", readable=False)
    told = [told_of(entry).zh for entry in why(world.store, CARD)]
    assert "发放给持卡人本人，经手 teller" in told
    ended = next(line for line in told if "到账日" in line)
    assert ended.startswith("旧卡停用（余额按账册），到账日 ")


def test_a_long_history_is_whole(hall: Hall) -> None:
    """A hundred looks later the operation that made the card is still told."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    for _ in range(101):
        world.do(card, "inspect")
    told = [entry["facts"] for entry in why(world.store, CARD) if entry["what"] == "operation"]
    made = {"job": "personalise", "place": "desk", "by": "desk-1", "operation": "done"}
    assert (len(told), told[0]) == (102, made)


def test_a_proposal_lapses_when_the_card_settles_its_suspect(hall: Hall) -> None:
    """Who took the suspect is named; nobody has to refuse what the card made needless, nobody can agree to it any more."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardsvcError):
        world.topup(card)
    with world.store.read() as uow:
        (load,) = uow.loads.open_on(CARD)
    world.now += dt.timedelta(minutes=1)
    world.engine.sweep()
    take(world.store, CARD, load.load_id, "已电话联系", by=hall["teller"], now=world.now)
    papers = {"card_no": CARD, "written": True, "attachments": [attachment("journal.txt", b"nothing")]}
    asked = propose(world.store, APPROVALS, "settle_suspect", load.load_id, papers, "凭日志", by=hall["teller"], now=world.now)
    tidy(world.engine)
    city = {**os.environ, "CARDSVC_DATABASE_URL": url_of(world.path), "CARDSVC_LANG": "zh"}
    assert "人工结清，teller 提出" in run(city, "why", CARD).stdout, "before there is any evidence"
    assert [one["approval_id"] for one in open_approvals(world.store)] == [asked.approval_id]
    card.plan = FaultPlan()
    settled = world.do(card, "inspect")["settled"]
    assert (settled[0]["state"], settled[0]["rule"]) == ("refunded", "counter_unchanged")
    tidy(world.engine)
    assert open_approvals(world.store) == []
    with pytest.raises(CardsvcError) as told:
        approve(world.store, APPROVALS, asked.approval_id, by=hall["boss"], now=world.now)
    assert (told.value.code, told.value.what.zh) == ("approval_decided", "这一项已经处理：已失效：此前已经结清")
    shown = run(city, "why", CARD).stdout
    for line in ("疑账由 teller 负责：已电话联系", "人工结清已失效：计数器没有动：卡上没有"):
        assert line in shown
    assert "计数器没有动" in run(city, "approvals", "show", asked.approval_id).stdout
