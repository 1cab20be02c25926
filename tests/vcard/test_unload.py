"""Unload (圈提) of an ED as JR/T 0025.2-2010 5.5.7 has it: known answers, refusals, and power that fails at every byte."""

import json
from pathlib import Path

import pytest

from cardsvc.crypto.des import des_cbc_encrypt, des_ecb_encrypt
from cardsvc.errors import CardGone
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.vcard.test_known_answers import AID, FUDAN_SCRIPT, SMARTCOS_SCRIPT, ok, status

(V,) = json.loads((Path(__file__).parents[1] / "vectors" / "epurse.json").read_text())["unload"]
BALANCE, COUNTER, AMOUNT = (int(V[name], 16) for name in ("balance", "counter", "amount"))
INITIALIZE = "805005010B01" + V["amount"] + V["terminal"] + "10"
UNLOAD = "805403000B" + V["dt"] + V["mac2"] + "04"


def fmcos() -> VirtualCard:
    """Fudan's script with the vector's unload key, its log free to read, its ED for state 1 of its DF: after the PIN."""
    changes = {"3D01" * 8: V["key"], "2E0A17F1EF": "2E0A17F0EF", "2F0208F100": "2F0208E100"}
    script = list(FUDAN_SCRIPT)
    for old, new in changes.items():
        script = [command.replace(old, new) for command in script]
    return made("fudan-fmcos2", script)


def smartcos() -> VirtualCard:
    """The same with an ED and an unload key added."""
    key, purse = "80E80000180101" + "0002" + "0F001F33" + V["key"], "80E00200070001060F0F0018"
    script = [*SMARTCOS_SCRIPT[:7], key, *SMARTCOS_SCRIPT[7:10], purse, *SMARTCOS_SCRIPT[10:]]
    return made("mingwah-smartcos", script)


def made(family: str, script: list[str]) -> VirtualCard:
    """A card of this script with the vector's balance and online counter in its ED, selected and its PIN given."""
    card = VirtualCard.blank(family, seed=1)
    card.power_on()
    for command in script:
        ok(card, command)
    begin(card)
    node = next(n for n in card._memory.nodes if n.kind.name == "PURSE" and n.file_id == 1)
    card._memory.put(node, 4, BALANCE.to_bytes(4, "big"))
    card._memory.put(node, 11, COUNTER.to_bytes(2, "big"))
    card._eeprom.commit()
    return card


def begin(card: VirtualCard) -> None:
    """Select the purse and give the PIN where the card has one."""
    ok(card, f"00A4040009{AID}")
    card.transmit(bytes.fromhex("002000000312345F"))


def initialized(card: VirtualCard) -> str:
    """INITIALIZE FOR UNLOAD with the vector's random; the answer."""
    card.force_random(bytes.fromhex(V["random"]))
    return ok(card, INITIALIZE).hex().upper()


def seen(card: VirtualCard) -> tuple[int, str, str]:
    """Balance, proof of this unload or 9406, and the newest log record."""
    begin(card)
    proof = card.transmit(bytes.fromhex(f"805A000302{COUNTER + 1:04X}08")).hex().upper()
    log = card.transmit(bytes.fromhex("00B201C417")).hex().upper()
    return int.from_bytes(ok(card, "805C000104"), "big"), proof, log


ISSUED = pytest.mark.parametrize("issued", [fmcos, smartcos])


@ISSUED
def test_the_vector_from_the_card(issued: object) -> None:
    """MAC1 and MAC3 of the vector; balance, proof and log record of type 03 tell the same."""
    card = issued()  # type: ignore[operator] # one of the two makers
    answer = initialized(card)
    assert (answer[:12], answer[16:]) == (V["balance"] + V["counter"], V["random"] + V["mac1"])
    assert ok(card, UNLOAD).hex().upper() == V["mac3"]
    balance, proof, log = seen(card)
    assert balance == int(V["new_balance"], 16)
    assert proof.startswith(V["mac3"])
    assert log[:46] == f"{COUNTER + 1:04X}" + "000000" + V["amount"] + "03" + V["terminal"] + V["dt"]


@ISSUED
def test_what_is_not_an_unload_of_this_moment_is_refused(issued: object) -> None:
    """Wrong MAC2 or of another counter, no INITIALIZE, a credit instead, too much, another length, the EP: all unchanged."""
    card = issued()  # type: ignore[operator] # one of the two makers
    untouched = seen(card)
    assert status(card, UNLOAD) == "6901"
    initialized(card)
    assert status(card, UNLOAD.replace(V["mac2"], "00000000")) == "9302"
    assert status(card, UNLOAD) == "6901"
    initialized(card)
    assert status(card, UNLOAD.replace(V["mac2"], mac2_at(COUNTER - 1))) == "9302"
    initialized(card)
    assert status(card, "805200000B" + V["dt"] + V["mac2"] + "04") == "6901"
    initialized(card)
    assert status(card, "805403000A" + V["dt"] + V["mac2"][:6] + "04") == "6700"
    assert status(card, INITIALIZE.replace(V["amount"], f"{BALANCE + 1:08X}")) == "9401"
    assert status(card, INITIALIZE.replace("80500501", "80500502")) == "6A86"
    assert status(card, INITIALIZE.replace("0B01", "0B09")) == "9403"
    assert seen(card) == untouched


def test_an_ed_wants_the_pin_where_its_file_says_so() -> None:
    """Neither unload nor balance without it."""
    card = fmcos()
    ok(card, f"00A4040009{AID}")
    assert status(card, INITIALIZE) == "6982"
    assert status(card, "805C000104") == "6982"


@ISSUED
def test_a_torn_unload_happened_or_did_not(issued: object) -> None:
    """Every byte; the proof is there if and only if the balance is down."""
    card = issued()  # type: ignore[operator] # one of the two makers
    image, old = bytes(card._eeprom.image), seen(card)
    initialized(card)
    card.plan = FaultPlan()
    ok(card, UNLOAD)
    written, new = card.eeprom_writes, seen(card)
    outcomes = set()
    for byte in range(1, written + 1):
        card._eeprom.image[:] = image
        card.plan = FaultPlan()
        card.power_on()
        begin(card)
        initialized(card)
        card.plan = FaultPlan(tear_at_eeprom_byte=byte)
        with pytest.raises(CardGone):
            card.transmit(bytes.fromhex(UNLOAD))
        card.plan = FaultPlan()
        card.power_on()
        outcomes.add(seen(card))
    assert outcomes == {old, new}
    assert (old[0], old[1], new[0]) == (BALANCE, "9406", BALANCE - AMOUNT)
    assert new[1].startswith(V["mac3"])


def mac2_at(counter: int) -> str:
    """MAC2 as it would be at another online counter, written out."""
    key = bytes.fromhex(V["key"])
    session = des_ecb_encrypt(key, bytes.fromhex(V["random"]) + counter.to_bytes(2, "big") + b"\x80\x00")
    data = bytes.fromhex(V["amount"] + V["type"] + V["terminal"] + V["dt"]) + b"\x80"
    mac = des_cbc_encrypt(session, bytes(8), data.ljust(-(-len(data) // 8) * 8, b"\x00"))[-8:-4].hex().upper()
    assert mac != V["mac2"]
    return mac
