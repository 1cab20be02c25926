"""Change: the teller types what was handed over; command and receipt say what goes back; the ledger knows the amount alone."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.receipts import printed, receipt_of
from cardsvc.service.books.reports import day_sheet
from cardsvc.service.books.sheet_print import printed_sheet
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.payments import Payment
from cardsvc.service.transactions.deposits import return_deposit, take_deposit
from tests.day.outlet import Hall
from tests.world import DESK, FAMILIES

CARD = "3100010100000001"
LOCAL = Actor("local", "cli", bytes.fromhex("310000000001"), "desk")
KEY = ReceiptKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))


def paper(hall: Hall, identifier: str) -> dict[str, str]:
    """The receipt's rows."""
    return {label.en: value.en for label, value in receipt_of(hall.world.store, KEY, CARD, identifier).rows}


def in_drawer(hall: Hall) -> int:
    """What the books say is in all drawers, in fen."""
    return sum(amount for account, amount in hall.world.balances().items() if account.startswith("drawer:"))


def topup(hall: Hall, card: Any, amount: int, given: int | None, **payment: Any) -> Any:
    """A top-up in cash at the desk."""
    told = {"method": "cash", "reference": None, **payment, **({} if given is None else {"given": given})}
    return hall.world.do(card, "topup", DESK, amount=amount, payment=told)


def test_a_top_up_tells_its_change_and_the_drawer_keeps_the_amount(hall: Hall) -> None:
    """60 of a note of 100. Where nothing was typed, nothing is said."""
    hall.open()
    card, before = hall.world.issue(FAMILIES[0]), in_drawer(hall)
    done = topup(hall, card, 6000, 10000)
    assert (done["given"], done["change"], done["balance"]) == (10000, 4000, 6000)
    assert in_drawer(hall) == before + 6000
    rows = paper(hall, done["load_id"])
    assert (rows["Amount"], rows["Cash given"], rows["Change"]) == ("60.00", "100.00", "40.00")
    text = printed(receipt_of(hall.world.store, KEY, CARD, done["load_id"]), "text58", "zh", None).decode()
    assert {"收现金", "100.00", "找零", "40.00"} <= set(text.split())
    silent = topup(hall, card, 5000, None)
    assert not {"given", "change"} & set(silent)
    assert "Change" not in paper(hall, silent["load_id"])


def test_fees_tell_their_change(hall: Hall) -> None:
    """Of an application, and of a replacement."""
    hall.open()
    card, before = hall.world.issue(FAMILIES[0]), in_drawer(hall)
    cash = {"method": "cash", "reference": None, "given": 10000}
    opened = hall.world.do(card, "open", DESK, application="park", product="1", payment=cash)
    assert (opened["terms"]["fee"], opened["change"]) == (5000, 5000)
    with hall.world.store.read() as uow:
        (fee,) = uow.application_fees.where()
    assert paper(hall, fee.operation_id)["Change"] == "50.00"
    free = hall.world.do(card, "open", DESK, application="library", product="1", payment=cash)
    assert "change" not in free, "nothing was to be paid"
    paid = Payment(method="cash", given=2000)
    rules, by = hall.world.engine.rules, hall["teller"]
    row = begin_replacement(
        hall.world.store,
        rules,
        DESK,
        ReplacementRequest(card_no=CARD, reason="damaged", payment=paid, readable=True),
        by=by,
        now=hall.world.now,
    )
    rows = paper(hall, row.replacement_id)
    assert (rows["Amount"], rows["Cash given"], rows["Change"]) == ("15.00", "20.00", "5.00")
    assert in_drawer(hall) == before + 6500


def deposit(hall: Hall, teller: str, given: int | None) -> int:
    """Take a deposit of 20 yuan in cash by a command at this machine; its amount."""
    rules, by, paid = hall.world.engine.rules, hall[teller], Payment(method="cash", given=given)
    return take_deposit(hall.world.store, rules, LOCAL, CARD, "T", paid, by=by, now=hall.world.now).amount


def test_a_deposit_lies_in_its_tellers_drawer_and_tells_its_change(hall: Hall) -> None:
    """Whatever machine the command runs on; not in a colleague's drawer that stands there, nor out of it."""
    hall.world.issue(FAMILIES[0])
    theirs = hall.open("other", actor=LOCAL)
    with pytest.raises(CardsvcError, match=r"^drawer_of_another "):
        deposit(hall, "teller", None)
    mine = hall.open("teller", actor=DESK)
    with pytest.raises(CardsvcError, match=r"^cash_given_short "):
        deposit(hall, "teller", 1999)
    assert deposit(hall, "teller", 5000) == 2000
    sheet = day_sheet(hall.world.store, hall.world.now.date(), "teller", "hall")
    seen = {d["shift_id"]: (d["cash_in"], d["given"], d["change"]) for d in sheet["drawers"]}
    assert seen == {mine.shift_id: (2000, 5000, 3000), theirs.shift_id: (0, 0, 0)}
    hall.close(mine, hall.balance(f"drawer:{mine.shift_id}"))
    rules = hall.world.engine.rules
    with pytest.raises(CardsvcError, match=r"^drawer_of_another "):
        return_deposit(hall.world.store, rules, LOCAL, CARD, by=hall["teller"], now=hall.world.now)
    before = hall.balance(f"drawer:{theirs.shift_id}")
    back = return_deposit(hall.world.store, rules, LOCAL, CARD, by=hall["other"], now=hall.world.now).returned or 0
    assert hall.balance(f"drawer:{theirs.shift_id}") == before - back < before


def test_change_stands_on_the_day_sheet(hall: Hall) -> None:
    """Of a top-up, a fee and a replacement, with the drawer that they went into, on paper too; it is no money of the drawer."""
    shift = hall.open()
    card = hall.world.issue(FAMILIES[0])
    topup(hall, card, 6000, 10000)
    topup(hall, card, 5000, None)
    hall.world.do(card, "open", DESK, application="park", product="1", payment={"method": "cash", "given": 10000})
    sheet = day_sheet(hall.world.store, hall.world.now.date(), "teller", "hall")
    (drawer,) = sheet["drawers"]
    assert (drawer["given"], drawer["change"], drawer["cash_in"], drawer["cash_out"]) == (20000, 9000, 16000, 0)
    assert in_drawer(hall) == shift.opening_float + 16000
    assert "teller desk:desk-1 在班,200.00,90.00" in printed_sheet(sheet, "csv", "zh").decode()


def test_less_than_the_amount_is_refused_before_the_card_is_asked(hall: Hall) -> None:
    """Nothing is written or booked, on any way; only cash has change."""
    hall.open()
    card, before = hall.world.issue(FAMILIES[0]), in_drawer(hall)
    with pytest.raises(CardsvcError, match=r"^cash_given_short "):
        topup(hall, card, 6000, 5000)
    with pytest.raises(CardsvcError, match=r"^params_invalid "):
        topup(hall, card, 6000, 10000, method="mobile", reference="wx-1")
    with pytest.raises(CarriedOut) as told:
        hall.world.do(card, "open", DESK, application="park", product="1", payment={"method": "cash", "given": 4999})
    assert (told.value.reply.problem or {})["code"] == "cash_given_short"
    assert hall.world.do(card, "inspect", DESK)["applications"]["park"]["state"] == "not_opened"
    with pytest.raises(CardsvcError, match=r"^cash_given_short "):
        paid = Payment(method="cash", given=1499)
        rules, by = hall.world.engine.rules, hall["teller"]
        begin_replacement(
            hall.world.store,
            rules,
            DESK,
            ReplacementRequest(card_no=CARD, reason="damaged", payment=paid, readable=True),
            by=by,
            now=hall.world.now,
        )
    assert in_drawer(hall) == before


def test_the_same_input_is_the_same_as_before_there_was_change(hall: Hall) -> None:
    """A payment for which nothing was typed is sent and stored as it always was, so that a client that repeats a call of before
    an update gets its reply. What was handed over is never written over."""
    assert Payment(method="cash").model_dump() == {"method": "cash", "reference": None}
    hall.open()
    done = topup(hall, hall.world.issue(FAMILIES[0]), 5000, 5000)
    assert paper(hall, done["load_id"])["Change"] == "0.00"
    with pytest.raises(StoreError, match="append-only"), hall.world.store.begin() as uow:
        uow.cash_given.change(uow.cash_given.where()[0], given=6000)
