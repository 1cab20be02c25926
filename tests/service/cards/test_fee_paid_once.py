"""What was paid for an opening that broke off: it is used once, or goes back once, and nobody pays twice."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.purse.suspects import attachment, suspects, unused_fees
from cardsvc.vcard import Fault, VirtualCard, inflict
from tests.day.outlet import Hall, refused
from tests.service.cards.test_fees import CARD, FEE, FMCOS, park
from tests.service.cards.test_torn_fee import (
    AFTER_THE_WRITE,
    BEFORE_THE_WRITE,
    OTHER_DESK,
    at_another_desk,
    cash_of,
    give_back,
    hall,
    torn,
)
from tests.world import World

__all__ = ["hall"]


def test_what_was_paid_opens_it_where_the_card_does_not_have_it(hall: Hall) -> None:
    """The money waits, the look says so, and opening again takes nothing."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    look = world.do(card, "inspect", OTHER_DESK)
    assert suspects(world.store, world.now) == []
    assert [(fee["card_no"], fee["amount"]) for fee in unused_fees(world.store, world.now)] == [(CARD, FEE)]
    assert [(entry["state"], entry["rule"]) for entry in look["settled"]] == [("not_written", "record_unwritten")]
    assert [(fee["application"], fee["amount"]) for fee in look["paid_fees"]] == [("park", FEE)]
    told = at_another_desk(world, card)
    assert (told["state"], told["paid_before"]) == ("open", FEE)
    assert (cash_of(hall, "desk-1"), cash_of(hall, "desk-2")) == (FEE, 0)
    assert world.balances()["fee:park"] == -FEE
    assert verify_ledger(world.store)["breaks"] == []


def test_what_was_paid_goes_back_once_or_is_used_once(hall: Hall) -> None:
    """Out of the drawer of whoever gives it back; afterwards opening it costs what it costs, in the drawer that takes it."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    with refused("fee_not_waiting"):  # nothing is given back before the card has said that it is not there
        give_back(hall)
    world.do(card, "inspect", OTHER_DESK)
    row = give_back(hall)
    assert (row.state, cash_of(hall, "desk-1"), cash_of(hall, "desk-2")) == ("refunded", FEE, -FEE)
    with refused("fee_not_waiting"):
        give_back(hall)
    told = at_another_desk(world, card)
    assert (told["state"], told["terms"]["fee"], "paid_before" in told) == ("open", FEE, False)
    assert (cash_of(hall, "desk-1"), cash_of(hall, "desk-2")) == (FEE, 0)
    assert world.balances()[f"suspense:{CARD}"] == 0
    assert suspects(world.store, world.now) == unused_fees(world.store, world.now) == []
    assert verify_ledger(world.store)["breaks"] == []


def test_a_payment_by_phone_goes_back_through_its_channel(hall: Hall) -> None:
    """And pays nothing else any more, whoever brings its reference."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE, method="mobile", reference="wx-1")
    world.do(card, "inspect")
    give_back(hall)
    assert world.balances()["payout:mobile"] == -FEE
    assert cash_of(hall, "desk-2") == 0
    assert code_of(world, card, method="mobile", reference="wx-1") == "payment_reference_used"


def code_of(world: World, card: VirtualCard, product: str = "1", **payment: Any) -> str:
    """The code with which an opening is refused; nothing moved."""
    before = world.balances()
    with pytest.raises(CarriedOut) as told:
        world.do(card, "open", application="park", product=product, payment={"method": "cash", **payment})
    assert world.balances() == before
    return str((told.value.reply.problem or {})["code"])


def test_nobody_pays_twice_for_an_opening_that_was_paid(hall: Hall) -> None:
    """Neither another cash payment nor another reference is taken, whether the card has it or not; the first reference may be
    typed again."""
    world = hall.world
    for number, plan in enumerate((BEFORE_THE_WRITE, AFTER_THE_WRITE), start=1):
        card = world.issue(FMCOS, number)
        for second in ({"given": 10000}, {"method": "mobile", "reference": f"wx-again-{number}"}):
            torn(world, card, plan, method="mobile", reference=f"wx-{number}-{len(second)}")
            with pytest.raises(CarriedOut, match="fee_paid_before"):
                park(world, card, **second)
            if plan is AFTER_THE_WRITE:
                break
            done = park(world, card, method="mobile", reference=f"wx-{number}-{len(second)}")
            assert done["paid_before"] == FEE
            world.do(card, "close", application="park")
    assert cash_of(hall, "desk-1") == 0
    assert verify_ledger(world.store)["breaks"] == []


def test_a_payment_that_waits_is_of_its_card_alone(hall: Hall) -> None:
    """And no other card, load or replacement is paid with it."""
    world, card, other = hall.world, hall.world.issue(FMCOS), hall.world.issue(FMCOS, 2)
    torn(world, card, AFTER_THE_WRITE, method="mobile", reference="wx-1")
    assert code_of(world, other, method="mobile", reference="wx-1") == "payment_reference_used"
    world.do(card, "inspect")
    assert code_of(world, other, method="mobile", reference="wx-1") == "payment_reference_used"


def test_another_fee_than_was_paid_is_not_taken_before_that_went_back(hall: Hall) -> None:
    """From 1 July the pass costs less: the whole of what was paid goes back first, and then the new fee is taken."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    world.now = dt.datetime(2027, 8, 1, 4, tzinfo=dt.UTC)
    assert code_of(world, card) == "fee_waits"
    give_back(hall)
    assert park(world, card)["terms"]["fee"] == 3000
    assert (cash_of(hall, "desk-1"), cash_of(hall, "desk-2")) == (FEE + 3000, -FEE)


def test_a_blocked_application_is_not_paid_for(hall: Hall) -> None:
    """The card would refuse the write: nobody pays first."""
    world, card = hall.world, hall.world.issue(FMCOS)
    world.do(card, "block", application="park")
    assert code_of(world, card) == "application_blocked"
    assert cash_of(hall, "desk-1") == 0


def test_an_opening_that_was_shown_as_paid_takes_no_other_money(hall: Hall) -> None:
    """Another desk gave it back since: nobody took the price of now, and nothing is written for nothing."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    world.do(card, "inspect")
    give_back(hall)
    with pytest.raises(CarriedOut, match="fee_gone"):
        world.do(card, "open", application="park", product="1", paid=FEE)
    assert world.do(card, "inspect")["applications"]["park"]["state"] == "not_opened"
    torn(world, card, BEFORE_THE_WRITE)
    assert world.do(card, "open", application="park", product="1", paid=FEE)["paid_before"] == FEE


def test_a_card_that_cannot_tell_is_not_paid_for_again(hall: Hall) -> None:
    """Its application answers nonsense: the fee stays open, and no second one is taken before two people decide."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    inflict(card, [Fault("corrupted-file", "3F06/0015")])
    assert code_of(world, card) == "fee_open"
    assert [entry["rule"] for entry in world.do(card, "inspect")["settled"]] == ["undecided"]
    assert cash_of(hall, "desk-1") == FEE
    (entry,) = suspects(world.store, world.now)
    hall.agree(
        "settle_suspect",
        entry["id"],
        {"card_no": CARD, "written": False, "attachments": [attachment("camera.txt", b"seen")]},
    )
    assert park(world, card)["paid_before"] == FEE
