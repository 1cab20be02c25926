"""Rule versions: proposed by one, approved by another, in force from their day; what began before is judged as it began."""

import datetime as dt
import uuid
from typing import Any

import pytest

from cardsvc.iso7816.exchange import run_batch
from cardsvc.readers.carry import CarriedOut
from cardsvc.rules import load_rule_set, rule_text
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.management.rule_versions import keep_first, propose_rules, versions_view
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.operations.rule_trail import rule_trail
from cardsvc.service.staff.approvals import approval_view, approve
from cardsvc.store.records import Approval, Staff
from cardsvc.wire import OperationState
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, KIOSK, World, balance_on

__all__ = ["people"]
CARD = "3100010100000001"
CASH = {"method": "cash", "reference": None}
TOMORROW = dt.date(2026, 11, 25)
LAST = dt.datetime(2026, 11, 24, 15, 59, 50, tzinfo=dt.UTC)
"""Ten seconds before midnight in Hangzhou."""


def changed(version: str = "2026.2", old: str = "minimum = 5000", new: str = "minimum = 2000") -> str:
    """The packaged rules with another minimum for the city purse."""
    return rule_text().replace(old, new, 1).replace('version = "2026.1"', f'version = "{version}"')


def proposed(world: World, by: Staff, text: str, day: dt.date = TOMORROW) -> Approval:
    """A proposal."""
    return propose_rules(world.store, APPROVALS, text, day, "小额也可充值", by=by, now=world.now)


def refusal(world: World, card: Any, amount: int) -> Any:
    """The problem with which a top-up is refused."""
    with pytest.raises(CarriedOut) as told:
        world.topup(card, amount)
    return told.value.reply.problem


def test_a_new_version_holds_from_its_day_on_every_worker(world: World, people: dict[str, Staff]) -> None:
    """Nothing changes before; no worker is restarted; every answer names rule, version and source."""
    keep_first(world.store, rule_text(), world.now)
    card, other = world.issue(FAMILIES[0]), world.new_engine()
    problem = refusal(world, card, 2000)
    source = load_rule_set().load[0].source._asdict()
    assert problem["rule"] == {"id": "purse-2009", "version": "2026.1", "source": source}
    made = proposed(world, people["supervisor"], changed())
    with refused("approval_own"):
        approve(world.store, APPROVALS, made.approval_id, by=people["supervisor"], now=world.now)
    done = approve(world.store, APPROVALS, made.approval_id, by=people["second"], now=world.now)
    assert approval_view(done)["result"]["effective_from"] == "2026-11-25"
    assert refusal(world, card, 2000)["code"] == "rule_amount_below_minimum"
    world.now = LAST + dt.timedelta(seconds=10)
    world.engine = other
    result = world.topup(card, 2000)
    assert (result["rules"][0], result["rule_version"], result["sources"][0]) == ("purse-2009", "2026.2", source)
    seen = [(v["version"], v["in_force"], v["approved_by"]) for v in versions_view(world.store, world.now)]
    assert seen == [("2026.2", True, "second"), ("2026.1", False, None)]
    trail = rule_trail(world.store, RuleBook(load_rule_set()), CARD)
    accepted, refused_ = trail[0], next(entry for entry in trail if entry["code"])
    assert [rule["id"] for rule in accepted["rules"]] == ["purse-2009", "prepaid-2012"]
    assert (accepted["version"], refused_["version"]) == ("2026.2", "2026.1")
    assert (refused_["code"], refused_["refused_by"]) == ("rule_amount_below_minimum", problem["rule"])
    assert rule_trail(world.store, RuleBook(load_rule_set()), accepted["operation_id"]) == [accepted]


def test_what_began_before_midnight_is_judged_as_it_began(world: World, people: dict[str, Staff]) -> None:
    """The operation starts under one version, the next takes effect, and another worker authorises and confirms it."""
    card = world.issue(FAMILIES[0])
    made = proposed(world, people["supervisor"], changed(old="minimum = 5000", new="minimum = 9000"))
    approve(world.store, APPROVALS, made.approval_id, by=people["admin"], now=world.now)
    world.now = LAST
    channel = card.channel()
    params = {"amount": 5000, "payment": CASH}
    reply = world.port(KIOSK).start("topup", params, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    world.now = LAST + dt.timedelta(seconds=20)
    while reply.state is OperationState.CARD:
        world.engine = world.new_engine()
        reply = world.port(KIOSK).answer(reply.id, reply.step, run_batch(channel, reply.commands))
    channel.close()
    assert reply.result is not None
    assert (reply.result["rule_version"], balance_on(card)[0]) == ("2026.1", 5000)
    assert refusal(world, card, 5000)["rule"]["version"] == "2026.2"


def test_proposals_that_cannot_be(world: World, people: dict[str, Staff]) -> None:
    """A day that has begun, a version or a day that is taken, a file that contradicts itself, people who may not."""
    keep_first(world.store, rule_text(), world.now)
    admin = people["admin"]
    for day in (dt.date(2026, 11, 24), dt.date(2020, 1, 1)):
        with refused("rules_date_past"):
            proposed(world, admin, changed(), day)
    with refused("rules_version_taken"):
        proposed(world, admin, changed("2026.1"))
    with refused("rules_invalid"):
        proposed(world, admin, changed(old='id = "tong-2014"', new='id = "purse-2009"'))
    with refused("not_permitted"):
        proposed(world, people["clerk"], changed())
    first, second = proposed(world, admin, changed()), proposed(world, admin, changed("2026.3"))
    with refused("approval_open"):
        proposed(world, admin, changed())
    approve(world.store, APPROVALS, first.approval_id, by=people["supervisor"], now=world.now)
    with refused("rules_date_taken"):
        approve(world.store, APPROVALS, second.approval_id, by=people["supervisor"], now=world.now)
    assert len(versions_view(world.store, world.now)) == 2


def test_an_approval_that_comes_too_late_changes_nothing(world: World, people: dict[str, Staff]) -> None:
    """The day has begun: the proposal still waits, and can be withdrawn and made again."""
    made = proposed(world, people["admin"], changed())
    world.now += dt.timedelta(days=1)
    with refused("rules_date_past"):
        approve(world.store, APPROVALS, made.approval_id, by=people["supervisor"], now=world.now)
    assert versions_view(world.store, world.now) == []
    with world.store.read() as uow:
        assert [a.approval_id for a in uow.approvals.open()] == [made.approval_id]


def test_a_version_that_is_there_never_changes(world: World) -> None:
    """Not in the database either; and the first is kept once."""
    keep_first(world.store, rule_text(), world.now)
    keep_first(world.store, changed("other"), world.now)
    assert [v["version"] for v in versions_view(world.store, world.now)] == ["2026.1"]
    with refused("store_refused"), world.store.begin() as uow:
        uow.rule_versions.change(uow.rule_versions.all()[0], text="x")
