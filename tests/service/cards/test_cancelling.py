"""Cancelling a card: empty first, for good, and nothing of its holder's money is forgotten."""

from contextlib import suppress
from typing import Any

import pytest

from cardsvc.errors import CardGone
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.cancelling import cancel_card, cancellation_of
from cardsvc.service.loss.hotlist import add_to_hot_list
from cardsvc.service.purse.payments import Payment
from cardsvc.service.transactions.deposits import return_deposit, take_deposit
from cardsvc.store.records import Cancellation, Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import Reader
from tests.service.purse.test_areas import CARD, load
from tests.service.purse.test_orders import pay
from tests.service.staff.test_staff import people, refused
from tests.world import DESK, FAMILIES, KIOSK, World

__all__ = ["people"]
FMCOS = FAMILIES[0]


def cancel(world: World, by: Staff, reason: str = "returned", **given: Any) -> Cancellation:
    """Cancel the first card."""
    return cancel_card(world.store, CARD, reason, given.pop("papers", "身份证"), by=by, now=world.now)


def test_an_empty_card_ends_and_its_holder_may_have_another(world: World, people: dict[str, Staff]) -> None:
    """Money first, by the card itself; then it is void, on the hot list, and of no use; a new one can be made."""
    clerk, card = people["clerk"], world.issue(FMCOS)
    load(world, card, 10000)
    with refused("cancel_money_left"):
        cancel(world, clerk)
    world.do(card, "refund")
    assert cancel(world, clerk).reason == "returned"
    assert (cancellation_of(world.store, CARD) or {})["papers"] == "身份证"
    with world.store.read() as uow:
        assert uow.hotlist.is_listed(CARD)
    for kind, params in (("topup", {"amount": 5000, "payment": {"method": "cash"}}), ("refund", {})):
        with pytest.raises(CarriedOut) as told:
            world.do(card, kind, DESK, **params)
        assert (told.value.reply.problem or {})["code"] == "card_not_issued"
    with refused("card_not_issued"):
        cancel(world, clerk)
    world.do(VirtualCard.blank(FMCOS, seed=2), "personalise", citizen_id=world.citizen(1))
    assert sum(world.balances().values()) == 0


def test_what_was_ridden_before_the_refund_does_not_stand_in_the_way(world: World, people: dict[str, Staff]) -> None:
    """The books still have the ride whose record has not come; the holder has nothing."""
    card = world.issue(FMCOS)
    load(world, card, 10000)
    Reader().debit(card, CARD, 250, world.now)
    world.do(card, "refund")
    assert world.purse_total(CARD) == 250
    cancel(world, people["clerk"])
    assert world.purse_total(CARD) == 250


def test_what_was_paid_online_goes_back_to_its_payer(world: World, people: dict[str, Staff]) -> None:
    """An order that waited is returned with the card."""
    world.issue(FMCOS)
    pay(world)
    cancel(world, people["clerk"], "moved_away")
    balances = world.balances()
    assert (balances.get(f"order:{CARD}", 0), balances["payout:app"]) == (0, -5000)


def test_nothing_open_is_buried_with_a_card(world: World, people: dict[str, Staff]) -> None:
    """A torn load, a torn order, a deposit, a reported loss, a wrong reason, no papers, the wrong person: each is told."""
    clerk, card = people["clerk"], world.issue(FMCOS)
    with refused("cancel_reason_wrong"):
        cancel(world, clerk, "lost")
    with refused("reason_missing"):
        cancel(world, clerk, papers="  ")
    with refused("not_permitted"):
        cancel(world, people["auditor"])
    with refused("card_unknown"):
        cancel_card(world.store, "3100010100000099", "death", "证明", by=clerk, now=world.now)
    take_deposit(world.store, world.engine.rules, DESK, CARD, "T", Payment(method="cash"), by=clerk, now=world.now)
    with refused("cancel_deposit_held"):
        cancel(world, clerk)
    return_deposit(world.store, world.engine.rules, DESK, CARD, by=clerk, now=world.now)
    pay(world)
    card.plan = FaultPlan(tear_after_write=1)
    with suppress(CardGone):
        world.do(card, "fetch", KIOSK)
    with refused("card_suspects_open"):
        cancel(world, clerk)
    world.do(card, "inspect")
    world.do(card, "refund") if world.purse_total(CARD) else None
    add_to_hot_list(world.store, CARD, "挂失", by=clerk, now=world.now)
    with refused("card_hot_listed"):
        cancel(world, clerk, "death")
