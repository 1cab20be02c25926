"""What is paid when an application is opened: booked once, when it is on the card, into the drawer that took it."""

from contextlib import suppress
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cardsvc.errors import CardGone, RequestError
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.books.receipts import check_receipt, money_of, printed, receipt_of
from cardsvc.service.cards.replacement import ReplacementRequest, begin_replacement
from cardsvc.service.purse.payments import Payment
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.day.outlet import open_hall
from tests.service.purse.test_areas import load
from tests.world import DESK, FAMILIES, Snapshot, World

FMCOS = FAMILIES[0]
CARD = "3100010100000001"
FEE = 5000
"""A park pass for next year, 24 November: 40 yuan, and 10 for opening it on a citizen card."""


def park(world: World, card: VirtualCard, **payment: Any) -> Any:
    """Open the park pass."""
    return world.do(card, "open", DESK, application="park", product="1", payment={"method": "cash", **payment})


def refused(world: World, card: VirtualCard, **payment: Any) -> str:
    """The code with which it is refused; nothing moved."""
    before = world.balances()
    with pytest.raises(CarriedOut) as told:
        park(world, card, **payment)
    assert world.balances() == before
    return str((told.value.reply.problem or {})["code"])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_fee_is_in_the_drawer_and_in_the_books(world: World, family: str) -> None:
    """And is what the page said it costs; a free application books nothing."""
    shift = open_hall(world).open()
    card = world.issue(family)
    before = world.balances()
    world.do(card, "open", application="library", product="1")
    assert world.balances() == before
    assert park(world, card)["terms"]["fee"] == FEE
    moved = {name: amount - before.get(name, 0) for name, amount in world.balances().items() if amount != before.get(name, 0)}
    assert moved.pop("fee:park") == -FEE
    assert moved == {f"drawer:{shift.shift_id}": FEE}
    with world.store.read() as uow:
        (row,) = uow.application_fees.where()
    assert (row.amount, row.application, row.payment_method) == (FEE, "park", "cash")


def test_a_pass_that_is_not_on_the_card_is_not_renewed(world: World) -> None:
    """The first one on a card costs ten yuan more (2009 tariff: 40 a year, 10 for opening it on a citizen card)."""
    card = world.issue(FMCOS)
    before = world.balances()
    with pytest.raises(CarriedOut) as told:
        world.do(card, "open", DESK, application="park", product="2")
    assert (told.value.reply.problem or {})["code"] == "renewal_without_first"
    assert world.balances() == before
    assert park(world, card)["terms"]["fee"] == FEE
    world.do(card, "close", DESK, application="park")
    with pytest.raises(CarriedOut, match="renewal_without_first"):
        world.do(card, "open", DESK, application="park", product="2")


def test_one_payment_pays_one_thing(world: World) -> None:
    """Not two fees, not a load and a fee, not a replacement and a fee; without a reference only cash."""
    card = world.issue(FMCOS)
    load(world, card, 10000, payment={"method": "mobile", "reference": "wx-load"})
    assert refused(world, card, method="mobile", reference="wx-load") == "payment_reference_used"
    assert park(world, card, method="mobile", reference="wx-fee")["state"] == "open"
    other = world.issue(FAMILIES[1], 2)
    assert refused(world, other, method="mobile", reference="wx-fee") == "payment_reference_used"
    with pytest.raises(CarriedOut) as told:
        load(world, other, 5000, payment={"method": "mobile", "reference": "wx-fee"})
    assert (told.value.reply.problem or {})["code"] == "payment_reference_used"
    hall = open_hall(world)
    with pytest.raises(Exception, match="payment_reference_used"):
        begin_replacement(
            world.store,
            world.engine.rules,
            DESK,
            ReplacementRequest(
                card_no=CARD, reason="damaged", payment=Payment(method="mobile", reference="wx-fee"), readable=True
            ),
            by=hall["teller"],
            now=world.now,
        )


@pytest.mark.parametrize("command", range(1, 18, 2))
def test_a_torn_opening_takes_its_fee_once(tmp_path_factory: pytest.TempPathFactory, command: int) -> None:
    """Wherever the card was pulled: opened again, the fee is booked once, and the card has what was paid for."""
    folder = tmp_path_factory.mktemp("torn")
    start = World(folder / "start.db")
    world, card = Snapshot(start, start.issue(FMCOS), folder).again()
    card.plan = FaultPlan(tear_after_command=command)
    with suppress(CardGone):
        park(world, card)
    with suppress(CarriedOut):
        park(world, card)
    assert world.balances()["fee:park"] == -FEE
    assert world.do(card, "inspect")["applications"]["park"]["state"] == "open"
    world.close()


def test_a_fee_has_a_receipt_that_can_be_checked(world: World) -> None:
    """What it was for and how it was paid; the code says the same, and a changed one is refused."""
    key = ReceiptKey(Ed25519PrivateKey.generate())
    card = world.issue(FMCOS)
    park(world, card, method="mobile", reference="wx-fee")
    with world.store.read() as uow:
        (row,) = uow.application_fees.where()
    found = receipt_of(world.store, key, CARD, row.operation_id)
    text = printed(found, "text58", "en", None).decode()
    assert "50.00" in text
    assert "Park pass (first)" in text
    assert "公园年卡（首次）" in printed(found, "text58", "zh", None).decode()
    checked = check_receipt(world.store, key.public_hex, found.signed_text)
    assert (checked["books"], checked["receipt"]["kind"], checked["receipt"]["amount"]) == ("same", "fee", FEE)
    assert (money_of(world.store, CARD, row.operation_id) or {})["amount"] == FEE
    with pytest.raises(RequestError, match="receipt_wrong"):
        check_receipt(world.store, key.public_hex, found.signed_text.replace("*5000*", "*9000*", 1))
