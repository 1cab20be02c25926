"""Payments that are no load, and payments that go back: a channel's file against everything that a payment can pay."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.purse.payments import Payment
from cardsvc.service.staff.approvals import approve
from cardsvc.service.transactions.deposits import take_deposit
from cardsvc.service.transactions.takeovers import hold_card
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import Reader, spending_file
from tests.reconcile.test_reconcile import CARD, correct, mobile, people, propose_of, run, statement, take_in, tick, told
from tests.service.transactions.test_takeover import second_card
from tests.world import DESK, FAMILIES, World

__all__ = ["people"]


def by_phone(reference: str) -> Payment:
    return Payment(method="mobile", reference=reference)


def torn(world: World, card: VirtualCard) -> None:
    """A load that was paid by phone, M-1, and that the card proved not to have."""
    card.plan = FaultPlan(tear_before_command=7)
    with pytest.raises(CardsvcError):
        mobile(world, card, "M-1")
    tick(world)
    assert world.do(card, "inspect")["settled"][0]["state"] == "refunded"
    take_in(world, "channel", "mobile", statement("channel", ("M-1", 5000, "")))


def paid_again(world: World, card: VirtualCard) -> Any:
    """The same payment at the next terminal: the code of its refusal, or None."""
    try:
        mobile(world, card, "M-1")
    except CarriedOut as ended:
        return (ended.reply.problem or {})["code"]
    return None


def test_fees_and_deposits_that_a_channel_lists_are_in_the_books(world: World, people: dict[str, Staff]) -> None:
    """Nobody proposes to send them back; one that is not listed is missed, one of another amount differs."""
    cards = [world.issue(FAMILIES[0], number) for number in (1, 2)]
    rules, by = world.engine.rules, people["li"]
    world.do(cards[0], "open", application="park", product="1", payment=by_phone("M-park").model_dump())
    take_deposit(world.store, rules, DESK, CARD, "T", by_phone("M-deposit"), by=by, now=world.now)
    other = world.card_no_of(cards[1])
    begin_replacement(
        world.store,
        rules,
        DESK,
        ReplacementRequest(card_no=other, reason="damaged", payment=by_phone("M-new"), readable=True),
        by=by,
        now=world.now,
    )
    tick(world)
    assert told(run(world, channel="mobile")) == [("missing_in_file", "open", None)]
    lines = [("M-park", 5000, ""), ("M-deposit", 2000, "")]
    take_in(world, "channel", "mobile", statement("channel", *lines))
    (missed,) = run(world, channel="mobile")
    assert (missed.code, missed.subject, missed.amount, missed.card_no) == ("loaded_not_paid", "mobile:M-new", 1500, other)
    tick(world)
    take_in(world, "channel", "mobile", statement("channel", ("M-new", 1600, "")))
    (differs,) = run(world, channel="mobile")
    assert (differs.code, differs.amount) == ("amount_differs", 100)


def test_a_payment_that_was_given_back_by_two_people_pays_nothing_any_more(world: World, people: dict[str, Staff]) -> None:
    """Its reference was free again after the load that the card does not have; not after its money went back."""
    card = world.issue(FAMILIES[0])
    torn(world, card)
    (found,) = run(world)
    correct(world, found, people)
    assert world.balances()["payout:mobile"] == -5000
    assert paid_again(world, card) == "payment_reference_used"


def test_a_payment_that_paid_another_load_meanwhile_is_not_given_back(world: World, people: dict[str, Staff]) -> None:
    """Between the proposal and the second person the holder tapped again."""
    card = world.issue(FAMILIES[0])
    torn(world, card)
    (found,) = run(world)
    asked = propose_of(world, found, people["clerk"])
    assert paid_again(world, card) is None
    with pytest.raises(CardsvcError, match="difference_stale"):
        approve(world.store, APPROVALS, asked.approval_id, by=people["wang"], now=world.now)
    assert "payout:mobile" not in world.balances()


def test_a_payment_that_is_told_with_two_amounts_is_given_back_once(world: World, people: dict[str, Staff]) -> None:
    """Two lines, two differences: after the first is booked the other rests on nothing."""
    world.issue(FAMILIES[0])
    take_in(world, "channel", "mobile", statement("channel", ("M-1", 5000, ""), ("M-1", 5100, "")))
    first, second = run(world, channel="mobile")
    assert (first.code, second.code) == ("reference_unknown", "reference_unknown")
    correct(world, first, people)
    with pytest.raises(CardsvcError, match="difference_stale"):
        correct(world, second, people)
    assert world.balances()["payout:mobile"] == -5000


def test_spending_that_comes_after_the_books_moved_an_old_cards_money(world: World, people: dict[str, Staff]) -> None:
    """The card could not be read, so its holder got a ride too much: a loss that is seen, and booked by two people."""
    card = world.issue(FAMILIES[0])
    world.topup(card, 5000)
    reader = Reader()
    rides = [reader.debit(card, CARD, 200, world.now) for _ in range(2)]
    hold_card(world.store, world.engine.rules, CARD, by=people["clerk"], now=world.now)
    new = second_card(world)
    world.now += dt.timedelta(days=20)
    assert world.do(new, "transfer_in", old_card_no=CARD)["amount"] == 5000
    for ride in rides:
        tick(world)
        take_in(world, "spending", "bus", spending_file([ride]))
        found = [row for row in run(world) if row.code == "moved_too_much"]
        assert [(row.card_no, row.amount, row.state) for row in found] == [(CARD, 200, "open")]
        tick(world)
        correct(world, found[0], people)
        assert world.purse_total(CARD) == 0
        assert "moved_too_much" not in [row.code for row in run(world)]
    assert world.balances()["difference:reconciliation"] == 400


def test_a_payment_whose_load_was_refused_is_given_back(world: World, people: dict[str, Staff]) -> None:
    """By a rule, after the customer had paid; the refused load took nothing and keeps nobody from it."""
    card = world.issue(FAMILIES[0])
    world.topup(card, 100000)
    world.now += dt.timedelta(seconds=5)
    with pytest.raises(CarriedOut, match="rule_balance_cap"):
        mobile(world, card, "M-1")
    take_in(world, "channel", "mobile", statement("channel", ("M-1", 5000, "")))
    (found,) = run(world, channel="mobile")
    assert found.code == "reference_unknown"
    correct(world, found, people)
    assert world.balances()["payout:mobile"] == -5000
