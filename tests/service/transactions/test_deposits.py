"""Deposits: taken and given back by postings alone, less what the months took off."""

import datetime as dt

import pytest

from cardsvc.readers.carry import CarriedOut
from cardsvc.service.loss.reports import end_lapsed, report_loss
from cardsvc.service.purse.bicycles import BicycleLine, apply_list
from cardsvc.service.purse.payments import Payment
from cardsvc.service.transactions.deposits import return_deposit, take_deposit
from cardsvc.store.records import Deposit, Staff
from cardsvc.store.states import BicycleState
from tests.service.purse.test_areas import CARD
from tests.service.staff.test_staff import refused
from tests.world import DESK, FAMILIES, World

CASH = Payment(method="cash")


def person(world: World, role: str = "cashier") -> Staff:
    """Somebody at the desk."""
    return Staff("li", "测试一", role, "hall", "", "active", 0, None, world.now)


def take(world: World, payment: Payment = CASH, product: str = "T", card_no: str = CARD) -> Deposit:
    """Take a deposit."""
    return take_deposit(world.store, world.engine.rules, DESK, card_no, product, payment, by=person(world), now=world.now)


def give_back(world: World) -> Deposit:
    """Give it back."""
    return return_deposit(world.store, world.engine.rules, DESK, CARD, by=person(world), now=world.now)


@pytest.mark.parametrize(("days", "returned"), [(0, 1967), (29, 1967), (30, 1934), (365 * 5, 20), (365 * 5 + 30, 0), (9000, 0)])
def test_each_month_that_began_takes_a_part(world: World, days: int, returned: int) -> None:
    """20 yuan at 0.33 a month; what went back and what was worn add up."""
    world.issue(FAMILIES[0])
    assert take(world).amount == 2000
    assert world.balances() == {"clearing:desk:desk-1": 2000, f"deposit:{CARD}": -2000}
    world.now += dt.timedelta(days=days)
    assert give_back(world).returned == returned
    left = {"clearing:desk:desk-1": 2000 - returned, "fee:depreciation": returned - 2000}
    assert world.balances() == {f"deposit:{CARD}": 0, **left}


def test_a_deposit_goes_back_the_way_it_came(world: World) -> None:
    """Not in cash what was paid by phone."""
    world.issue(FAMILIES[0])
    take(world, Payment(method="mobile", reference="wx-1"))
    give_back(world)
    assert world.balances()["payout:mobile"] == -1967


def test_one_payment_pays_one_deposit_and_nothing_else(world: World) -> None:
    """Not after a load, not before one, and no second card's deposit."""
    card = world.issue(FAMILIES[0])
    world.issue(FAMILIES[0], 2)
    paid = Payment(method="mobile", reference="wx-load")
    world.do(card, "topup", DESK, amount=5000, payment=paid.model_dump())
    with refused("payment_reference_used"):
        take(world, paid)
    paid = Payment(method="mobile", reference="wx-deposit")
    take(world, paid)
    with refused("payment_reference_used"):
        take(world, paid, card_no="3100010100000002")
    with pytest.raises(CarriedOut, match=r"^payment_reference_used"):
        world.do(card, "topup", DESK, amount=5000, payment=paid.model_dump())


def test_no_deposit_of_a_card_that_is_lost(world: World) -> None:
    """Neither taken nor given back: it goes back with the card, and whoever has that lets it be released first."""
    world.issue(FAMILIES[0])
    report_loss(world.store, world.engine.rules, CARD, "phone", by=world.bookkeeper(), now=world.now)
    with refused("card_hot_listed"):
        take(world)
    world.now += dt.timedelta(days=16)
    end_lapsed(world.store, world.now)
    take(world)
    report_loss(world.store, world.engine.rules, CARD, "phone", by=world.bookkeeper(), now=world.now)
    with refused("card_hot_listed"):
        give_back(world)


def test_deposits_that_are_refused(world: World) -> None:
    """Twice, without one, of a product without one, with money on the card, with a bicycle out, by the wrong person."""
    card = world.issue(FAMILIES[0])
    with refused("deposit_not_held"):
        give_back(world)
    with refused("rule_no_deposit"):
        take(world, product="citizen")
    with refused("not_permitted"):
        who = person(world, "auditor")
        take_deposit(world.store, world.engine.rules, DESK, CARD, "T", CASH, by=who, now=world.now)
    take(world)
    with refused("deposit_already_taken"):
        take(world)
    world.topup(card, 5000)
    with refused("deposit_card_holds_money"):
        give_back(world)
    world.do(card, "refund")
    apply_list(world.store, [BicycleLine(CARD, BicycleState.HELD, 20000)], "list", world.now)
    with refused("bicycle_guarantee_held"):
        give_back(world)
    apply_list(world.store, [BicycleLine(CARD, BicycleState.RELEASED, 0)], "list", world.now)
    assert give_back(world).state == "returned"
    with refused("deposit_not_held"):
        give_back(world)


def test_a_deposit_that_went_back_may_be_taken_again(world: World) -> None:
    """Each is a row, and its own two entries in the books."""
    world.issue(FAMILIES[0])
    first = take(world, product="library")
    assert give_back(world).returned == 10000, "no months take anything off a library deposit"
    second = take(world, product="library")
    assert (second.deposit_id != first.deposit_id, second.amount) == (True, 10000)
    assert world.balances()[f"deposit:{CARD}"] == -10000


def test_who_is_neither_registered_nor_insured_here_borrows_with_a_deposit(world: World) -> None:
    """Taken before the library is opened, given back when it is closed; money on the card is no matter of the library's."""
    card = world.issue(FAMILIES[0])
    opening = {"application": "library", "product": "1", "holder": "permit"}
    with pytest.raises(CarriedOut, match=r"^deposit_needed"):
        world.do(card, "open", DESK, **opening)
    take(world, product="library")
    world.do(card, "open", DESK, **opening)
    world.topup(card, 5000)
    with refused("deposit_application_open"):
        give_back(world)
    world.do(card, "close", DESK, application="library")
    with refused("deposit_changed"):
        return_deposit(world.store, world.engine.rules, DESK, CARD, told=9900, by=person(world), now=world.now)
    assert give_back(world).returned == 10000
    assert world.balances()[f"deposit:{CARD}"] == 0


def test_a_resident_borrows_without_a_deposit(world: World) -> None:
    """As the rule says: the library is open on the card, and no deposit stands in the books."""
    card = world.issue(FAMILIES[0])
    world.do(card, "open", DESK, application="library", product="1", holder="resident")
    assert world.do(card, "inspect")["applications"]["library"]["state"] == "open"
    assert f"deposit:{CARD}" not in world.balances()
