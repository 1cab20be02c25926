"""Replacement: the fee by reason and warranty, taken once, before anything happens to the old card."""

import datetime as dt
import uuid
from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardGone, CardsvcError
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.receipts import check_receipt, printed, receipt_of
from cardsvc.service.cards.cancelling import cancel_card
from cardsvc.service.cards.replacement import (
    ReplacementRequest,
    begin_replacement,
    fees_of,
    give_fee_back,
    open_replacements,
    replacement_of,
)
from cardsvc.service.cash.shifts import close_shift, open_shift
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.payments import Payment
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.examples import examples
from tests.world import World

HERE = Actor("terminal", "ws-1", bytes.fromhex("310000000011"), "desk")
CASH = Payment(method="cash")
MOBILE = Payment(method="mobile", reference="wx-1")
OLD = "3100010100000001"


@pytest.fixture
def clerk(world: World) -> Staff:
    """A clerk of the hall."""
    return clerk_of(world)


def clerk_of(world: World) -> Staff:
    """The same, of any world."""
    add_outlet(world.store, "hall", "hall", world.now)
    admin = add_staff(world.store, NewStaff("admin", "a", "administrator", "hall"), "only for tests", world.now, by=None)
    return add_staff(world.store, NewStaff("clerk", "c", "clerk", "hall"), "only for tests", world.now, by=admin)


def replace(world: World, clerk: Staff, reason: str, payment: Payment = CASH, *, readable: bool = True) -> Any:
    """Begin the replacement of the only card."""
    rules = world.engine.rules
    card_no = "3100010100000001"
    return begin_replacement(
        world.store,
        rules,
        HERE,
        ReplacementRequest(card_no=card_no, reason=reason, payment=payment, readable=readable),
        by=clerk,
        now=world.now,
    )


def test_a_natural_fault_in_warranty_is_free_and_damage_costs_fifteen_yuan_once(world: World, clerk: Staff) -> None:
    """Domain rule 11; asked twice, one fee; the fee is income, and the money is where cash is."""
    world.issue("fudan-fmcos2")
    fees = fees_of(world.store, world.engine.rules, "3100010100000001", world.now)
    assert {reason: amount for reason, (amount, _rule) in fees.items()} == {
        "fault": 0,
        "damaged": 1500,
        "changed": 1500,
        "lost": 1500,
    }
    first, second = replace(world, clerk, "damaged"), replace(world, clerk, "damaged")
    assert first == second
    assert first.fee == 1500
    assert world.balances()["fee:replace"] == -1500
    assert world.balances()["clearing:terminal:ws-1"] == 1500


def test_of_two_desks_that_take_the_fee_the_second_is_told(world: World, clerk: Staff) -> None:
    """Both forms were open: what the second desk took is in no books, so it is refused, and gives it back. The same form sent
    twice is one replacement; another payment or another reason is another form."""
    world.issue("fudan-fmcos2")
    with world.store.read() as uow:
        admin = uow.staff.get("admin")
    other = add_staff(world.store, NewStaff("other", "Other", "clerk", "hall"), "only for tests", world.now, by=admin)
    first = replace(world, clerk, "damaged")
    assert replace(world, clerk, "damaged") == first
    mobile = Payment.model_validate({"method": "mobile", "reference": "WX-9"})
    for again in (lambda: replace(world, other, "damaged"), lambda: replace(world, clerk, "damaged", mobile)):
        with pytest.raises(CardsvcError, match="replacement_known") as told:
            again()
        assert "已由 clerk 在 2026-11-24 12:00 办了补换卡，收费 15.00 元" in told.value.message("zh")
    with pytest.raises(CardsvcError, match="replacement_known"):
        replace(world, clerk, "fault")
    assert world.balances()["fee:replace"] == -1500


def test_another_clerk_goes_on_with_a_fee_that_was_paid(world: World, clerk: Staff) -> None:
    """Their form shows it as paid: it is the same replacement, and the card is taken in. Where it went back meanwhile the form
    is wrong: nothing is taken that nobody was asked for."""
    world.issue("fudan-fmcos2")
    with world.store.read() as uow:
        admin = uow.staff.get("admin")
    other = add_staff(world.store, NewStaff("other", "Other", "clerk", "hall"), "only for tests", world.now, by=admin)
    first = replace(world, clerk, "damaged")
    asked = ReplacementRequest(card_no=OLD, reason="damaged", payment=CASH, readable=False, paid_before=True)

    def goes_on() -> Any:
        return begin_replacement(world.store, world.engine.rules, HERE, asked, by=other, now=world.now)

    assert goes_on() == first
    give_fee_back(world.store, HERE, OLD, by=clerk, now=world.now)
    with pytest.raises(CardsvcError, match="replacement_not_paid"):
        goes_on()
    assert world.balances()["clearing:terminal:ws-1"] == 0


def test_out_of_warranty_a_natural_fault_costs_too(world: World, clerk: Staff) -> None:
    """A card of many years ago."""
    world.issue("fudan-fmcos2")
    world.now += dt.timedelta(days=366 * 9)
    assert fees_of(world.store, world.engine.rules, "3100010100000001", world.now)["fault"][0] == 1500


def test_a_card_that_gave_its_money_is_told_as_replaced_and_not_as_wanted(world: World, clerk: Staff) -> None:
    """It is on the hot list for the readers outside; whoever brings it to a desk has done nothing wrong."""
    old = world.issue("fudan-fmcos2")
    world.topup(old, 5000)
    replace(world, clerk, "fault")
    world.do(old, "transfer_out")
    with world.store.read() as uow:
        assert uow.hotlist.is_listed("3100010100000001")
    assert [finding["code"] for finding in world.do(old, "diagnose", quick=True)["findings"]] == ["card_withdrawn"]


def test_what_is_refused_takes_no_fee(world: World, clerk: Staff) -> None:
    """A wrong reason, a card on the hot list, a payment that paid something else."""
    card = world.issue("fudan-fmcos2")
    paid = {"method": "mobile", "reference": "WX-1"}
    world.do(card, "topup", amount=5000, payment=paid)
    with pytest.raises(CardsvcError, match="replacement_reason_wrong"):
        replace(world, clerk, "tired of it")
    with pytest.raises(CardsvcError, match="payment_reference_used"):
        replace(world, clerk, "damaged", Payment.model_validate(paid))
    with world.store.begin() as uow:
        uow.hotlist.change_card("3100010100000001", "add", "lost", "li", world.now)
        uow.commit()
    with pytest.raises(CardsvcError, match="card_hot_listed"):
        replace(world, clerk, "damaged")
    assert "fee:replace" not in world.balances()
    assert open_replacements(world.store, "hall") == []


def test_a_payment_that_paid_a_fee_pays_no_load(world: World, clerk: Staff) -> None:
    """One payment, one thing."""
    world.issue("fudan-fmcos2")
    paid = {"method": "mobile", "reference": "WX-2"}
    replace(world, clerk, "damaged", Payment.model_validate(paid))
    other = world.issue("fudan-fmcos2", 2)
    with pytest.raises(Exception, match="payment_reference_used"):
        world.do(other, "topup", amount=5000, payment=paid)


def test_the_next_card_of_the_person_closes_the_replacement(world: World, clerk: Staff) -> None:
    """Taken in unreadable, then made: the row knows both cards, and what the old one had open."""
    old = world.issue("fudan-fmcos2")
    world.do(old, "open", application="bus", product="T")
    replace(world, clerk, "fault", readable=False)
    (waiting,) = open_replacements(world.store, "hall")
    assert waiting["applications"] == {"bus": "T"}
    assert waiting["due"] is not None
    new = VirtualCard.blank("fudan-fmcos2", seed=9)
    number = world.do(new, "personalise", citizen_id=waiting["holder"]["citizen_id"])["card_no"]
    done = replacement_of(world.store, "3100010100000001")
    assert done is not None
    assert done["new_card_no"] == number
    assert open_replacements(world.store, "hall") == []


def make(world: World, seed: int, *, tear: int | None = None) -> str | None:
    """A new card for the person of the old one; None when it was pulled out of the reader, or they have one."""
    with world.store.read() as uow:
        (citizen,) = uow.citizens.where()
    blank = VirtualCard.blank("fudan-fmcos2", seed=seed)
    blank.plan = FaultPlan(tear_after_command=tear)
    with suppress(CardGone, CarriedOut):
        return str(world.do(blank, "personalise", citizen_id=citizen.citizen_id)["card_no"])
    return None


def begun(world: World) -> bool:
    """Whether a card is being made."""
    with world.store.read() as uow:
        return any(card.state == "personalising" for card in uow.cards.where())


def spoil(world: World, card_no: str) -> None:
    """A card that is made and found to be no good before it is anybody's."""
    with world.store.begin() as uow:
        card = uow.cards.get(card_no)
        assert card
        uow.cards.change(card, state="void")
        uow.commit()


def back(world: World, clerk: Staff) -> Any:
    """The fee goes back."""
    return give_fee_back(world.store, HERE, OLD, by=clerk, now=world.now)


def test_a_drawer_gives_no_fee_back_that_is_not_in_it(world: World, clerk: Staff) -> None:
    """Taken before this shift was opened, without a float: a supervisor brings cash, or another desk pays."""
    world.issue("fudan-fmcos2")
    replace(world, clerk, "damaged", readable=False)
    world.register(HERE)
    shift = open_shift(world.store, (HERE.kind, HERE.id), {}, by=clerk, now=world.now)
    with pytest.raises(CardsvcError, match=r"^drawer_holds_less "):
        back(world, clerk)
    close_shift(world.store, shift.shift_id, {}, by=clerk, now=world.now)
    assert back(world, clerk).fee == 1500


def test_one_fee_pays_one_replacement_however_many_blanks_it_takes(world: World, clerk: Staff) -> None:
    """One is torn out in the making, one is spoiled when it is made: the third is the one that was paid for."""
    world.issue("fudan-fmcos2")
    replace(world, clerk, "damaged", readable=False)
    assert make(world, 9, tear=30) is None
    second = make(world, 10)
    assert open_replacements(world.store, "hall") == []
    assert second
    spoil(world, second)
    (waiting,) = open_replacements(world.store, "hall")
    assert (waiting["old_card_no"], waiting["new_card_no"], waiting["waits"]) == (OLD, None, True)
    assert fees_of(world.store, world.engine.rules, OLD, world.now) == {"damaged": (0, waiting["rules"][0])}
    third = make(world, 11)
    assert open_replacements(world.store, "hall") == []
    assert (replacement_of(world.store, OLD) or {})["new_card_no"] == third
    assert world.balances()["fee:replace"] == -1500


def test_a_card_that_is_to_give_its_money_and_cannot_is_taken_in_for_the_same_fee(world: World, clerk: Staff) -> None:
    """Asked again as unreadable: the day is told, nothing is paid again."""
    world.issue("fudan-fmcos2")
    replace(world, clerk, "damaged")
    assert (replacement_of(world.store, OLD) or {})["due"] is None
    replace(world, clerk, "damaged", readable=False)
    seen = replacement_of(world.store, OLD) or {}
    assert (seen["due"] is not None, seen["in_hand"]) == (True, False)
    assert world.balances()["fee:replace"] == -1500


@pytest.mark.parametrize(("payment", "account"), [(CASH, "clearing:terminal:ws-1"), (MOBILE, "payout:mobile")])
def test_a_fee_goes_back_the_way_it_came_and_only_once(world: World, clerk: Staff, payment: Payment, account: str) -> None:
    """It ends the replacement: another one pays again, and not with the same payment."""
    world.issue("fudan-fmcos2")
    with pytest.raises(CardsvcError, match="replacement_no_fee"):
        back(world, clerk)
    replace(world, clerk, "damaged", payment)
    before = world.balances()
    assert back(world, clerk).back_account == account
    after = world.balances()
    assert after["fee:replace"] == 0
    assert after.get(account, 0) - before.get(account, 0) == -1500
    with pytest.raises(CardsvcError, match="replacement_no_fee"):
        back(world, clerk)
    assert open_replacements(world.store, "hall") == []
    if payment is MOBILE:
        with pytest.raises(CardsvcError, match="payment_reference_used"):
            replace(world, clerk, "damaged", payment)
    assert replace(world, clerk, "damaged").fee == 1500
    assert world.balances()["fee:replace"] == -1500


def test_a_fee_does_not_go_back_once_its_card_is_made_or_while_it_is_being_made(world: World, clerk: Staff) -> None:
    """Somebody has the new card in the reader at another desk; then it is made; then it is the holder's, who cancels it."""
    world.issue("fudan-fmcos2")
    replace(world, clerk, "damaged", readable=False)
    with world.store.read() as uow:
        (citizen,) = uow.citizens.where()
    channel, port = VirtualCard.blank("fudan-fmcos2", seed=9).channel(), world.port()
    params, key = {"citizen_id": citizen.citizen_id}, str(uuid.uuid4())
    reply = port.start("personalise", params, atr=channel.atr, idempotency_key=key)
    while not begun(world):
        reply = port.answer(reply.id, reply.step, run_batch(ResponseLink(channel), reply.commands))
    with pytest.raises(CardsvcError, match="card_busy"):
        back(world, clerk)
    channel.close()
    world.now += dt.timedelta(minutes=5)
    made = make(world, 10)
    with pytest.raises(CardsvcError, match="replacement_made"):
        back(world, clerk)
    assert made
    cancel_card(world.store, made, "moved_away", "ID card", by=clerk, now=world.now)
    with pytest.raises(CardsvcError, match="replacement_made"):
        back(world, clerk)


def test_the_fee_has_a_receipt_that_tells_when_it_went_back(world: World, clerk: Staff) -> None:
    """Printed before, checked after: the paper is known to be overtaken. A replacement that was free has none."""
    key = ReceiptKey(Ed25519PrivateKey.generate())
    world.issue("fudan-fmcos2")
    row = replace(world, clerk, "damaged", MOBILE)
    paper = receipt_of(world.store, key, OLD, row.replacement_id)
    text = printed(paper, "text58", "zh", None).decode()
    assert {"15.00", "补换卡工本费", "人为损坏"} <= set(text.split())
    assert printed(paper, "pdf", "zh", None).startswith(b"%PDF")
    checked = check_receipt(world.store, key.public_hex, paper.signed_text)
    assert (checked["books"], checked["receipt"]["kind"], checked["receipt"]["amount"]) == ("same", "replacement", 1500)
    back(world, clerk)
    checked = check_receipt(world.store, key.public_hex, paper.signed_text)
    assert (checked["books"], checked["now"]["state"]) == ("changed", "paid-back")
    world.issue("fudan-fmcos2", 2)
    other = "3100010100000002"
    rules = world.engine.rules
    free = begin_replacement(
        world.store,
        rules,
        HERE,
        ReplacementRequest(card_no=other, reason="fault", payment=CASH, readable=True),
        by=clerk,
        now=world.now,
    )
    with pytest.raises(CardsvcError, match="transaction_unknown"):
        receipt_of(world.store, key, other, free.replacement_id)


STEP = st.sampled_from(["ask", "ask unreadable", "make", "tear", "spoil", "back"])


@examples(10)
@given(steps=st.lists(STEP, min_size=4, max_size=8))
def test_the_income_is_the_fees_that_stayed(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    """Nobody pays twice for one card, nobody gets a fee back whose card they have."""
    world = World(tmp_path_factory.mktemp("fees") / "x.db")
    by = clerk_of(world)
    world.issue("fudan-fmcos2")
    paid, new, seed = False, None, 20
    for step in steps:
        world.now += dt.timedelta(minutes=5)
        seed += 1
        try:
            if step.startswith("ask"):
                replace(world, by, "damaged", readable=step == "ask")
                paid = True
            elif step in ("make", "tear"):
                new = make(world, seed, tear=seed if step == "tear" else None) or new
            elif step == "spoil" and new:
                spoil(world, new)
                new = None
            elif step == "back":
                back(world, by)
                assert paid
                assert new is None
                paid = False
        except CardsvcError as error:
            assert error.code in ("replacement_no_fee", "replacement_made", "card_not_issued"), error.code
            assert not (step == "back" and error.code == "replacement_no_fee" and paid)
        income = world.balances().get("fee:replace", 0)
        assert income == (-1500 if paid else 0)
        assert world.balances().get("clearing:terminal:ws-1", 0) == -income
    world.close()
