"""The Huada city applet as a virtual card, against the public log of a real metro card and the formulas of the e-purse."""

import json
from pathlib import Path

import pytest

from cardsvc.crypto.des import des_cbc_encrypt, des_ecb_encrypt
from cardsvc.iso7816.links import ResponseLink
from cardsvc.vcard import VirtualCard
from tests.vcard.test_known_answers import AID

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "epurse.json").read_text())
TRANSPORT = b"\xff" * 8


class Host:
    """A few lines of host code of the test's own: what it sends, and MACs written out."""

    def __init__(self) -> None:
        self.card = VirtualCard.blank("huada-city", chip_serial=bytes.fromhex("C2051B86986019"), seed=1)
        self.link = ResponseLink(self.card.channel())

    def say(self, command: str) -> str:
        """Answer data and status as hex."""
        return self.link.transmit(bytes.fromhex(command)).hex().upper()

    def write_key(self, kind: int, number: int, record: bytes) -> str:
        """84 D4: length, record, padding encrypted under FF x 8, MAC over header and cryptogram."""
        challenge = bytes.fromhex(self.say("0084000004")[:8])
        cryptogram = des_ecb_encrypt(TRANSPORT, (bytes((len(record),)) + record + b"\x80").ljust(24, b"\x00"))
        header = bytes((0x84, 0xD4, kind, number, 0x1C))
        message = header + cryptogram + b"\x80"
        mac = des_cbc_encrypt(TRANSPORT, challenge + bytes(4), message.ljust(-len(message) % 8 + len(message), b"\x00"))[-8:-4]
        return self.say((header + cryptogram + mac).hex())


@pytest.fixture
def host() -> Host:
    """The purse application selected on a fresh card."""
    made = Host()
    assert made.say(f"00A4040009{AID}")[-4:] == "9000"
    return made


def test_the_atr_is_the_published_one(host: Host) -> None:
    """With its check byte."""
    assert host.card.atr.hex().upper() == "3B9F95803FC6A08031E073FE211357C2051B86986019D1"


def test_mac1_of_a_purchase_covers_the_nine_bytes(host: Host) -> None:
    """The vector of a CAPP purchase with the id; without the id its MAC1 is refused. MAC2 and TAC are as ever."""
    vector = next(v for v in VECTORS["purchase"] if "9-byte id" in v["source"])
    plain = next(v for v in VECTORS["purchase"] if v["source"] == "formula, CAPP")
    rest = bytes.fromhex("F011")
    assert host.write_key(0x3E, 1, rest + bytes((1, 0)) + bytes.fromhex(vector["key"])) == "9000"
    assert host.write_key(0x34, 0, rest + bytes((1, 0)) + bytes.fromhex(vector["dtk"])) == "9000"
    assert host.say("002200000985A1B2C3D4A1B2C3D4") == "9000"
    assert host.say("805001020B01000000001122334455660F") == "6985"
    assert host.say("0008000000") == "9000"
    assert host.say("80CA000009") == "85A1B2C3D4A1B2C3D49000"
    node = next(
        n for n in host.card.memory.nodes if n.kind.name == "PURSE" and n.parent == host.card._running.current_df.address
    )
    with host.card.opened():
        host.card.memory.put(node, 4, (10000).to_bytes(4, "big"))
        host.card.memory.put(node, 13, bytes.fromhex(vector["counter"]))
    initialize = f"805003020B01{vector['amount']}{vector['terminal']}0F"
    debit = f"805401000F{vector['number']}{vector['dt']}"
    for mac1, answer in ((plain["mac1"], "9302"), (vector["mac1"], vector["tac"] + vector["mac2"] + "9000")):
        host.card.force_random(bytes.fromhex(vector["random"]))
        host.say(initialize)
        assert host.say(f"{debit}{mac1}08") == answer


def test_keys_come_encrypted_with_a_mac_or_not_at_all(host: Host) -> None:
    """In the clear 6982; a wrong MAC 6988, the third locks the application for good; files are not created (6D00)."""
    assert host.say("80E0001007280004F0F0FFFF") == "6D00"
    assert host.say("80D43E0114" + "F0110100" + "00" * 16) == "6982"
    for expected in ("6988", "6988", "9303"):
        host.say("0084000004")
        assert host.say("84D43E011C" + "00" * 28) == expected


def test_a_blocked_application_answers_its_fci_and_6a81(host: Host) -> None:
    """As in the public log; over T=0 both come by GET RESPONSE."""
    from cardsvc.vcard import Fault, inflict

    inflict(host.card, [Fault("blocked-application")])
    host.link = ResponseLink(host.card.channel())
    answer = host.say(f"00A4040009{AID}")
    assert answer.startswith(f"6F2E8409{AID}")
    assert answer.endswith("6A81")
    assert host.say("805C000204") == "6985"
