"""A withdrawn bus product that holds money is swapped on the same card: free, the money in the city purse at once."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.transactions.held_payout import PayoutClaim, move_due, pay_held
from cardsvc.service.transactions.takeovers import hold_card
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.databases import on_postgresql
from tests.procedures.torn import EVERY
from tests.service.cards.test_renewal import applications
from tests.service.purse.test_areas import CARD, bus_card, load, local, refusal
from tests.service.staff.test_staff import hire_all
from tests.world import DESK, FAMILIES, KIOSK, Snapshot, World, area_on, balance_on

WHILE_SOLD = local(2018, 5, 7, 12)
TODAY = local(2026, 11, 24, 12)
FMCOS = FAMILIES[0]


def old_product(folder: Path, product: str = "D", family: str = FMCOS) -> tuple[World, VirtualCard]:
    """A card with a withdrawn product and 100.00 that were paid for it then; C has the city's gift beside them."""
    world = World(folder / "city.db", WHILE_SOLD)
    card = bus_card(world, product, family=family)
    load(world, card, 10000, product=product)
    world.now = TODAY
    return world, card


def swap(world: World, card: VirtualCard) -> Any:
    """Asked for at a desk."""
    return world.do(card, "swap", DESK)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("product", "held"), [("D", 10000), ("C", 20000)])
def test_the_money_is_in_the_city_purse_and_t_is_open_on_the_same_card(
    tmp_path: Path, product: str, held: int, family: str
) -> None:
    """One job; nothing is charged, nothing is lost, card and books agree, and T is loaded as any T."""
    world, card = old_product(tmp_path, product, family)
    load(world, card, 5000)
    paid = world.balances().get("fee:replace", 0)
    done = swap(world, card)
    assert (done["amount"], done["balance"]) == (held, held + 5000)
    assert (area_on(card, "bus"), balance_on(card)[0], world.purse_total(CARD)) == (0, held + 5000, held + 5000)
    assert applications(world, CARD)["bus"].product == "T"
    assert (world.balances().get(f"order:{CARD}", 0), world.balances().get("fee:replace", 0)) == (0, paid)
    load(world, card, 5000, product="T", area="month")
    assert world.do(card, "diagnose")["findings"] == []
    assert verify_ledger(world.store)["breaks"] == []
    assert sum(world.balances().values()) == 0
    world.close()


@pytest.mark.parametrize("tear", ["tear_before_command", "tear_after_command", "tear_after_write"])
def test_a_card_that_is_pulled_anywhere_ends_with_t_and_all_its_money(tmp_path: Path, tear: str) -> None:
    """Its next contact settles it; what was drawn waits as an order, and the same job again does what is left. On PostgreSQL at
    every third command: the card is the same."""
    world, card = old_product(tmp_path)
    stride = 3 if on_postgresql() and not EVERY and "command" in tear else 1
    snapshot, pulled = Snapshot(world, card, tmp_path), 0
    for at in range(1, 80, stride):
        world, card = snapshot.again()
        card.plan = FaultPlan(**{tear: at})
        whole = True
        try:
            swap(world, card)
        except CardGone:
            whole, pulled = False, pulled + 1
        card.plan = FaultPlan()
        _go_on(world, card)
        assert (area_on(card, "bus"), balance_on(card)[0], world.purse_total(CARD)) == (0, 10000, 10000), at
        assert applications(world, CARD)["bus"].product == "T"
        assert world.do(card, "diagnose")["findings"] == []
        assert (verify_ledger(world.store)["breaks"], sum(world.balances().values())) == ([], 0)
        world.close()
        if whole:
            break
    assert pulled >= 3


def _go_on(world: World, card: VirtualCard) -> None:
    """The same job again; what only waits to be written is written at any tap."""
    settled = world.do(card, "inspect", DESK)
    if applications(world, CARD)["bus"].product == "D":
        swap(world, card)
    elif settled["orders"]:
        world.do(card, "fetch", KIOSK, order_id=None)


def test_money_that_was_swapped_goes_back_the_way_it_came(tmp_path: Path) -> None:
    """A mobile payment, and the gift of C: the refund knows both, years and a swap later."""
    world = World(tmp_path / "city.db", WHILE_SOLD)
    card = bus_card(world, "C")
    world.do(card, "topup", DESK, amount=10000, product="C", payment={"method": "mobile", "reference": "WX-1"})
    world.now = TODAY
    swap(world, card)
    load(world, card, 5000)
    refunded = world.do(card, "refund", DESK)
    back = {part["account"]: part["amount"] for part in refunded["payouts"]}
    assert back["payout:mobile"] > 0
    assert refunded["gift"] == 10000
    assert sum(back.values()) == 25000
    world.close()


def drawn_and_not_written(folder: Path) -> tuple[World, Staff]:
    """Pulled between the two, then the chip is dead: taken in, and its day has come."""
    world, card = old_product(folder)
    snapshot = Snapshot(world, card, folder)
    for at in range(1, 80):
        world, card = snapshot.again()
        card.plan = FaultPlan(tear_before_command=at)
        with pytest.raises(CardGone):
            swap(world, card)
        card.plan = FaultPlan()
        if world.do(card, "inspect", DESK)["orders"]:
            break
        world.close()
    clerk = hire_all(world)["clerk"]
    hold_card(world.store, world.engine.rules, CARD, by=clerk, now=world.now)
    return world, clerk


def test_it_breaks_while_its_money_waits_and_the_new_card_gets_it(tmp_path: Path) -> None:
    """Once, in its city purse, and without waiting for any day: the old card proved that it gave it."""
    world, _clerk = drawn_and_not_written(tmp_path)
    with world.store.read() as uow:
        old = uow.cards.get(CARD)
    assert old is not None
    new = VirtualCard.blank(FMCOS, seed=77)
    world.do(new, "personalise", citizen_id=old.citizen_id)
    assert world.do(new, "fetch", KIOSK, order_id=None)["balance"] == 10000
    with pytest.raises(CarriedOut, match="no_order_waiting"):
        world.do(new, "fetch", KIOSK, order_id=None)
    assert (balance_on(new)[0], world.purse_total(world.card_no_of(new))) == (10000, 10000)
    assert (verify_ledger(world.store)["breaks"], sum(world.balances().values())) == ([], 0)
    world.close()


def test_it_breaks_while_its_money_waits_and_the_holder_wants_no_card(tmp_path: Path) -> None:
    """The money goes to the holder the way it came: it was cash."""
    world, clerk = drawn_and_not_written(tmp_path)
    world.now += dt.timedelta(days=60)
    move_due(world.store, CARD, world.now)
    with world.store.read() as uow:
        (part,) = uow.takeover_parts.of_card(CARD)
    claim = PayoutClaim(CARD, part.part_id, "no_card", "身份证")
    paid = pay_held(world.store, world.engine.rules, DESK, claim, by=clerk, now=world.now)
    assert paid.payouts[0]["kind"] == "held_cash"
    assert (world.balances()[f"held:{CARD}"], world.balances()[f"order:{CARD}"]) == (0, 0)
    world.close()


def test_what_is_not_swapped_says_why(tmp_path: Path) -> None:
    """Another product, no money, too much for the purse: nothing moved, card and books as they were."""
    world, card = old_product(tmp_path)
    world.now = WHILE_SOLD
    assert refusal(world, card, "swap", DESK) == "product_not_withdrawn"
    world.now = TODAY
    load(world, card, 95000)
    assert refusal(world, card, "swap", DESK) == "rule_moved_above_cap"
    other = bus_card(world, "T", number=2)
    with pytest.raises(CarriedOut, match="product_not_withdrawn"):
        swap(world, other)
    world.close()
