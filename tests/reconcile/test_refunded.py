"""A load that was paid back although the card has it is told as that, with the entry that puts it right, by two people."""

import datetime as dt
from contextlib import suppress
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.suspects import attachment, case_view, suspects
from cardsvc.service.reconcile.run import difference_view
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.store.records import Difference
from cardsvc.vcard import FaultPlan
from tests.day.outlet import Hall, open_hall, refused
from tests.reconcile.test_reconcile import run
from tests.service.purse.test_areas import CARD, CASH
from tests.world import DESK, FAMILIES, KIOSK, World, balance_on


@pytest.fixture
def hall(world: World) -> Hall:
    """An outlet with its people."""
    return open_hall(world)


def refunded_in_error(hall: Hall, actor: Actor, amount: int = 5000) -> Any:
    """The card was loaded and left before it answered; two people were told that it has nothing. The card, and the load."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_after_write=1)
    with suppress(CardGone):
        world.do(card, "topup", actor, amount=amount, payment=CASH)
    (entry,) = suspects(world.store, world.now)
    payload = {"card_no": CARD, "written": False, "attachments": [attachment("journal.txt", b"no answer")]}
    hall.agree("settle_suspect", entry["id"], payload)
    world.now += dt.timedelta(minutes=1)
    world.do(card, "inspect", DESK)
    assert (balance_on(card)[0], world.purse_total(CARD)) == (amount, 0)
    return card, entry["id"]


def of_card(hall: Hall) -> list[Difference]:
    """What a reconciliation of the day finds about the card's purse."""
    return [row for row in run(hall.world) if row.subject.startswith(CARD)]


@pytest.mark.parametrize("where", ["kiosk", "drawer"])
def test_it_is_told_with_its_load_and_put_right_by_two_people(hall: Hall, where: str) -> None:
    """The kiosk that was to pay back still has the money; what a drawer paid out is a loss. Then card and books agree."""
    world, actor = hall.world, KIOSK if where == "kiosk" else DESK
    if where == "drawer":
        hall.open()
    card, load_id = refunded_in_error(hall, actor)
    before = world.balances()
    (found,) = of_card(hall)
    assert (found.code, found.amount, found.details["load_id"]) == ("refunded_but_written", -5000, load_id)
    assert found.details["settled_by"] == "two_people"
    assert difference_view(found)["details_text"]["en"] == f"top-up {load_id}; books 0.00, card 50.00"
    debit = "clearing:terminal:kiosk-7" if where == "kiosk" else "difference:reconciliation"
    assert found.entry == {"chain": CARD, "debit": debit, "credit": f"purse:{CARD}:purse:ep", "amount": 5000}
    which = {"run_id": found.run_id, "number": found.number}
    asked = propose(
        world.store, APPROVALS, "correct_difference", found.event_key, which, "卡上有", by=hall["boss"], now=world.now
    )
    with refused("approval_own"):
        approve(world.store, APPROVALS, asked.approval_id, by=hall["boss"], now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=hall["second"], now=world.now)
    moved = {name: amount - before.get(name, 0) for name, amount in world.balances().items() if amount != before.get(name, 0)}
    assert moved == {debit: 5000, f"purse:{CARD}:purse:ep": -5000}
    assert world.purse_total(CARD) == balance_on(card)[0] == 5000
    told = case_view(world.store, CARD, load_id, world.now)["evidence"]
    assert [one["rule"] for one in told][-2:] == ["two_people", "two_people"]
    assert told[-1]["shown"]["written"] is True
    world.now += dt.timedelta(minutes=1)
    assert [row for row in of_card(hall) if row.state == "open"] == []
    assert world.do(card, "topup", DESK, amount=5000, payment=CASH)["balance"] == 10000


def test_a_diagnosis_is_no_sign_of_fraud(hall: Hall) -> None:
    """Other money that nothing explains still is."""
    card, _ = refunded_in_error(hall, KIOSK)
    assert hall.world.do(card, "diagnose", DESK)["findings"][0]["code"] == "refunded_but_written"
