"""Operations that staff begin for a workstation, with the agent's side played by hand over HTTP."""

import datetime as dt
from contextlib import suppress
from typing import Any

import pytest

from cardsvc.client.http import ServiceRefused, reply_of
from cardsvc.errors import CardGone, CardsvcError
from cardsvc.readers.carry import CarriedOut, finish
from cardsvc.service.desk.work_place import job_of
from cardsvc.service.desk.workstations import AWAY_AFTER, begin, progress, workstation_view
from cardsvc.service.hall.live import live_hall
from cardsvc.service.management.terminal_overview import terminals_overview
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.wire import OperationState, Reply
from tests.desk.conftest import WS, Desk
from tests.world import balance_on

TOP_UP = {"amount": 5000, "payment": {"method": "cash", "reference": None}}
CONTACT = "contact-of-the-first-card"


def say(desk: Desk, card: VirtualCard | None, contact: str = CONTACT, session: str = "session-1", *, new: bool = True) -> None:
    """The agent reports one reader."""
    reader = {"name": "R", "atr": card.atr.hex() if card else None, "contact": contact if card else None}
    desk.agent.call("POST", "/workstations/self/readers", {"session": session, "new": new, "readers": [reader]})


def work(desk: Desk, last: str | None = None, session: str = "session-1") -> Any:
    """The agent asks for work."""
    return desk.agent.call("POST", "/workstations/self/work", {"session": session, "last": last, "wait": 0})


def top_up(desk: Desk, contact: str = CONTACT, key: str = "the form's key") -> Reply:
    """The clerk begins."""
    return begin(desk.world.engine, WS, contact, "topup", TOP_UP, by=desk.clerk, idempotency_key=key)


def refused(code: str) -> Any:
    """Refused with this code."""
    return pytest.raises(CardsvcError, match=f"^{code} ")


def test_a_job_goes_to_the_card_once_for_two_clicks_and_a_lost_answer(desk: Desk) -> None:
    """The same form twice, before and after the end, is one operation and one payment; a poll asked again brings it again."""
    card = desk.world.issue("fudan-fmcos2")
    say(desk, card)
    first, again = top_up(desk), top_up(desk)
    assert first.id == again.id
    assert work(desk)["operation"]["id"] == work(desk)["operation"]["id"] == first.id
    channel = card.channel()
    finish(desk.agent, channel, reply_of(work(desk)["operation"]))
    channel.close()
    assert work(desk, last=first.id)["operation"] is None
    say(desk, None)
    assert top_up(desk).state is OperationState.DONE
    assert progress(desk.world.engine, WS, first.id, by=desk.clerk).state is OperationState.DONE
    assert balance_on(card)[0] == desk.world.purse_total(desk.world.card_no_of(card)) == 5000


def test_a_killed_agent_leaves_a_job_that_is_over_and_settled_at_the_next_contact(desk: Desk) -> None:
    """The next run of the agent ends it; the clerk still sees it, and the card can be topped up as if nothing was."""
    card = desk.world.issue("fudan-fmcos2")
    say(desk, card)
    begun = top_up(desk)
    assert work(desk)["operation"]["state"] == "card"
    say(desk, card, "contact-after-restart", "session-2")
    assert progress(desk.world.engine, WS, begun.id, by=desk.clerk).state is OperationState.ABANDONED
    with pytest.raises(ServiceRefused, match="workstation_taken_over"):
        work(desk)
    second = top_up(desk, "contact-after-restart", "another form")
    with pytest.raises(ServiceRefused, match="workstation_taken_over"):
        say(desk, card, session="session-1", new=False)
    channel = card.channel()
    finish(desk.agent, channel, reply_of(work(desk, session="session-2")["operation"]))
    channel.close()
    assert progress(desk.world.engine, WS, second.id, by=desk.clerk).state is OperationState.DONE
    assert balance_on(card)[0] == 5000


def test_nothing_begins_on_another_card_without_an_agent_or_for_strangers(desk: Desk) -> None:
    """Each refusal names its reason, and no operation is there afterwards."""
    with refused("workstation_away"):
        top_up(desk)
    card = desk.world.issue("fudan-fmcos2")
    say(desk, card, "contact-of-the-second-card")
    with refused("workstation_card_changed"):
        top_up(desk)
    say(desk, card)
    with refused("workstation_elsewhere"):
        begin(desk.world.engine, WS, CONTACT, "topup", TOP_UP, by=desk.stranger, idempotency_key="a stranger's key")
    with pytest.raises(ServiceRefused, match="operation_not_permitted"):
        desk.agent.start("topup", TOP_UP, atr=card.atr, idempotency_key="the agent's own")
    with pytest.raises(ServiceRefused, match="operation_not_permitted"):
        desk.agent.card(desk.world.card_no_of(card))
    later = desk.world.now + AWAY_AFTER
    assert not workstation_view(desk.world.store, WS, later, by=desk.clerk)["online"]
    assert workstation_view(desk.world.store, WS, desk.world.now, by=desk.clerk)["under_way"] == []
    with pytest.raises(ServiceRefused, match="workstation_unknown"):
        desk.served.kiosk.call("POST", "/workstations/self/readers", {"session": "session-1", "new": True, "readers": []})


@pytest.mark.parametrize(("silent", "there"), [(AWAY_AFTER - dt.timedelta(seconds=1), True), (AWAY_AFTER, False)])
def test_desk_hall_and_list_of_terminals_agree_whether_an_agent_is_there(desk: Desk, silent: dt.timedelta, there: bool) -> None:
    """At the very moment, too: nobody is told that a desk works where another page says that its agent is gone."""
    say(desk, None)
    store, later = desk.world.store, desk.world.now + silent
    hall = live_hall(store, desk.world.engine.rules, "hall", later)
    assert workstation_view(store, WS, later, by=desk.clerk)["online"] is there
    assert [row["desk"] for row in hall["desks"]] == ([WS] if there else [])
    assert {row["terminal_id"]: row["online"] for row in terminals_overview(store, later)["terminals"]}[WS] is there


@pytest.mark.parametrize(
    ("plan", "state", "code", "outcome", "on_card"),
    [
        (FaultPlan(tear_after_write=1), OperationState.ABANDONED, "settled_done", "done", 5000),
        (FaultPlan(tear_before_write=1), OperationState.ABANDONED, "settled_not_done", "not_done", 0),
    ],
)
def test_what_another_desk_settled_is_told_as_settled(
    desk: Desk, plan: FaultPlan, state: OperationState, code: str, outcome: str, on_card: int
) -> None:
    """The card left here and was put on elsewhere: the page of the job here went on to ask for it, and for money to wait."""
    card = desk.world.issue("fudan-fmcos2")
    say(desk, card)
    begun = top_up(desk)
    card.plan = plan
    with suppress(CardGone, CarriedOut):
        finish(desk.agent, card.channel(), reply_of(work(desk)["operation"]))
    card.plan = FaultPlan()
    say(desk, None)
    assert progress(desk.world.engine, WS, begun.id, by=desk.clerk).state is state
    job = job_of(desk.world.engine, WS, begun.id, by=desk.clerk)
    assert job.problem is not None
    assert (job.problem["code"], job.problem["outcome"]) == ("operation_abandoned", "unknown")
    desk.world.do(card, "inspect")
    assert balance_on(card)[0] == on_card
    job = job_of(desk.world.engine, WS, begun.id, by=desk.clerk)
    assert job.problem is not None
    assert (job.problem["code"], job.problem["outcome"]) == (code, outcome)
