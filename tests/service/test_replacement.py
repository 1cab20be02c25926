"""Replacement: the fee by reason and warranty, taken once, before anything happens to the old card."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.service.kinds import Actor
from cardsvc.service.payments import Payment
from cardsvc.service.replacement import begin_replacement, fees_of, open_replacements, replacement_of
from cardsvc.service.staff import add_outlet, add_staff
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.world import World

HERE = Actor("terminal", "ws-1", bytes.fromhex("310000000011"), "desk")
CASH = Payment(method="cash")


@pytest.fixture
def clerk(world: World) -> Staff:
    """A clerk of the hall."""
    add_outlet(world.store, "hall", "hall", world.now)
    admin = add_staff(world.store, "admin", "a", "administrator", "hall", "only for tests", world.now, by=None)
    return add_staff(world.store, "clerk", "c", "clerk", "hall", "only for tests", world.now, by=admin)


def replace(world: World, clerk: Staff, reason: str, payment: Payment = CASH, *, readable: bool = True) -> Any:
    """Begin the replacement of the only card."""
    rules = world.engine.rules
    card_no = "3100010100000001"
    return begin_replacement(world.store, rules, HERE, card_no, reason, payment, readable=readable, by=clerk, now=world.now)


def test_a_natural_fault_in_warranty_is_free_and_damage_costs_fifteen_yuan_once(world: World, clerk: Staff) -> None:
    """Domain rule 11; asked twice, one fee; the fee is income, and the money is where cash is."""
    world.issue("fudan-fmcos2")
    fees = fees_of(world.store, world.engine.rules, "3100010100000001", world.now)
    assert {reason: amount for reason, (amount, _rule) in fees.items()} == {
        "fault": 0,
        "damaged": 1500,
        "changed": 1500,
        "lost": 1500,
    }
    first, second = replace(world, clerk, "damaged"), replace(world, clerk, "damaged")
    assert first == second
    assert first.fee == 1500
    assert world.balances()["fee:replace"] == -1500
    assert world.balances()["clearing:terminal:ws-1"] == 1500


def test_out_of_warranty_a_natural_fault_costs_too(world: World, clerk: Staff) -> None:
    """A card of many years ago."""
    world.issue("fudan-fmcos2")
    world.now += dt.timedelta(days=366 * 9)
    assert fees_of(world.store, world.engine.rules, "3100010100000001", world.now)["fault"][0] == 1500


def test_what_is_refused_takes_no_fee(world: World, clerk: Staff) -> None:
    """A wrong reason, a card on the hot list, a payment that paid something else."""
    card = world.issue("fudan-fmcos2")
    paid = {"method": "mobile", "reference": "WX-1"}
    world.do(card, "topup", amount=5000, payment=paid)
    with pytest.raises(CardsvcError, match="replacement_reason_wrong"):
        replace(world, clerk, "tired of it")
    with pytest.raises(CardsvcError, match="payment_reference_used"):
        replace(world, clerk, "damaged", Payment.model_validate(paid))
    with world.store.begin() as uow:
        uow.hotlist.change_card("3100010100000001", "add", "lost", "li", world.now)
        uow.commit()
    with pytest.raises(CardsvcError, match="card_hot_listed"):
        replace(world, clerk, "damaged")
    assert "fee:replace" not in world.balances()
    assert open_replacements(world.store, "hall") == []


def test_a_payment_that_paid_a_fee_pays_no_load(world: World, clerk: Staff) -> None:
    """One payment, one thing."""
    world.issue("fudan-fmcos2")
    paid = {"method": "mobile", "reference": "WX-2"}
    replace(world, clerk, "damaged", Payment.model_validate(paid))
    other = world.issue("fudan-fmcos2", 2)
    with pytest.raises(Exception, match="payment_reference_used"):
        world.do(other, "topup", amount=5000, payment=paid)


def test_the_next_card_of_the_person_closes_the_replacement(world: World, clerk: Staff) -> None:
    """Taken in unreadable, then made: the row knows both cards, and what the old one had open."""
    old = world.issue("fudan-fmcos2")
    world.do(old, "open", application="bus", product="T")
    replace(world, clerk, "fault", readable=False)
    (waiting,) = open_replacements(world.store, "hall")
    assert waiting["applications"] == {"bus": "T"}
    assert waiting["due"] is not None
    new = VirtualCard.blank("fudan-fmcos2", seed=9)
    number = world.do(new, "personalise", citizen_id=waiting["holder"]["citizen_id"])["card_no"]
    done = replacement_of(world.store, "3100010100000001")
    assert done is not None
    assert done["new_card_no"] == number
    assert open_replacements(world.store, "hall") == []
