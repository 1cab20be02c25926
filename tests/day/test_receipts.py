"""Receipts: what is on the paper, what its code says, and that nobody alters one unseen."""

import datetime as dt
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cardsvc.errors import CardsvcError
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.printing.columns import width
from cardsvc.service.books.receipts import Receipt, check_receipt, printed, receipt_of
from cardsvc.service.books.statement import Statement, opened, signed
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.day.outlet import Hall, refused
from tests.service.transactions.test_takeover import second_card
from tests.world import FAMILIES

KEY = ReceiptKey(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
CARD = "3100010100000001"
STATEMENT = Statement(
    "LOAD",
    "CONFIRMED",
    "12345678-1234-1234-1234-123456789abc",
    "310001-0001",
    5000,
    15000,
    dt.datetime.fromisoformat("2026-11-24T12:00:00"),
    "0" * 12,
)
SIGNED = signed(STATEMENT, KEY)


@pytest.fixture
def load(hall: Hall) -> tuple[VirtualCard, Mapping[str, Any]]:
    """A card with one confirmed load, and its result."""
    card = hall.world.issue(FAMILIES[0])
    return card, hall.world.topup(card)


def receipt(hall: Hall, identifier: str) -> Receipt:
    """The receipt of a transaction."""
    return receipt_of(hall.world.store, KEY, CARD, identifier)


def page(pdf: bytes) -> tuple[str, Image.Image]:
    """Text and picture of the first page, by another program's eyes."""
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    try:
        sheet = document[0]
        return sheet.get_textpage().get_text_range(), sheet.render(scale=4).to_pil().convert("L")
    finally:
        document.close()


@pytest.mark.parametrize(("form", "columns"), [("text58", 32), ("text80", 48)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_receipt_fits_its_roll(hall: Hall, load: Any, form: str, columns: int, language: Any) -> None:
    """No line is wider than the paper; amount and balance are there, the middle of the card number is not."""
    text = printed(receipt(hall, load[1]["load_id"]), form, language, None).decode()
    assert all(width(line) <= columns for line in text.splitlines())
    assert {"50.00"} <= set(text.split())
    assert "310001******0001" in text
    assert CARD not in text
    assert ("市民卡凭证" in text) == (language == "zh")


@pytest.mark.parametrize("public_url", [None, "https://card.example.cn"])
def test_the_code_on_the_pdf_is_read_by_a_scanner_and_checked(hall: Hall, load: Any, public_url: str | None) -> None:
    """Rendered, scanned and verified with the public key alone; then against the books."""
    made = receipt(hall, load[1]["load_id"])
    text, picture = page(printed(made, "pdf", "zh", public_url))
    assert "市民卡凭证" in text
    assert "310001******0001" in text
    (code,) = zxingcpp.read_barcodes(picture)
    assert code.text == ("" if public_url is None else f"{public_url}/receipts/") + made.signed_text
    assert opened(code.text, KEY.public_hex).amount == 5000
    assert check_receipt(hall.world.store, KEY.public_hex, code.text)["books"] == "same"


def test_an_escpos_printer_gets_its_text_in_gbk_and_its_code(hall: Hall, load: Any) -> None:
    """The store command of the code says how long its data is (GS ( k, function 180)."""
    made = receipt(hall, load[1]["load_id"])
    data = printed(made, "escpos58", "zh", None)
    assert "市民卡凭证".encode("gbk") in data
    code = made.signed_text.encode()
    assert b"\x1d(k" + (len(code) + 3).to_bytes(2, "little") + b"\x31\x50\x30" + code in data


def test_a_receipt_says_what_became_of_a_torn_load(hall: Hall) -> None:
    """Suspect without a balance; after the card came back the old paper is known to be overtaken."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    card.plan = FaultPlan(tear_before_command=7)  # CREDIT FOR LOAD
    with pytest.raises(CardsvcError):
        world.topup(card)
    with world.store.read() as uow:
        (load,) = uow.loads.of_card(CARD)
    before = receipt(hall, load.load_id)
    assert (before.statement.state, before.statement.balance) == ("SUSPECT", None)
    world.do(card, "inspect")
    after = check_receipt(world.store, KEY.public_hex, before.signed_text)
    assert (after["books"], after["now"]["state"], after["now"]["balance"]) == ("changed", "refunded", 0)
    assert check_receipt(world.store, KEY.public_hex, receipt(hall, load.load_id).signed_text)["books"] == "same"


def test_purchases_have_receipts_and_strangers_have_none(hall: Hall, load: Any) -> None:
    """The balance after a purchase; unknown ids, cards and keys are refused."""
    bought = hall.world.do(load[0], "purchase", amount=200, merchant="bus")
    made = receipt(hall, bought["purchase_id"])
    assert (made.statement.kind, made.statement.amount, made.statement.balance) == ("PURCHASE", 200, 4800)
    with refused("transaction_unknown"):
        receipt(hall, "nothing")
    with refused("card_unknown"):
        receipt_of(hall.world.store, KEY, "3100010199999999", bought["purchase_id"])
    with refused("receipt_wrong"):
        opened(made.signed_text, ReceiptKey(Ed25519PrivateKey.generate()).public_hex)


def test_a_receipt_that_the_books_do_not_know_is_told(hall: Hall) -> None:
    """Signed here, but for an operation that is not in these books."""
    text = signed(STATEMENT, KEY)
    assert check_receipt(hall.world.store, KEY.public_hex, text)["books"] == "unknown"


def test_a_statement_reads_back() -> None:
    """Also wrapped on a narrow roll, and as the address that a phone opened."""
    assert opened(SIGNED, KEY.public_hex) == STATEMENT
    wrapped = "\n".join(SIGNED[i : i + 32] for i in range(0, len(SIGNED), 32))
    assert opened(wrapped, KEY.public_hex) == STATEMENT
    assert opened(f"https://card.example.cn/receipts/{SIGNED}", KEY.public_hex) == STATEMENT


@given(st.integers(0, len(SIGNED) - 1), st.characters())
def test_any_character_that_is_changed_is_found(place: int, character: str) -> None:
    """Whatever stands in its place instead."""
    forged = SIGNED[:place] + character + SIGNED[place + 1 :]
    if forged != SIGNED:
        with refused("receipt_wrong"):
            opened(forged, KEY.public_hex)


def test_every_character_is_covered() -> None:
    """Each place once with a character that the form allows there."""
    for place, old in enumerate(SIGNED):
        forged = SIGNED[:place] + ("3" if old != "3" else "4") + SIGNED[place + 1 :]
        with refused("receipt_wrong"):
            opened(forged, KEY.public_hex)


@given(st.text(max_size=600))
def test_nonsense_is_refused(text: str) -> None:
    """Never an unexpected error."""
    with refused("receipt_wrong"):
        opened(text, KEY.public_hex)


def test_the_key_lives_in_a_sealed_file(tmp_path: Path) -> None:
    """Made once, read by its owner alone, opened with the passphrase alone."""
    file = tmp_path / "receipts.pem"
    made = ReceiptKey.create(file, b"correct horse")
    assert file.stat().st_mode & 0o077 == 0
    assert ReceiptKey.open(file, b"correct horse").public_hex == made.public_hex
    with refused("receipt_key_exists"):
        ReceiptKey.create(file, b"correct horse")
    with refused("receipt_key_sealed"):
        ReceiptKey.open(file, b"wrong")
    with refused("receipt_key_missing"):
        ReceiptKey.open(tmp_path / "nothing", b"x")


def test_money_that_came_from_an_old_card_has_a_receipt(hall: Hall, load: Any) -> None:
    """It says where it came from, as no channel and no cash paid it."""
    world = hall.world
    world.do(load[0], "transfer_out")
    new = second_card(world)
    moved = world.do(new, "transfer_in", old_card_no=CARD)
    text = printed(receipt_of(world.store, KEY, moved["card_no"], moved["load_id"]), "text58", "zh", None).decode()
    assert "旧卡转入" in text
