"""Change: the teller types what was handed over; command and receipt say what goes back; the ledger knows the amount alone."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.receipts import printed, receipt_of
from cardsvc.service.cards.replacement import begin_replacement
from cardsvc.service.purse.payments import Payment
from tests.day.outlet import Hall
from tests.world import DESK, FAMILIES

CARD = "3100010100000001"
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
    row = begin_replacement(hall.world.store, rules, DESK, CARD, "damaged", paid, readable=True, by=by, now=hall.world.now)
    rows = paper(hall, row.replacement_id)
    assert (rows["Amount"], rows["Cash given"], rows["Change"]) == ("15.00", "20.00", "5.00")
    assert in_drawer(hall) == before + 6500


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
        begin_replacement(hall.world.store, rules, DESK, CARD, "damaged", paid, readable=True, by=by, now=hall.world.now)
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
