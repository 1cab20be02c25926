"""The fee of an opening whose card left: it is in the books from before the write, and the card decides whose it is."""

import copy
import datetime as dt
import uuid
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import create_engine

from cardsvc.card.records import ApplicationRecord
from cardsvc.errors import CardGone
from cardsvc.iso7816.exchange import run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.books.day_end import blockers
from cardsvc.service.books.receipts import check_receipt, printed, receipt_of
from cardsvc.service.books.reports import day_sheet
from cardsvc.service.books.time_line import why
from cardsvc.service.cards.cancelling import cancel_card
from cardsvc.service.cards.fees_back import return_fee
from cardsvc.service.cards.repair_steps import last_record
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.suspects import attachment, case_view, suspects, take
from cardsvc.store.records import ApplicationFee
from cardsvc.vcard import Fault, FaultPlan, VirtualCard, inflict
from cardsvc.wire import OperationState
from tests.databases import on_postgresql, url_of
from tests.day.outlet import Hall, open_hall, refused
from tests.money.passes import pass_on
from tests.service.cards.test_fees import CARD, FEE, FMCOS, park
from tests.world import DESK, KIOSK, Snapshot, World

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


def give_back(hall: Hall) -> ApplicationFee:
    """The second teller does, from their own drawer."""
    return return_fee(hall.world.store, OTHER_DESK, CARD, "park", by=hall["other"], now=hall.world.now)


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


def test_a_terminal_settles_what_is_there_and_gives_nothing_back(hall: Hall) -> None:
    """Nothing proves what a card says of its applications: whoever relays it could have a pass for nothing."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    told = world.do(card, "inspect", KIOSK)
    assert [(entry["state"], entry["rule"]) for entry in told["settled"]] == [("suspect", "undecided")]
    assert world.topup(card)["balance"] == 5000  # the citizen's other money moves
    assert [entry["state"] for entry in world.do(card, "inspect")["settled"]] == ["not_written"]
    second = world.issue(FMCOS, 2)
    torn(world, second, AFTER_THE_WRITE)
    assert [entry["state"] for entry in world.do(second, "inspect", KIOSK)["settled"]] == ["confirmed"]


def test_two_people_settle_the_fee_of_a_card_that_never_comes_back(hall: Hall) -> None:
    """Either way; what is not on the card then goes back without it."""
    world, card = hall.world, hall.world.issue(FMCOS)
    for written, state, fee in ((False, "not_written", 0), (True, "confirmed", -FEE)):
        torn(world, card, BEFORE_THE_WRITE)
        (entry,) = suspects(world.store, world.now)
        assert case_view(world.store, CARD, entry["id"], world.now)["terminal_no"] == DESK.terminal_no.hex()
        payload = {"card_no": CARD, "written": written, "attachments": [attachment("camera.txt", b"seen")]}
        hall.agree("settle_suspect", entry["id"], payload)
        assert case_view(world.store, CARD, entry["id"], world.now)["state"] == state
        assert world.balances().get("fee:park", 0) == fee
        if not written:
            give_back(hall)
    with world.store.read() as uow:
        assert uow.applications.get(CARD, "park") is not None
    assert verify_ledger(world.store)["breaks"] == []


def test_a_day_does_not_end_while_nobody_looks_after_a_fee(hall: Hall) -> None:
    """A suspect fee is one of the outlet's suspects; one that waits for its payer is a debt, and known."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    reasons = [(row["reason"], row["about"]) for row in blockers(world.store, "hall")]
    assert ("suspect_unowned", CARD) in reasons
    (entry,) = suspects(world.store, world.now)
    take(world.store, CARD, entry["id"], "", by=hall["teller"], now=world.now)
    assert "suspect_unowned" not in [row["reason"] for row in blockers(world.store, "hall")]


def test_the_card_tells_its_story(hall: Hall) -> None:
    """What was paid, what the card showed, and what it came to; the receipt says it while it is not known."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, AFTER_THE_WRITE, given=10000)
    key = ReceiptKey(Ed25519PrivateKey.generate())
    (entry,) = suspects(world.store, world.now)
    receipt = receipt_of(world.store, key, CARD, entry["id"])
    assert check_receipt(world.store, key.public_hex, receipt.signed_text)["receipt"]["state"] == "suspect"
    assert "100.00" in printed(receipt, "text58", "zh", None).decode()  # cash given
    world.now += dt.timedelta(minutes=1)
    world.do(card, "inspect")
    assert check_receipt(world.store, key.public_hex, receipt.signed_text)["books"] == "changed"
    told = [(line["event"], line["facts"].get("posting") or line["facts"].get("rule")) for line in why(world.store, CARD)]
    assert [fact for _event, fact in told if fact] == ["fee_authorised", "record_written", "fee_confirmed"]


def test_a_card_with_a_fee_that_is_not_settled_is_not_cancelled(hall: Hall) -> None:
    """Neither while nobody knows whose the money is, nor while it waits for its payer."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, BEFORE_THE_WRITE)
    for code in ("card_suspects_open", "cancel_money_left"):
        with refused(code):
            cancel_card(world.store, CARD, "moved_away", "身份证", by=hall["teller"], now=world.now)
        world.do(card, "inspect")
    give_back(hall)
    cancel_card(world.store, CARD, "moved_away", "身份证", by=hall["teller"], now=world.now)


def test_what_broke_off_is_carried_over_to_the_next_card(hall: Hall) -> None:
    """The record that its next contact found counts as written, for a repair and for the card that replaces it."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, AFTER_THE_WRITE)
    world.do(card, "inspect")
    with world.store.read() as uow:
        record = last_record(uow, CARD, "park")
        fee = uow.application_fees.confirmed_on(CARD)[0]
    assert record == fee.record


@pytest.mark.parametrize("heard", [False, True])
def test_a_service_and_a_desk_that_die_between_two_steps_lose_no_fee(
    tmp_path_factory: pytest.TempPathFactory, *, heard: bool
) -> None:
    """After every commit of an opening, with its commands not sent (or sent, and the answers lost): nobody tells anybody, the
    time runs out, another worker sweeps, and the next look and the same opening come to one fee and one pass."""
    folder = tmp_path_factory.mktemp("killed")
    start = World(folder / "start.db")
    snapshot, ends = Snapshot(start, start.issue(FMCOS), folder), set()
    for steps in range(20):
        world, card = snapshot.again()
        if died_after(world, card, steps, heard=heard):
            break
        world.now += dt.timedelta(hours=1)
        world.new_engine().sweep_all()
        look = world.do(card, "inspect")
        ends.add((look["applications"]["park"]["state"], len(look["paid_fees"])))
        with suppress(CarriedOut):
            park(world, card)
        assert world.balances()["fee:park"] == -FEE == -world.balances()["clearing:desk:desk-1"], steps
        assert world.balances().get(f"suspense:{CARD}", 0) == 0, steps
        assert world.do(card, "inspect")["applications"]["park"]["state"] == "open", steps
        assert verify_ledger(world.store)["breaks"] == [], steps
        world.close()
    world.close()
    assert ends == {("not_opened", 0), ("not_opened", 1), *([("open", 0)] if heard else [])}


def died_after(world: World, card: VirtualCard, steps: int, *, heard: bool) -> bool:
    """The opening up to a step that nobody answers; whether it came to its end before."""
    params = {"application": "park", "product": "1", "payment": {"method": "cash"}}
    channel = ResponseLink(card.channel())
    reply = world.port().start("open", params, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    for step in range(steps + 1):
        if reply.state is not OperationState.CARD:
            break
        if step == steps and not heard:
            break
        answers = run_batch(channel, reply.commands)
        if step < steps:
            reply = world.new_engine().port(DESK).answer(reply.id, reply.step, answers)
    channel.close()
    return reply.state is OperationState.DONE


def test_a_torn_renewal_prolongs_the_pass_or_leaves_it_and_is_paid_once(hall: Hall) -> None:
    """Last year's pass is on the card all the while: what counts is whether the new one is."""
    world, card = hall.world, hall.world.issue(FMCOS)
    park(world, card)
    world.now = dt.datetime(2027, 11, 20, 4, tzinfo=dt.UTC)
    renewal = {"application": "park", "product": "2"}
    for plan, state in ((BEFORE_THE_WRITE, "not_written"), (AFTER_THE_WRITE, "confirmed")):
        card.plan = plan
        with suppress(CardGone):
            world.do(card, "open", **renewal)
        look = world.do(card, "inspect")
        assert [entry["state"] for entry in look["settled"]] == [state]
        assert look["applications"]["park"]["valid_to"] == ("2028-01-20" if state == "not_written" else "2029-01-20")
    assert cash_of(hall, "desk-1") == FEE + 4000 == -world.balances()["fee:park"]
    with pytest.raises(CarriedOut, match="application_already_open"):
        world.do(card, "open", **renewal)
    with world.store.read() as uow:
        row = uow.applications.get(CARD, "park")
    assert (row and row.valid_from, row and row.valid_to) == (dt.date(2027, 1, 1), dt.date(2029, 1, 20))
    assert verify_ledger(world.store)["breaks"] == []


def test_the_day_sheet_says_who_took_what_for_openings(hall: Hall) -> None:
    """Taken, earned and given back, each by its drawer and the way it was paid."""
    world = hall.world
    cards = [world.issue(FMCOS, number) for number in (1, 2)]
    torn(world, cards[0], BEFORE_THE_WRITE)
    world.do(cards[0], "inspect")
    give_back(hall)
    park(world, cards[1], method="mobile", reference="wx-1")
    sheet = day_sheet(world.store, dt.date(2026, 11, 24), "teller", "hall")
    found = {(row["group"], row["kind"], row["method"], row["amount"]) for row in sheet["rows"]}
    assert {row for row in found if row[1].startswith("fee_")} == {
        ("teller", "fee_authorised", "cash", FEE),
        ("teller", "fee_authorised", "mobile", FEE),
        ("teller", "fee_confirmed", "mobile", FEE),
        ("other", "fee_refunded", "cash", FEE),
    }
    drawers = {drawer["staff_id"]: (drawer["cash_in"], drawer["cash_out"]) for drawer in sheet["drawers"]}
    assert drawers == {"teller": (FEE, 0), "other": (0, FEE)}


def test_a_write_that_the_card_refuses_says_what_becomes_of_the_money(hall: Hall) -> None:
    """Its memory is worn: nothing is on it, and the fee waits; nobody is told that nothing was done."""
    world, card = hall.world, hall.world.issue(FMCOS)
    card.plan = FaultPlan(worn_from_eeprom_byte=1)
    with pytest.raises(CarriedOut) as told:
        park(world, card)
    problem = told.value.reply.problem or {}
    assert (problem["outcome"], "不要再收款" in problem["next_step"]["zh"]) == ("unknown", True)
    look = world.do(card, "inspect")
    assert [fee["amount"] for fee in look["paid_fees"]] == [FEE] == [-world.balances()[f"suspense:{CARD}"]]


def test_a_card_that_shows_something_else_tells_nothing(hall: Hall) -> None:
    """Neither what was to be written nor what was there: a garbled record gives no money back, and earns none."""
    world, card = hall.world, hall.world.issue(FMCOS)
    torn(world, card, AFTER_THE_WRITE)
    garbled = next(seed for seed in range(99) if _decodes_otherwise(copy.deepcopy(card), seed))
    inflict(card, [Fault("corrupted-file", "3F06/0015")], seed=garbled)
    assert [entry["rule"] for entry in world.do(card, "inspect")["settled"]] == ["undecided"]


def _decodes_otherwise(card: VirtualCard, seed: int) -> bool:
    before = pass_on(card)
    inflict(card, [Fault("corrupted-file", "3F06/0015")], seed=seed)
    record = ApplicationRecord.parse(pass_on(card))
    return record is not None and replace(record, own=b"") != replace(ApplicationRecord.parse(before) or record, own=b"")


def test_an_opening_that_began_before_fees_were_booked_is_booked_when_it_ends(hall: Hall) -> None:
    """Version 0052 came while its card was on the reader: its cash was in no book yet."""
    world, card = hall.world, hall.world.issue(FMCOS)
    channel = ResponseLink(card.channel())
    params = {"application": "park", "product": "1", "payment": {"method": "cash"}}
    reply = world.port().start("open", params, atr=card.atr, idempotency_key=str(uuid.uuid4()))
    while f"suspense:{CARD}" not in world.balances():
        reply = world.port().answer(reply.id, reply.step, run_batch(channel, reply.commands))
    forget_the_fee(world)
    while reply.state is OperationState.CARD:
        reply = world.port().answer(reply.id, reply.step, run_batch(channel, reply.commands))
    channel.close()
    assert reply.state is OperationState.DONE
    assert cash_of(hall, "desk-1") == FEE == -world.balances()["fee:park"]
    assert verify_ledger(world.store)["breaks"] == []


def forget_the_fee(world: World) -> None:
    """The books as a service of before would have left them: neither row nor line."""
    engine = create_engine(url_of(world.path))
    with engine.begin() as raw:
        raw.exec_driver_sql(f"DROP TRIGGER transfer_no_delete{' ON transfer' if on_postgresql() else ''}")
        raw.exec_driver_sql("DELETE FROM application_fee")
        raw.exec_driver_sql("DELETE FROM transfer WHERE kind = 'fee_authorised'")
    engine.dispose()
