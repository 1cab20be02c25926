"""Every published known answer, and the properties that MACs and encryption must have."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.crypto import epurse
from cardsvc.vcard.crypto import line_plain

VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "epurse.json").read_text("utf-8"))
KEYS = st.one_of(st.binary(min_size=8, max_size=8), st.binary(min_size=16, max_size=16))


def x(text: str) -> bytes:
    """Hex to bytes."""
    return bytes.fromhex(text)


def vectors(name: str) -> Any:
    """Parametrise over the vectors of one kind, named by their source."""
    return pytest.mark.parametrize("v", VECTORS[name], ids=lambda v: v["source"])


@vectors("load")
def test_load(v: dict[str, str]) -> None:
    """Session key, MAC1, MAC2 and TAC of a load."""
    session = epurse.session_key(x(v["key"]), x(v["random"]), x(v["counter"]))
    assert session == x(v["session"])
    assert epurse.session_key(x(v["key"]), x(v["random"]), int(v["counter"], 16)) == session
    assert epurse.transaction_mac(session, x(v["balance"] + v["amount"] + v["type"] + v["terminal"])) == x(v["mac1"])
    tail = v["amount"] + v["type"] + v["terminal"] + v["dt"]
    assert epurse.transaction_mac(session, x(tail)) == x(v["mac2"])
    if "tac" in v:
        assert epurse.tac(x(v["dtk"]), x(v["new_balance"] + v["counter"] + tail)) == x(v["tac"])


@vectors("unload")
def test_unload(v: dict[str, str]) -> None:
    """Session key and the three MACs of an unload."""
    session = epurse.session_key(x(v["key"]), x(v["random"]), x(v["counter"]))
    tail = v["amount"] + v["type"] + v["terminal"] + v["dt"]
    assert session == x(v["session"])
    assert epurse.transaction_mac(session, x(v["balance"] + v["amount"] + v["type"] + v["terminal"])) == x(v["mac1"])
    assert epurse.transaction_mac(session, x(tail)) == x(v["mac2"])
    assert epurse.transaction_mac(session, x(v["new_balance"] + v["counter"] + tail)) == x(v["mac3"])


@vectors("purchase")
def test_purchase(v: dict[str, str]) -> None:
    """Session key, MAC1, MAC2 and TAC of a purchase."""
    session = epurse.session_key(x(v["key"]), x(v["random"]), x(v["counter"]), x(v["number"])[2:])
    core = v["amount"] + v["type"] + v["terminal"]
    assert session == x(v["session"])
    assert epurse.transaction_mac(session, x(core + v["dt"] + v["card_id"])) == x(v["mac1"])
    assert epurse.transaction_mac(session, x(v["amount"])) == x(v["mac2"])
    assert epurse.tac(x(v["dtk"]), x(core + v["number"] + v["dt"])) == x(v["tac"])


@vectors("diversify")
def test_diversify(v: dict[str, Any]) -> None:
    """One and more levels."""
    assert epurse.diversify(x(v["master"]), *map(x, v["factors"])) == x(v["key"])


@vectors("line_encrypt")
def test_line_encrypt(v: dict[str, str]) -> None:
    """Encryption of secure messaging."""
    assert epurse.line_encrypt(x(v["key"]), x(v["data"])) == x(v["encrypted"])


@vectors("line_mac")
def test_line_mac(v: dict[str, str]) -> None:
    """MAC of secure messaging with 8- and 16-byte keys."""
    assert epurse.line_mac(x(v["key"]), x(v["challenge"]), x(v["message"])) == x(v["mac"])


@vectors("external_auth")
def test_external_auth(v: dict[str, str]) -> None:
    """Cryptogram of EXTERNAL AUTHENTICATE."""
    assert epurse.external_auth(x(v["key"]), x(v["challenge"])) == x(v["answer"])


@given(KEYS, st.binary(max_size=255))
def test_what_is_encrypted_the_card_decrypts(key: bytes, data: bytes) -> None:
    """For every key and every length, by the virtual card's own writing."""
    assert line_plain(key, epurse.line_encrypt(key, data)) == data


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=1, max_size=64), st.data())
def test_one_bit_more_or_less_changes_the_mac(key: bytes, message: bytes, data: st.DataObject) -> None:
    """No bit of the message is left out of the MAC."""
    bit = data.draw(st.integers(0, len(message) * 8 - 1))
    changed = (int.from_bytes(message, "big") ^ 1 << bit).to_bytes(len(message), "big")
    assert epurse.line_mac(key, b"1234", message) != epurse.line_mac(key, b"1234", changed)


@pytest.mark.parametrize(
    "call",
    [
        lambda: epurse.diversify(bytes(8), bytes(8)),
        lambda: epurse.diversify(bytes(16), bytes(7)),
        lambda: epurse.session_key(bytes(24), bytes(4), 0),
        lambda: epurse.session_key(bytes(16), bytes(3), 0),
        lambda: epurse.transaction_mac(bytes(16), b""),
        lambda: epurse.tac(bytes(8), b""),
        lambda: epurse.line_mac(bytes(16), bytes(5), b""),
        lambda: epurse.line_encrypt(bytes(16), bytes(256)),
    ],
)
def test_wrong_lengths_are_refused_without_showing_the_bytes(call: Any) -> None:
    """A ValueError that names no key."""
    with pytest.raises(ValueError, match=r"byte|length") as told:
        call()
    assert "\\x" not in str(told.value)
