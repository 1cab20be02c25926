"""The real agent on the real pcscd: cards come and go, a clerk's top-up reaches the card."""

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from cardsvc.client.agent import Agent
from cardsvc.service.desk.offers import offers
from cardsvc.service.desk.work_place import work_place
from cardsvc.service.desk.workstations import begin, progress, workstation_view
from cardsvc.service.management.reader_overview import readers_overview
from cardsvc.vcard import FaultPlan
from cardsvc.vcard.vpcd import VpcdSlot
from cardsvc.wire import OperationState, Reply
from tests.desk.conftest import WS, Desk
from tests.diagnosis.strangers import old_card
from tests.waiting import until
from tests.world import balance_on

TOP_UP = {"amount": 5000, "payment": {"method": "cash", "reference": None}}


@contextmanager
def at_work(desk: Desk, port: int, **given: Any) -> Iterator[VpcdSlot]:
    """The agent runs, with the slot of its reader; ``given`` to the agent."""
    slot, agent = VpcdSlot(port=port), Agent(desk.agent, desk.second, lambda _what, _about: None, wait=0.3, **given)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
        yield slot
    finally:
        slot.remove()
        agent.stop()
        thread.join()


def contact_of(desk: Desk) -> str | None:
    """The card in the workstation's only reader with one, as the clerk sees it."""
    seen = workstation_view(desk.world.store, WS, desk.world.now, by=desk.clerk)
    return next((reader["contact"] for reader in seen["readers"] if reader["contact"]), None)


def ended_of(desk: Desk, operation_id: str) -> Reply | None:
    """The operation, once it waits for no card."""
    reply = progress(desk.world.engine, WS, operation_id, by=desk.clerk)
    return None if reply.state is OperationState.CARD else reply


def test_a_clerks_top_up_reaches_the_card_in_the_workstations_reader(desk: Desk, own_pcscd: int) -> None:
    """The clerk sees it in, tops it up, and sees it out."""
    world = desk.world
    card = world.issue("fudan-fmcos2")
    with at_work(desk, own_pcscd) as slot:
        until(lambda: workstation_view(world.store, WS, world.now, by=desk.clerk)["readers"])
        slot.insert(card)
        contact = until(lambda: contact_of(desk))
        reply = begin(world.engine, WS, contact, "topup", TOP_UP, by=desk.clerk, idempotency_key="the form's key")
        ended = until(lambda: ended_of(desk, reply.id))
        assert ended.state is OperationState.DONE, ended.problem
        slot.remove()
        until(lambda: contact_of(desk) is None)
        assert balance_on(card)[0] == 5000


def test_a_card_that_leaves_in_mid_flow_ends_the_job_and_is_settled_when_it_comes_back(desk: Desk, own_pcscd: int) -> None:
    """Pulled while the load is written: the clerk is told, and afterwards card and books agree to the fen."""
    world = desk.world
    card = world.issue("fudan-fmcos2")
    with at_work(desk, own_pcscd) as slot:
        ids = []
        for key, plan in (("first form", FaultPlan(tear_after_write=1)), ("second form", FaultPlan())):
            card.plan = plan
            slot.insert(card)
            contact = until(lambda: contact_of(desk))
            reply = begin(world.engine, WS, contact, "topup", TOP_UP, by=desk.clerk, idempotency_key=key)
            ended = until(lambda reply=reply: ended_of(desk, reply.id))
            ids.append((ended.state, reply.id))
            slot.remove()
            until(lambda: contact_of(desk) is None)
        assert [state for state, _ in ids] == [OperationState.ABANDONED, OperationState.DONE]
        assert balance_on(card)[0] == world.purse_total(world.card_no_of(card)) == 10000


def test_a_reader_that_got_stuck_is_brought_back_and_the_desk_looks_again(desk: Desk, own_pcscd: int) -> None:
    """The job ends as unknown; the reader is reset, the card is a new contact, the next job works and tells of the resets."""
    world = desk.world
    card = world.issue("fudan-fmcos2")
    with at_work(desk, own_pcscd, deadline=4.0) as slot:
        slot.insert(card)
        contact = until(lambda: contact_of(desk))
        card.plan = FaultPlan(delay_milliseconds=6000)
        reply = begin(world.engine, WS, contact, "inspect", {}, by=desk.clerk, idempotency_key="the first look")
        assert until(lambda: ended_of(desk, reply.id)).state is OperationState.ABANDONED
        card.plan = FaultPlan()
        again = until(lambda: contact_of(desk) if contact_of(desk) != contact else None)
        reply = begin(world.engine, WS, again, "diagnose", {"quick": True}, by=desk.clerk, idempotency_key="the second look")
        ended = until(lambda: ended_of(desk, reply.id))
        assert ended.result is not None, ended.problem
        assert ended.result["evidence"]["reader.name"] == "Virtual PCD 00 00"
        assert ended.result["evidence"]["reader.reconnects"] >= 1
        (row,) = readers_overview(world.store, world.now)
        assert (row["place"], row["reader"], row["uses"], row["timeouts"]) == (WS, "Virtual PCD 00 00", 2, 1)
        assert row["resets"] >= 1


def test_an_old_bus_card_gives_its_money_to_a_citizen_card_once_through_the_reader(desk: Desk, own_pcscd: int) -> None:
    """Read, diagnosed, pulled while it is marked, moved, refused the second time; the new card is written: 12.34, once."""
    world = desk.world
    new, old = world.issue("fudan-fmcos2"), old_card()
    number = world.card_no_of(new)
    keys = (f"old card {number}" for number in count())

    def job(kind: str, **params: Any) -> Reply:
        contact = until(lambda: contact_of(desk))
        world.now += dt.timedelta(milliseconds=1)  # the page tells jobs apart by when they were asked for
        reply = begin(world.engine, WS, contact, kind, params, by=desk.clerk, idempotency_key=next(keys))
        return until(lambda: ended_of(desk, reply.id))

    def findings() -> list[str]:
        return [finding["code"] for finding in (job("diagnose").result or {"findings": ()})["findings"]]

    def offered() -> tuple[str, bool]:
        """The first job that the page offers for what lies there, and whether it may be done."""
        (card,) = work_place(world.engine, WS, by=desk.clerk).cards
        first = offers(world.engine, card, by=desk.clerk)[0]
        return first.kind, first.reason is None

    with at_work(desk, own_pcscd) as slot:
        slot.insert(old)
        seen = job("inspect").result
        assert seen is not None
        assert (seen["product"], seen["balance"], seen["finding"], seen["uid"]) == ("B", 1234, None, "00000000")
        assert findings() == ["card_legacy"]
        assert offered() == ("migrate", True)
        old.plan = FaultPlan(tear_after_write=old.writes + 1)
        assert job("migrate", card_no=number).state is OperationState.ABANDONED
        old.plan = FaultPlan()
        until(lambda: contact_of(desk) is None)
        slot.insert(old)
        assert findings() == ["old_card_half_moved"]
        moved = job("migrate", card_no=number).result
        assert moved is not None
        assert moved["amount"] == 1234
        assert findings() == ["old_card_moved"]
        again = job("migrate", card_no=number)
        assert (again.problem or {})["code"] == "legacy_card_moved"
        job("inspect")
        assert offered() == ("migrate", False)
        slot.remove()
        until(lambda: contact_of(desk) is None)
        slot.insert(new)
        assert job("fetch").state is OperationState.DONE
        slot.remove()
        assert balance_on(new)[0] == world.purse_total(number) == 1234
        assert world.balances()["clearing:legacy:bus"] == 1234
