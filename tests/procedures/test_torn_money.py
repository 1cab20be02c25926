"""Power fails anywhere in an operation; the next contact brings card and books together.

Afterwards the card is in the old state or the new one, never between, and card plus ledger hold every fen.
"""

from pathlib import Path
from typing import Any

import pytest

from cardsvc.service.books.audit import verify_ledger
from cardsvc.vcard import VirtualCard
from tests.procedures.torn import carried, torn
from tests.world import FAMILIES, KIOSK, Snapshot, World, balance_on

CASH = {"method": "cash", "reference": None}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_topup_is_settled_at_the_next_contact(family: str, tmp_path: Path) -> None:
    """Old balance and refunded, or new balance and confirmed; the total of card and books never moves."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    start.topup(card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "topup", {"amount": 5000, "payment": CASH}, KIOSK)

    seen = set()
    for world, card, plan, _ in torn(snapshot, run):
        result = world.do(card, "inspect")
        balance, online, _ = balance_on(card)
        assert (balance, online) in ((10000, 1), (15000, 2)), plan
        assert world.purse_total(result["card_no"]) == balance == result["purse"]["balance"], plan
        assert world.balances()["clearing:terminal:kiosk-7"] == balance, plan
        assert world.balances()[f"suspense:{result['card_no']}"] == 0, plan
        with world.store.read() as uow:
            assert not uow.loads.open_on(result["card_no"]), plan
        seen.add(balance)
    assert seen == {10000, 15000}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_purchase_is_settled_at_the_next_contact(family: str, tmp_path: Path) -> None:
    """Paid on the card and in the books, or on neither."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    start.topup(card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "purchase", {"amount": 200, "merchant": "bus"}, KIOSK)

    seen = set()
    for world, card, plan, _ in torn(snapshot, run):
        result = world.do(card, "inspect")
        balance, _, offline = balance_on(card)
        assert (balance, offline) in ((10000, 0), (9800, 1)), plan
        assert world.purse_total(result["card_no"]) == balance, plan
        assert world.balances().get("merchant:bus", 0) == balance - 10000, plan
        with world.store.read() as uow:
            assert not uow.purchases.open_on(result["card_no"]), plan
        seen.add(balance)
    assert seen == {10000, 9800}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_refund_is_settled_at_the_next_contact(family: str, tmp_path: Path) -> None:
    """Drawn down and paid out, or neither; asked again it ends paid out once."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    start.topup(card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "refund", {})

    seen = set()
    for world, card, plan, _ in torn(snapshot, run):
        card_no = world.do(card, "inspect")["card_no"]
        balance = balance_on(card)[0]
        paid_out = 0 if balance else 9900
        assert balance in (0, 10000), plan
        assert world.purse_total(card_no) == balance, plan
        assert world.balances().get("clearing:desk:desk-1", 0) == -paid_out, plan
        with world.store.read() as uow:
            assert not uow.purchases.open_on(card_no), plan
        if balance:
            assert run(world, card)["returned"] == 9900, plan
        assert world.balances()["clearing:desk:desk-1"] == -9900, plan
        assert balance_on(card)[0] == world.purse_total(card_no) == 0, plan
        seen.add(balance)
    assert seen == {0, 10000}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_transfer_out_ends_with_the_money_held_once(family: str, tmp_path: Path) -> None:
    """On the old card or held, never both; asked again, all of it is held and the card is replaced."""
    start = World(tmp_path / "start.db")
    card = start.issue(family)
    start.topup(card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "transfer_out", {})

    seen = set()
    for world, card, plan, _ in torn(snapshot, run, stride=7):
        result = world.do(card, "inspect")
        balance, card_no = balance_on(card)[0], result["card_no"]
        held = -world.balances().get(f"held:{card_no}", 0)
        assert (balance, held) in ((10000, 0), (0, 10000)), plan
        assert world.purse_total(card_no) == balance, plan
        if result["card_state"] == "issued":
            assert run(world, card)["state"] == "moved", plan
        assert world.balances()[f"held:{card_no}"] == -10000, plan
        assert world.do(card, "inspect")["card_state"] == "replaced", plan
        seen.add(balance)
    assert seen == {0, 10000}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_torn_opening_is_whole_or_absent_and_can_be_repeated(family: str, tmp_path: Path) -> None:
    """The record on the card is the old or the new one; opening again ends with the application open."""
    start = World(tmp_path / "start.db")
    snapshot = Snapshot(start, start.issue(family), tmp_path)
    params = {"application": "bus", "product": "T"}

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "open", params)

    for world, card, plan, reported in torn(snapshot, run):
        seen = world.do(card, "inspect")["applications"]["bus"]
        assert seen["state"] in ("not_opened", "open"), plan
        if reported is None:
            run(world, card)
        seen = world.do(card, "inspect")
        assert seen["applications"]["bus"]["product"] == "T", plan
        with world.store.read() as uow:
            assert uow.applications.get(seen["card_no"], "bus") is not None, plan


@pytest.mark.parametrize("family", FAMILIES)
def test_the_fee_of_a_torn_opening_is_earned_or_waits_and_opens_it_once(family: str, tmp_path: Path) -> None:
    """On the card and earned, or not on it and still the payer's; opened again, it was paid once, and the card has it."""
    start = World(tmp_path / "start.db")
    snapshot = Snapshot(start, start.issue(family), tmp_path)
    params = {"application": "park", "product": "1"}

    def run(world: World, card: VirtualCard) -> Any:
        return carried(world, card, "open", params)

    seen = set()
    for world, card, plan, reported in torn(snapshot, run):
        look = world.do(card, "inspect")
        card_no, shown = look["card_no"], look["applications"]["park"]["state"]
        waiting = sum(fee["amount"] for fee in look["paid_fees"])
        books = world.balances()
        taken, earned = books.get("clearing:desk:desk-1", 0), -books.get("fee:park", 0)
        assert (taken, earned) in ((0, 0), (5000, 0), (5000, 5000)), plan
        assert (waiting, earned) == ((0, 5000) if shown == "open" else (taken, 0)), plan
        assert books.get(f"suspense:{card_no}", 0) == -waiting, plan
        if shown != "open":
            assert reported is None, plan
            assert run(world, card).get("paid_before", 0) == waiting, plan
        assert world.balances()["clearing:desk:desk-1"] == 5000 == -world.balances()["fee:park"], plan
        assert world.do(card, "inspect")["applications"]["park"]["state"] == "open", plan
        with world.store.read() as uow:
            row = uow.applications.get(card_no, "park")
        assert row is not None, plan
        assert verify_ledger(world.store)["breaks"] == [], plan
        seen.add((taken, earned))
    assert seen == {(0, 0), (5000, 0), (5000, 5000)}
