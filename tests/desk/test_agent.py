"""The real agent on the real pcscd: cards come and go, a clerk's top-up reaches the card."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from cardsvc.client.agent import Agent
from cardsvc.service.workstations import begin, progress, workstation_view
from cardsvc.vcard import FaultPlan
from cardsvc.vcard.vpcd import VpcdSlot
from cardsvc.wire import OperationState, Reply
from tests.desk.conftest import WS, Desk
from tests.world import balance_on

pytestmark = pytest.mark.usefixtures("real_pcscd")
TOP_UP = {"amount": 5000, "payment": {"method": "cash", "reference": None}}


def until(found: Callable[[], Any], seconds: float = 10) -> Any:
    """What is found, once it is true."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return value


def contact_of(desk: Desk) -> str | None:
    """The card in the workstation's only reader with one, as the clerk sees it."""
    seen = workstation_view(desk.world.store, WS, desk.world.now, by=desk.clerk)
    return next((reader["contact"] for reader in seen["readers"] if reader["contact"]), None)


def ended_of(desk: Desk, operation_id: str) -> Reply | None:
    """The operation, once it waits for no card."""
    reply = progress(desk.world.engine, WS, operation_id, by=desk.clerk)
    return None if reply.state is OperationState.CARD else reply


def test_a_clerks_top_up_reaches_the_card_in_the_workstations_reader(desk: Desk) -> None:
    """The clerk sees it in, tops it up, and sees it out."""
    world, slot = desk.world, VpcdSlot()
    card = world.issue("fudan-fmcos2")
    agent = Agent(desk.agent, desk.second, lambda _what, _about: None, wait=0.3)
    thread = threading.Thread(target=agent.run)
    thread.start()

    try:
        until(lambda: workstation_view(world.store, WS, world.now, by=desk.clerk)["readers"])
        slot.insert(card)
        contact = until(lambda: contact_of(desk))
        reply = begin(world.engine, WS, contact, "topup", TOP_UP, by=desk.clerk, idempotency_key="the form's key")
        ended = until(lambda: ended_of(desk, reply.id))
        assert ended.state is OperationState.DONE, ended.problem
        slot.remove()
        until(lambda: contact_of(desk) is None)
        assert balance_on(card)[0] == 5000
    finally:
        slot.remove()
        agent.stop()
        thread.join()


def test_a_card_that_leaves_in_mid_flow_ends_the_job_and_is_settled_when_it_comes_back(desk: Desk) -> None:
    """Pulled while the load is written: the clerk is told, and afterwards card and books agree to the fen."""
    world, slot = desk.world, VpcdSlot()
    card = world.issue("fudan-fmcos2")
    agent = Agent(desk.agent, desk.second, lambda _what, _about: None, wait=0.3)
    thread = threading.Thread(target=agent.run)
    thread.start()
    try:
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
    finally:
        slot.remove()
        agent.stop()
        thread.join()
