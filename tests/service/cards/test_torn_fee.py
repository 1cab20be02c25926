"""The fee of an opening whose card left: it is in the books from before the write, and the card decides whose it is."""

from contextlib import suppress
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.suspects import suspects
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.day.outlet import Hall, open_hall
from tests.service.cards.test_fees import CARD, FEE, FMCOS, park
from tests.world import World

OTHER_DESK = Actor("desk", "desk-2", bytes.fromhex("310000000002"), "desk")
BEFORE_THE_WRITE, AFTER_THE_WRITE = FaultPlan(tear_before_write=1), FaultPlan(tear_after_write=1)


@pytest.fixture
def hall(world: World) -> Hall:
    """Two desks with a drawer each."""
    hall = open_hall(world)
    hall.open()
    hall.open("other", actor=OTHER_DESK)
    return hall


def torn(world: World, card: VirtualCard, plan: FaultPlan, **payment: Any) -> None:
    """The citizen pays, and the card leaves."""
    card.plan = plan
    with suppress(CardGone):
        park(world, card, **payment)


def cash_of(hall: Hall, desk: str) -> int:
    """What the books expect in the drawer of a desk, in fen, without its float."""
    with hall.world.store.read() as uow:
        shift = uow.shifts.open_on("desk", desk)
    assert shift is not None
    return hall.balance(f"drawer:{shift.shift_id}") - shift.opening_float


@pytest.mark.parametrize("plan", [BEFORE_THE_WRITE, AFTER_THE_WRITE])
def test_the_cash_of_a_torn_opening_is_in_the_drawer_and_on_the_worklist(hall: Hall, plan: FaultPlan) -> None:
    """Whether or not the card has it, and although the citizen walked away."""
    card = hall.world.issue(FMCOS)
    torn(hall.world, card, plan)
    assert cash_of(hall, "desk-1") == FEE
    assert hall.world.balances()[f"suspense:{CARD}"] == -FEE
    assert "fee:park" not in hall.world.balances()
    (entry,) = suspects(hall.world.store, hall.world.now)
    assert (entry["subject"], entry["card_no"], entry["amount"], entry["state"]) == ("fee", CARD, FEE, "suspect")
    assert verify_ledger(hall.world.store)["breaks"] == []


def at_another_desk(world: World, card: VirtualCard, **payment: Any) -> Any:
    """The same opening again, by somebody who was not there."""
    params = {"application": "park", "product": "1", "payment": {"method": "cash", **payment}}
    return world.do(card, "open", OTHER_DESK, **params)


def test_nothing_is_asked_again_where_the_card_has_it(hall: Hall) -> None:
    """The other desk's look settles it: the fee is income, the application is open in the books, no cash is taken there."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, AFTER_THE_WRITE)
    told = at_another_desk(world, card)
    assert [(entry["state"], entry["rule"]) for entry in told["settled"]] == [("confirmed", "record_written")]
    assert (told["state"], told["paid_before"]) == ("open", FEE)
    assert (cash_of(hall, "desk-1"), cash_of(hall, "desk-2")) == (FEE, 0)
    assert world.balances()["fee:park"] == -FEE
    with world.store.read() as uow:
        assert uow.applications.get(CARD, "park") is not None
    assert suspects(world.store, world.now) == []
    assert verify_ledger(world.store)["breaks"] == []


def test_what_was_paid_opens_it_where_the_card_does_not_have_it(hall: Hall) -> None:
    """The money waits, the look says so, and opening again takes nothing."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    look = world.do(card, "inspect", OTHER_DESK)
    assert [(entry["state"], entry["rule"]) for entry in look["settled"]] == [("not_written", "record_unwritten")]
    assert [(fee["application"], fee["amount"]) for fee in look["paid_fees"]] == [("park", FEE)]
    told = at_another_desk(world, card)
    assert (told["state"], told["paid_before"]) == ("open", FEE)
    assert (cash_of(hall, "desk-1"), cash_of(hall, "desk-2")) == (FEE, 0)
    assert world.balances()["fee:park"] == -FEE
    assert verify_ledger(world.store)["breaks"] == []
