"""Power fails anywhere in an unload; the next contact brings card and books together.

A month ticket in the electronic deposit goes back, or moves to a new card: the money is on the card or where it went, never
both, and asked again it ends there once.
"""

from pathlib import Path
from typing import Any

import pytest

from cardsvc.vcard import VirtualCard
from tests.procedures.torn import LONG_RUN, carried, torn
from tests.service.purse.test_areas import CARD, local
from tests.world import DESK, FAMILIES, Snapshot, World, area_on

ON_CARD = 10000
BACK = {"area": "month"}
PURSE, HELD = f"purse:{CARD}:bus:ed", f"held:{CARD}"


def snapshot(family: str, folder: Path) -> Snapshot:
    """A card with 100.00 of next month in its ED: all of it goes back, less one percent."""
    world = World(folder / "start.db", local(2026, 10, 20, 9, 0))
    card = world.issue(family)
    world.do(card, "open", application="bus", product="T")
    payment = {"method": "mobile", "reference": "wx-1"}
    world.do(card, "topup", DESK, amount=ON_CARD, area="month", month="2026-11", payment=payment)
    return Snapshot(world, card, folder)


def settled(world: World, card: VirtualCard, plan: Any) -> tuple[int, dict[str, int]]:
    """The balance of the ED and the books after the next contact, which left nothing open and agrees with the card."""
    world.do(card, "inspect")
    balance, books = area_on(card, "bus", "ed"), world.balances()
    assert balance in (0, ON_CARD), plan
    assert books[PURSE] == -balance, plan
    with world.store.read() as uow:
        assert not uow.purchases.open_on(CARD), plan
        assert {row.kind for row in uow.purchases.of_card(CARD)} <= {"unload"}, plan
    return balance, books


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_refund_of_an_ed_is_settled_at_the_next_contact(family: str, tmp_path: Path) -> None:
    """Unloaded and paid back, or neither; every way of knowing it comes about."""
    start, seen, rules = snapshot(family, tmp_path), set(), set()

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "refund", {**BACK, "month": "2026-11"})

    for world, card, plan, _ in torn(start, run, stride=29):
        balance, books = settled(world, card, plan)
        seen.add(balance)
        assert books.get("payout:mobile", 0) == (0 if balance else -9900), plan
        with world.store.read() as uow:
            rules |= {row.settled_by for row in uow.purchases.of_card(CARD)}
        if balance:
            assert run(world, card)["returned"] == 9900, plan
        balance, books = settled(world, card, plan)
        assert (balance, books["payout:mobile"], books["fee:refund"]) == (0, -9900, -100), plan
    assert rules == {"proof", "counter_unchanged"}
    assert seen == {0, ON_CARD}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_transfer_out_of_an_ed_ends_with_the_money_held_once(family: str, tmp_path: Path) -> None:
    """On the old card or held, never both."""
    start, seen = snapshot(family, tmp_path), set()

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "transfer_out", {})

    for world, card, plan, _ in torn(start, run, stride=LONG_RUN):
        balance, books = settled(world, card, plan)
        assert -books.get(HELD, 0) == ON_CARD - balance, plan
        seen.add(balance)
        if world.do(card, "inspect")["card_state"] == "issued":
            assert run(world, card)["state"] == "moved", plan
        assert settled(world, card, plan)[1][HELD] == -ON_CARD, plan
    assert seen == {0, ON_CARD}
