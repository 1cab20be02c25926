"""A hall in the middle of its day, for tests of what supervisors see: jobs at a workstation, a queue, things left open."""

import datetime as dt
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import finish
from cardsvc.rules import rule_text
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.batches import GivenFile, import_file
from cardsvc.service.desk.workstations import begin, report
from cardsvc.service.hall import complaints, desks, tickets
from cardsvc.service.loss.hotlist import acknowledge, add_to_hot_list
from cardsvc.service.management.rule_versions import keep_first, propose_rules
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.service.staff.approvals import approve
from cardsvc.store.records import Staff
from cardsvc.units import LOCAL
from cardsvc.vcard import Fault, FaultPlan, VirtualCard, inflict
from cardsvc.wire import Reply
from tests.world import World, key_ring, rules

CASH: Mapping[str, Any] = {"method": "cash", "reference": None}


@dataclass
class Counter:
    """A clerk at a workstation, with the agent's side played in the same process."""

    world: World
    station: str
    clerk: Staff

    def do(self, card: VirtualCard, kind: str, **params: Any) -> None:
        """The card comes in, one job is done on it, it leaves."""
        engine, contact = self.world.engine, str(uuid.uuid4())
        self.sees(card, contact)
        key = str(uuid.uuid4())
        self.finish(card, begin(engine, self.station, contact, kind, params, by=self.clerk, idempotency_key=key))
        self.sees(None, contact)

    def finish(self, card: VirtualCard, reply: Reply) -> None:
        """What was begun is carried to its end on the card."""
        channel = card.channel()
        try:
            finish(self.world.engine.port(Actor("terminal", self.station, bytes(6), "desk")), channel, reply)
        finally:
            channel.close()
            card.plan = FaultPlan()

    def sees(self, card: VirtualCard | None, contact: str) -> None:
        """The agent reports its reader."""
        reader = {"name": "R", "atr": card.atr.hex() if card else None, "contact": contact if card else None}
        report(self.world.engine, self.station, "session-1", [reader], new=True)


def work_a_morning(counter: Counter) -> VirtualCard:
    """Two cards looked at and topped up, one of them found wrong, one top-up torn; gives the card of the torn one."""
    world = counter.world
    first, second, third = (world.issue("fudan-fmcos2", number) for number in (1, 2, 3))
    counter.do(first, "inspect")
    counter.do(first, "diagnose", quick=True)
    counter.do(first, "topup", amount=5000, payment=CASH)
    inflict(second, [Fault.parse("wrong-balance:12345")])
    counter.do(second, "diagnose", quick=True)
    counter.do(second, "diagnose")
    counter.do(third, "topup", amount=10000, payment=CASH)
    third.plan = FaultPlan(tear_after_write=1)
    with suppress(CardsvcError):
        counter.do(third, "topup", amount=20000, payment=CASH)
    return third


def fill_the_hall(world: World, clerk: Staff, other: Staff) -> None:
    """One number served, one at a desk, three waiting; a complaint."""
    store, book = world.store, rules()
    for kind in ("money", "money", "card", "card", "money"):
        tickets.take(store, book, "hall", kind, world.now)
    desks.open_desk(store, book, "ws-1", by=clerk, now=world.now)
    desks.open_desk(store, book, "ws-2", ["card"], by=other, now=world.now)
    for done in (True, False):
        desks.call_next(store, by=clerk, now=world.now)
        desks.serve(store, by=clerk, now=world.now)
        if done:
            desks.finish(store, book, by=clerk, now=world.now)
    complaints.receive(store, book, key_ring(), "12345", "等得太久", by=clerk, now=world.now)


def leave_things_open(world: World, listed: str, clerk: Staff, chief: Staff, second: Staff) -> None:
    """A hot list that a terminal is behind with, a second version of the rules, a file that contradicts the books."""
    store = world.store
    add_to_hot_list(store, listed, "挂失", by=clerk, now=world.now)
    acknowledge(store, "kiosk-7", 1, world.now)
    other = world.card_no_of(world.issue("fudan-fmcos2", 9))
    add_to_hot_list(store, other, "挂失", by=clerk, now=world.now)
    keep_first(store, rule_text(), world.now)
    text = rule_text().replace("minimum = 5000", "minimum = 2000", 1).replace('version = "2026.1"', 'version = "2026.2"')
    today = world.now.astimezone(LOCAL).date()
    tomorrow = today + dt.timedelta(days=1)
    asked = propose_rules(store, APPROVALS, text, tomorrow, "小额也可充值", by=chief, now=world.now)
    approve(store, APPROVALS, asked.approval_id, by=second, now=world.now)
    line = f"WX-77,3000,{today:%Y%m%d}120000,0"
    content = f"reference,amount,date_time,fee\n{line}\nEND,1,3000\n"
    import_file(store, key_ring(), GivenFile("channel", "mobile", "wx.csv", content.encode()), world.now, by=chief)
    reconcile(store, rules(), Scope(today), world.now, by=chief)
