"""A database that was restored from a backup is older than the cards: what they did since, the books do not know."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.books.corrections import CORRECTION
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.restored import declare, lost, person_of
from tests.service.purse.test_areas import bus_card
from tests.world import DESK, FAMILIES, KIOSK, World, area_on, balance_on

CARD = "3100010100000001"


def paid_online(world: World, amount: int = 6000) -> None:
    """An order that waits for the card."""
    payment = {"method": "mobile", "reference": "WX1"}
    params = order_params({"card_no": CARD, "amount": amount, "payment": payment})
    create_order(world.store, world.engine.rules, "phone", params, world.now)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_order_is_not_written_twice(world: World, family: str) -> None:
    """It was written in what is lost, so the books say that it waits: the card's counter says that it does not."""
    card = world.issue(family)
    world.topup(card, 5000)
    paid_online(world)
    with lost(world):
        world.do(card, "fetch")
    with pytest.raises(CarriedOut, match=r"card_ahead_of_books"):
        world.do(card, "fetch")
    assert balance_on(card)[0] == 11000


def agrees(world: World, card: VirtualCard, application: str = "purse", purse: str = "ep") -> bool:
    """Whether the books owe what is on the card, and each of their rows and lines stands for the other."""
    owed = -world.balances().get(f"purse:{CARD}:{application}:{purse}", 0)
    return owed == area_on(card, application, purse) and not verify_ledger(world.store)["breaks"]


@pytest.mark.parametrize("family", FAMILIES)
def test_the_books_catch_up_with_the_card(world: World, family: str) -> None:
    """An order, cash at a kiosk and a bus ride of the lost time: the order is written, the kiosk owes its cash, and the card is
    topped up again."""
    world.register(KIOSK)
    card = world.issue(family)
    world.topup(card, 5000)
    paid_online(world)
    world.now += dt.timedelta(days=1)
    with lost(world):
        world.do(card, "fetch")
        world.do(card, "purchase", amount=200, merchant="bus")
        world.now += dt.timedelta(days=1)
        world.topup(card, 7000)
    declare(world, minutes=2 * 24 * 60)
    caught = world.do(card, "catch_up")
    assert [(load["amount"], load["rule"], load["order_id"] is None) for load in caught["loads"]] == [
        (6000, "log_record", False),
        (7000, "proof", True),
    ]
    books = world.balances()
    assert (books[f"order:{CARD}"], books["clearing:terminal:kiosk-7"]) == (0, 12000)
    assert world.purse_total(CARD) - balance_on(card)[0] == 200  # the bus company's file brings it
    assert not verify_ledger(world.store)["breaks"]
    world.now += dt.timedelta(days=1)
    world.topup(card, 5000)
    assert world.do(card, "catch_up")["loads"] == []


def bus(world: World, card: VirtualCard, product: str, area: str, amount: int = 5000) -> None:
    """A top-up of the bus application."""
    world.do(card, "topup", amount=amount, payment=CASH, product=product, area=area)


CASH = {"method": "cash", "reference": None}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("product", "area", "purse", "gift"), [("T", "month", "ep", 0), ("C", "purse", "ep", 5000)])
def test_month_money_and_gifts_are_booked_as_they_were(
    world: World, family: str, product: str, area: str, purse: str, gift: int
) -> None:
    """The months that the card's record names, and what the city added: half of what a senior has is not owed by the desk."""
    world.now = dt.datetime(2012 if gift else 2026, 12, 1, 4, 0, tzinfo=dt.UTC)
    card = bus_card(world, product, family=family)
    before = world.balances()
    with lost(world):
        bus(world, card, product, area)
        after = {account: amount for account, amount in world.balances().items() if before.get(account, 0) != amount}
    declare(world)
    (load,) = world.do(card, "catch_up")["loads"]
    assert (load["amount"], load["rule"], agrees(world, card, "bus", purse)) == (5000 + gift, "proof", True)
    assert {account: world.balances()[account] for account in after} == after
    with world.store.read() as uow:
        (row,) = uow.loads.of_card(CARD)
    assert (row.product, row.area, row.gift) == (product, area, gift)
    assert row.first_month == (dt.date(2026, 12, 1) if product == "T" else None)


def refusal(world: World, card: VirtualCard, kind: str = "catch_up", **params: Any) -> str:
    """The code that an operation is refused with; the books stay as they are."""
    before = world.balances()
    with pytest.raises(CarriedOut) as told:
        world.do(card, kind, **params)
    assert world.balances() == before
    return str((told.value.reply.problem or {})["code"])


@pytest.mark.parametrize("family", FAMILIES)
def test_nothing_is_booked_that_nobody_said_is_lost(world: World, family: str) -> None:
    """Without two people's word, or of another time, a load that the books lack is a sign that somebody has the keys."""
    world.register(KIOSK)
    card = world.issue(family)
    with lost(world):
        world.topup(card, 5000)
    assert refusal(world, card) == "catch_up_not_lost"
    world.now += dt.timedelta(hours=1)
    declare(world)
    assert refusal(world, card) == "catch_up_not_lost"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_terminal_that_nobody_knows_took_nothing(world: World, family: str) -> None:
    """Its registration may have been lost as well: registered again, its load is booked."""
    card = world.issue(family)
    with lost(world):
        world.topup(card, 5000)
    declare(world)
    assert refusal(world, card) == "catch_up_terminal_unknown"
    world.register(KIOSK)
    assert [load["taken_by"] for load in world.do(card, "catch_up")["loads"]] == ["terminal:kiosk-7"]
    assert agrees(world, card)


@pytest.mark.parametrize("family", FAMILIES)
def test_more_loads_than_the_log_holds_are_left_to_people(world: World, family: str) -> None:
    """The log has ten records: eleven rides later the load of before is not in it."""
    world.register(KIOSK)
    card = world.issue(family)
    with lost(world):
        world.topup(card, 5000)
        for _ in range(11):
            world.do(card, "purchase", amount=200, merchant="bus")
    declare(world)
    assert refusal(world, card) == "catch_up_untold"
    corrected(world, "clearing:terminal:kiosk-7", 5000)
    assert refusal(world, card) == "catch_up_untold", "corrected by hand, it is not booked once more"
    assert refusal(world, card, "topup", amount=5000, payment=CASH) == "card_ahead_of_books"
    while world.do(card, "transfer_out")["left"]:
        pass
    new = VirtualCard.blank(family, seed=2)
    world.do(new, "personalise", citizen_id=world.citizen())
    world.do(new, "transfer_in", old_card_no=CARD, part_id=None)
    assert balance_on(new)[0] == world.purse_total(world.card_no_of(new)) == 5000 - 2200
    assert world.purse_total(CARD) == 2200  # the bus company's file brings the rides
    assert not verify_ledger(world.store)["breaks"]
    world.topup(new, 5000)


def corrected(world: World, debit: str, amount: int) -> None:
    """Two people book by the terminal's journal what the card cannot tell."""
    boss, auditor = (person_of(world, role) for role in ("boss", "auditor"))
    about = {"debit": debit, "credit": f"purse:{CARD}:purse:ep", "amount": amount, "corrects": "journal-1"}
    asked = propose(world.store, APPROVALS, CORRECTION.name, "journal-1", about, "流水", by=boss, now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=auditor, now=world.now)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_number_that_was_tried_before_the_backup_is_found_missing_too(world: World, family: str) -> None:
    """A load that the card proved not to have, at the very number that a lost one got: only the lost one moved the counter."""
    world.register(KIOSK)
    card = world.issue(family)
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardGone):
        world.topup(card, 5000)
    assert world.do(card, "inspect")["settled"][0]["state"] == "refunded"
    with lost(world):
        world.topup(card, 5000)
    assert refusal(world, card, "topup", amount=5000, payment=CASH) == "card_ahead_of_books"
    declare(world)
    assert [load["rule"] for load in world.do(card, "catch_up")["loads"]] == ["proof"]
    assert agrees(world, card)


@pytest.mark.parametrize("family", FAMILIES)
def test_what_was_open_in_the_backup_is_settled_first(world: World, family: str) -> None:
    """Its card had it, and one more: the first by the log, the second by its proof."""
    world.register(KIOSK)
    card = world.issue(family)
    card.plan = FaultPlan(tear_after_command=7)
    with pytest.raises(CardGone):
        world.topup(card, 5000)
    with lost(world):
        assert world.do(card, "inspect")["settled"][0]["state"] == "confirmed"
        world.now += dt.timedelta(days=1)
        world.topup(card, 6000)
    declare(world, 2 * 24 * 60)
    caught = world.do(card, "catch_up")
    assert [entry["rule"] for entry in caught["settled"]] == ["log_record"]
    assert [load["amount"] for load in caught["loads"]] == [6000]
    assert agrees(world, card)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_card_that_was_emptied_here_in_lost_time_is_told(world: World, family: str) -> None:
    """Its holder has the cash, and the books owe it still: nothing is booked, people are told what to look for."""
    world.register(DESK)
    card = world.issue(family)
    world.topup(card, 5000)
    with lost(world):
        world.do(card, "refund")
    declare(world)
    before = world.balances()
    told = world.do(card, "catch_up")
    assert [(debit["amount"], debit["terminal"]) for debit in told["spent"]] == [(5000, "desk-1")]
    assert (told["loads"], world.balances()) == ([], before)
