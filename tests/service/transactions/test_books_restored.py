"""A database that was restored from a backup is older than the cards: what they did since, the books do not know."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.service.purse.restored import tell_restored
from cardsvc.service.staff.approvals import approve
from cardsvc.service.staff.trail import PROGRAM, note
from cardsvc.store.records import Outlet, Staff
from cardsvc.vcard import VirtualCard
from tests.databases import copy
from tests.world import FAMILIES, KIOSK, World, area_on, balance_on

CARD = "3100010100000001"


@contextmanager
def lost(world: World) -> Iterator[None]:
    """What is done in here happens to the cards, and is then missing from the database: a backup of before is restored."""
    backup = world.path.with_name("backup.db")
    world.store.close()
    copy(world.path, backup)
    yield
    world.store.close()
    copy(backup, world.path)


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


def declare(world: World, minutes: int = 10) -> None:
    """Two people agree that the last ten minutes are missing."""
    since, until = world.now - dt.timedelta(minutes=minutes), world.now
    asked = tell_restored(world.store, since, until, "nightly.dump", "磁盘故障", by=person_of(world, "boss"), now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=person_of(world, "auditor"), now=world.now)


def person_of(world: World, role: str) -> Staff:
    """Somebody of the house, hired at the first call."""
    roles = {"boss": "supervisor", "auditor": "auditor"}
    with world.store.begin() as uow:
        known = uow.staff.get(role)
        if known is None:
            if uow.outlets.get("hall") is None:
                uow.outlets.add(Outlet("hall", "市民之家", world.now))
            known = uow.staff.add(Staff(role, role, roles[role], "hall", "-", "active", 0, world.now))
            note(uow, known, "created", became=f"{roles[role]} hall", by=None, where=PROGRAM, now=world.now)
            uow.commit()
    return known


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
