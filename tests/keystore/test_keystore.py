"""The sealed key store: what opens it, what does not, and that no key ever shows."""

import errno
import os
import secrets
import stat
from pathlib import Path

import pytest

from cardsvc.crypto import epurse
from cardsvc.errors import KeystoreError
from cardsvc.keystore import KeyState, SealedKeystore
from cardsvc.keystore.ceremony import combine, component_check_value

QUICK = 2**4
CARD = "3100010100000001"


@pytest.fixture
def store(tmp_path: Path) -> SealedKeystore:
    """A store with three keys."""
    return SealedKeystore.create(tmp_path / "keys", b"passphrase", ["purse.load", "purse.tac", "mf.master"], scrypt_n=QUICK)


def test_it_opens_with_its_passphrase_only(store: SealedKeystore, tmp_path: Path) -> None:
    """And gives the same keys."""
    again = SealedKeystore.open(tmp_path / "keys", b"passphrase")
    assert [entry.check_value for entry in again.entries] == [entry.check_value for entry in store.entries]
    with pytest.raises(KeystoreError) as told:
        SealedKeystore.open(tmp_path / "keys", b"Passphrase")
    assert told.value.code == "keystore_sealed"
    with pytest.raises(KeystoreError) as told:
        SealedKeystore.open(tmp_path / "nothing", b"passphrase")
    assert told.value.code == "keystore_not_found"
    with pytest.raises(KeystoreError) as told:
        SealedKeystore.create(tmp_path / "keys", b"x", [], scrypt_n=QUICK)
    assert told.value.code == "keystore_exists"


def test_no_flipped_byte_goes_unnoticed(store: SealedKeystore, tmp_path: Path) -> None:
    """Header, check values, states and keys are all covered."""
    path = tmp_path / "keys"
    content = path.read_bytes()
    for place in range(0, len(content) - 1, 7):
        path.write_bytes(content[:place] + bytes((content[place] ^ 0x01,)) + content[place + 1 :])
        with pytest.raises(KeystoreError):
            SealedKeystore.open(path, b"passphrase")


def test_only_the_one_spelling_of_the_sealed_keys_opens(store: SealedKeystore, tmp_path: Path) -> None:
    """The last base64 character has bits that carry nothing; another character that decodes alike is a change all the same."""
    path = tmp_path / "keys"
    content = path.read_bytes()
    last = len(content.rstrip(b"=\n")) - 1
    for other in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/":
        if other != content[last]:
            path.write_bytes(content[:last] + bytes((other,)) + content[last + 1 :])
            with pytest.raises(KeystoreError):
                SealedKeystore.open(path, b"passphrase")


def test_the_file_belongs_to_its_owner_and_shows_no_key(store: SealedKeystore, tmp_path: Path) -> None:
    """Mode 600; neither file, header, repr nor error holds a key."""
    path = tmp_path / "keys"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    shown = path.read_text() + repr(store.entries) + str(store.entries) + repr(store)
    for entry in store.entries:
        assert entry.value.hex() not in shown.lower()
        assert repr(entry.value) not in shown


def test_a_crash_while_writing_keeps_the_old_file(
    store: SealedKeystore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full, or the power goes, before the rename."""

    def power_goes(_descriptor: int) -> None:
        raise OSError(errno.EIO, "no power")

    monkeypatch.setattr(os, "fsync", power_goes)
    with pytest.raises(KeystoreError, match=r"^keystore_unwritable \(not_done\).* no power"):
        store.save(store.rolled("purse.load", secrets.token_bytes(16)))
    assert len(SealedKeystore.open(tmp_path / "keys", b"passphrase").entries) == 3


def test_versions_roll(store: SealedKeystore) -> None:
    """The old version still checks TACs, a retired one does nothing."""
    versions = store.versions()
    data = b"some transaction"
    old = next(entry for entry in store.entries if entry.name == "purse.tac")
    tac = epurse.tac(epurse.diversify(old.value, bytes.fromhex(CARD)), data)
    assert store.tac_verifies(CARD, "purse", data, tac, versions)
    assert not store.tac_verifies(CARD, "purse", data + b"!", tac, versions)
    rolled = store.rolled("purse.tac", secrets.token_bytes(16))
    assert rolled.versions()["purse.tac"] == 2
    assert rolled.tac_verifies(CARD, "purse", data, tac, rolled.versions())
    retired = rolled.with_entry(type(old)(old.name, old.version, KeyState.RETIRED, old.value))
    assert not retired.tac_verifies(CARD, "purse", data, tac, rolled.versions())
    with pytest.raises(KeystoreError) as told:
        retired.key_record(CARD, "purse.tac", b"", versions)
    assert told.value.code == "key_retired"
    with pytest.raises(KeystoreError) as told:
        store.session(CARD, "purse.purchase", bytes(4), 0, versions)
    assert told.value.code == "key_missing"


def test_a_key_takes_two_people() -> None:
    """Components are XORed; check values are the field's own; weak results are refused."""
    one, two = secrets.token_bytes(16), secrets.token_bytes(16)
    assert combine([one, two]) == bytes(a ^ b for a, b in zip(one, two, strict=True))
    assert component_check_value(bytes(16)) == "8CA64D"
    for components, code in (
        ([one], "ceremony_needs_two"),
        ([one, two[:8]], "component_wrong"),
        ([one, one], "component_wrong"),
    ):
        with pytest.raises(KeystoreError) as told:
            combine(components)
        assert told.value.code == code
