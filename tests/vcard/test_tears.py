"""Power fails at every EEPROM byte of a load and of a purchase: balance, counter, log and proof are all old or all new."""

import pytest

from cardsvc.crypto.des import des_cbc_encrypt, des_ecb_encrypt
from cardsvc.errors import CardGone
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.vcard.test_known_answers import AID, fmcos, ok, smartcos, status

LOAD_KEY, PURCHASE_KEY = b"\x3f\x01" * 8, b"\x3e\x01" * 8
TERMINAL, MOMENT = bytes.fromhex("112233445566"), bytes.fromhex("20260315093005")


def mac(key: bytes, head: bytes, data: bytes) -> bytes:
    """A transaction MAC, written out."""
    session = des_ecb_encrypt(key, head)
    padded = (data + b"\x80").ljust((len(data) // 8 + 1) * 8, b"\x00")
    return des_cbc_encrypt(session, bytes(8), padded)[-8:-4]


def load(card: VirtualCard, amount: int) -> None:
    """INITIALIZE and CREDIT FOR LOAD."""
    init = ok(card, f"805000020B01{amount:08X}{TERMINAL.hex()}10")
    core = amount.to_bytes(4, "big") + b"\x02" + TERMINAL
    mac2 = mac(LOAD_KEY, init[8:12] + init[4:6] + b"\x80\x00", core + MOMENT)
    assert len(ok(card, f"805200000B{MOMENT.hex()}{mac2.hex()}04")) == 4


def buy(card: VirtualCard, amount: int) -> None:
    """INITIALIZE and DEBIT FOR PURCHASE."""
    init = ok(card, f"805001020B01{amount:08X}{TERMINAL.hex()}0F")
    core = amount.to_bytes(4, "big") + b"\x06" + TERMINAL
    mac1 = mac(PURCHASE_KEY, init[11:15] + init[4:6] + b"\x00\x2a", core + MOMENT)
    assert len(ok(card, f"805401000F0000002A{MOMENT.hex()}{mac1.hex()}08")) == 8


def seen(card: VirtualCard) -> tuple[int, int, int, str, str]:
    """Balance, both counters, the newest log record's number, and whether the proofs of number 2 are there."""
    ok(card, f"00A4040009{AID}")
    balance = int.from_bytes(ok(card, "805C000204"), "big")
    online = int.from_bytes(ok(card, f"805000020B0100000001{TERMINAL.hex()}10")[4:6], "big")
    offline = int.from_bytes(ok(card, f"805001020B0100000001{TERMINAL.hex()}0F")[4:6], "big")
    log = ok(card, "00B201C417")[:10].hex()
    return balance, online, offline, log, status(card, "805A000202000208") + status(card, "805A000602000208")


@pytest.mark.parametrize("issued", [fmcos, smartcos])
@pytest.mark.parametrize("move", [load, buy])
def test_a_torn_transaction_happened_or_did_not(issued: object, move: object) -> None:
    """Every byte; the proof is there if and only if it happened."""
    card: VirtualCard = issued()  # type: ignore[operator] # one of the two makers
    load(card, 10000)
    buy(card, 100)
    image = bytes(card._eeprom.image)
    old = seen(card)
    card.plan = FaultPlan()
    move(card, 500)  # type: ignore[operator] # one of the two
    written, new = card.eeprom_writes, seen(card)
    assert old[:3] != new[:3]
    outcomes = set()
    for byte in range(1, written + 1):
        card._eeprom.image[:] = image
        card.plan = FaultPlan(tear_at_eeprom_byte=byte)
        card.power_on()
        ok(card, f"00A4040009{AID}")
        with pytest.raises(CardGone):
            move(card, 500)  # type: ignore[operator] # one of the two
        card.plan = FaultPlan()
        card.power_on()
        outcomes.add(seen(card))
    assert outcomes == {old, new}
    assert "9406" in old[4]
    assert new[4].count("9406") == 1


def test_a_card_torn_again_while_it_recovers_still_recovers() -> None:
    """Power fails at every byte of the recovery as well."""
    card = fmcos()
    load(card, 10000)
    card.plan = FaultPlan()
    image = bytes(card._eeprom.image)
    load(card, 500)
    written = card.eeprom_writes
    decided = next(b for b in range(1, written) if torn_then_balance(card, image, b) == 10500)
    for byte in range(1, written - decided + 1):
        card._eeprom.image[:] = image
        tear_load(card, decided)
        card.plan = FaultPlan(tear_at_eeprom_byte=byte)
        with pytest.raises(CardGone):
            card.power_on()
        card.plan = FaultPlan()
        card.power_on()
        assert seen_balance(card) == 10500


def tear_load(card: VirtualCard, byte: int) -> None:
    """A load in which power fails at this byte."""
    card.plan = FaultPlan(tear_at_eeprom_byte=byte)
    card.power_on()
    ok(card, f"00A4040009{AID}")
    with pytest.raises(CardGone):
        load(card, 500)


def torn_then_balance(card: VirtualCard, image: bytes, byte: int) -> int:
    """The balance after a torn load and a recovery."""
    card._eeprom.image[:] = image
    tear_load(card, byte)
    card.plan = FaultPlan()
    card.power_on()
    return seen_balance(card)


def seen_balance(card: VirtualCard) -> int:
    """The balance."""
    ok(card, f"00A4040009{AID}")
    return int.from_bytes(ok(card, "805C000204"), "big")


@pytest.mark.parametrize("issued", [fmcos, smartcos])
def test_the_log_keeps_the_newest_ten(issued: object) -> None:
    """Record 1 is the newest; the eleventh load pushes the first out."""
    card: VirtualCard = issued()  # type: ignore[operator] # one of the two makers
    for amount in range(1, 13):
        load(card, amount)
    amounts = [int.from_bytes(ok(card, f"00B2{n:02X}C417")[5:9], "big") for n in range(1, 11)]
    assert amounts == list(range(12, 2, -1))
    assert status(card, "00B20BC417") == "6A83"


@pytest.mark.parametrize(("issued", "answers"), [(fmcos, ("6A81", "6A81")), (smartcos, ("6283", "6985"))])
def test_a_blocked_application_answers_as_its_family_does(issued: object, answers: tuple[str, str]) -> None:
    """SELECT and use while blocked for a time; unblock brings it back; for good stays."""
    card: VirtualCard = issued()  # type: ignore[operator] # one of the two makers
    key = b"\x36" * 16
    block(card, key, "841E000004")
    assert (status(card, f"00A4040009{AID}"), status(card, "805C000204")) == answers
    block(card, key, "8418000004")
    ok(card, f"00A4040009{AID}")
    block(card, key, "841E000104")
    assert status(card, f"00A4040009{AID}") == "6A81"
    assert status(card, "8418000004" + "00" * 4) == "9303"


def block(card: VirtualCard, key: bytes, header: str) -> None:
    """A command under the maintenance key, its MAC written out (algorithm 3)."""
    from cardsvc.crypto.des import des_ecb_decrypt

    challenge = ok(card, "0084000004")
    message = (bytes.fromhex(header) + b"\x80").ljust(8, b"\x00")
    last = des_cbc_encrypt(key[:8], challenge + bytes(4), message)[-8:]
    ok(card, header + des_ecb_encrypt(key[:8], des_ecb_decrypt(key[8:], last))[:4].hex())
