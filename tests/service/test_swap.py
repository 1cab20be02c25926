"""Withdrawn bus products are swapped free of charge: a new card with T, and the money where its holder pays from, at once."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.cards.replacement import fees_of
from cardsvc.store.records import Staff
from cardsvc.vcard import VirtualCard
from tests.examples import examples
from tests.service.test_areas import CARD, CASH, bus_card, load, local
from tests.service.test_renewal import applications, give_money, held, replace
from tests.service.test_staff import hire_all, refused
from tests.world import DESK, FAMILIES, Snapshot, World, area_on, balance_on

FMCOS = FAMILIES[0]
TODAY = local(2026, 11, 24, 12)


def clerk_of(world: World) -> Staff:
    """A clerk of the hall."""
    return hire_all(world)["clerk"]


def next_card(world: World, family: str = FMCOS) -> VirtualCard:
    """The new card of the first person."""
    with world.store.read() as uow:
        old = uow.cards.get(CARD)
    assert old is not None
    card = VirtualCard.blank(family, seed=9)
    world.do(card, "personalise", citizen_id=old.citizen_id)
    return card


def swap(world: World, clerk: Staff, old: VirtualCard, family: str = FMCOS) -> VirtualCard:
    """From the old card to the new one with everything on it."""
    assert replace(world, clerk, "withdrawn").fee == 0
    give_money(world, old)
    new = next_card(world, family)
    world.do(new, "carry_over")
    while any(not part["written"] for part in held(world)):
        world.do(new, "transfer_in", old_card_no=CARD)
    return new


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("product", "on_card"), [("D", 10000), ("C", 20000)])
def test_purse_money_of_a_withdrawn_product_is_in_the_city_purse_of_the_new_card(
    tmp_path: Path, product: str, on_card: int, family: str
) -> None:
    """Loaded while it could be, with the gift of C; swapped years later for nothing; T is open and can be loaded."""
    world = World(tmp_path / "city.db", local(2018, 5, 7, 12))
    old = bus_card(world, product, family=family)
    load(world, old, 10000, product=product)
    load(world, old, 5000)
    assert "withdrawn" not in fees_of(world.store, world.engine.rules, CARD, world.now)
    clerk = clerk_of(world)
    with refused("replacement_reason_wrong"):
        replace(world, clerk, "withdrawn")
    world.now = TODAY
    assert fees_of(world.store, world.engine.rules, CARD, world.now)["withdrawn"] == (0, "fee-swap")
    before = {name: amount for name, amount in world.balances().items() if name.startswith("fee:")}
    new = swap(world, clerk, old, family)
    number = world.card_no_of(new)
    assert applications(world, number)["bus"].product == "T"
    assert (balance_on(new)[0], area_on(new, "bus"), area_on(old, "bus")) == (on_card + 5000, 0, 0)
    assert world.purse_total(number) == on_card + 5000
    assert {name: amount for name, amount in world.balances().items() if name.startswith("fee:")} == before
    load(world, new, 5000, product="T", area="month")
    assert sum(world.balances().values()) == 0
    assert world.do(new, "diagnose")["healthy"]
    world.close()


def test_the_gift_of_an_old_persons_card_is_still_no_money_to_be_paid_back(tmp_path: Path) -> None:
    """Swapped and refunded: what was paid goes back, less the fee; the gift does not."""
    world = World(tmp_path / "city.db", local(2018, 5, 7, 12))
    old = bus_card(world, "C")
    load(world, old, 10000, product="C")
    clerk = clerk_of(world)
    world.now = TODAY
    new = swap(world, clerk, old)
    done = world.do(new, "refund")
    assert (done["gift"], done["returned"]) == (10000, 10000 - done["fee"])
    assert sum(world.balances().values()) == 0
    world.close()


def test_month_money_of_a_is_a_month_of_t(tmp_path: Path) -> None:
    """Within the months of the withdrawal: good for the month that it was bought for."""
    world = World(tmp_path / "city.db", local(2019, 9, 16, 12))
    old = bus_card(world, "A")
    world.do(old, "topup", DESK, amount=5000, product="A", area="month", payment=CASH)
    clerk = clerk_of(world)
    world.now += dt.timedelta(days=3)
    new = swap(world, clerk, old)
    number = world.card_no_of(new)
    assert applications(world, number)["bus"].product == "T"
    assert max(area_on(new, "bus", purse) for purse in ("ed", "ep")) == 5000
    assert world.do(new, "purchase", amount=200, product="T", area="month", merchant="bus")["amount"] == 200
    world.close()


@pytest.mark.hypothesis
def test_no_fen_is_made_or_lost_by_a_swap(tmp_path: Path) -> None:
    """Whatever was on the old card's purses is on the new one's, once; every chain holds."""
    snapshots = {}
    for product in ("C", "D"):
        world = World(tmp_path / f"{product}.db", local(2018, 5, 7, 12))
        card = bus_card(world, product)
        (tmp_path / product).mkdir()
        snapshots[product] = Snapshot(world, card, tmp_path / product)

    @examples(10)
    @given(product=st.sampled_from(["C", "D"]), yuan=st.integers(50, 250), city_yuan=st.integers(0, 300))
    def swapped_whole(product: str, yuan: int, city_yuan: int) -> None:
        world, old = snapshots[product].again()
        load(world, old, yuan * 100, product=product)
        credited = area_on(old, "bus")
        assert credited >= yuan * 100
        city = city_yuan * 100 if city_yuan >= 50 else 0
        if city:
            load(world, old, city)
        clerk = clerk_of(world)
        world.now = TODAY
        new = swap(world, clerk, old)
        assert balance_on(new)[0] == credited + city == world.purse_total(world.card_no_of(new))
        found: Any = verify_ledger(world.store)
        assert (found["breaks"], found["total"]) == ([], 0)
        world.close()

    swapped_whole()
