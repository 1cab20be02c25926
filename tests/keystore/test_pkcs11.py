"""The key store in a token gives what the sealed file with the same keys gives, byte for byte. On the real SoftHSM2."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.card.layout import key_name
from cardsvc.crypto import epurse
from cardsvc.errors import KeystoreError
from cardsvc.keystore import KeyEntry, KeyState, KeyStore
from cardsvc.keystore.keys import KeyRing
from cardsvc.keystore.pkcs11 import Pkcs11KeyStore
from cardsvc.units import bcd
from tests.examples import examples
from tests.keystore.softhsm import SoftHsm
from tests.world import FAMILIES, ISSUABLE, KIOSK, World, area_on, key_ring, profiles

CARD = "3100010100000001"
FACTORS = (b"HANGZHOU", bytes.fromhex("0331000000000001"))
some = examples(15)
numbers = st.integers(0, 10**16 - 1).map(lambda number: f"{number:016d}")
fours, eights = st.binary(min_size=4, max_size=4), st.binary(min_size=8, max_size=8)
challenges = st.one_of(fours, eights)


@pytest.fixture(scope="module")
def token_keys(hsm: SoftHsm) -> Pkcs11KeyStore:
    """The keys of the test city in a token."""
    return Pkcs11KeyStore.open(hsm.token("keys")).taken_over(key_ring())


@pytest.fixture(scope="module")
def deep(hsm: SoftHsm) -> tuple[KeyRing, Pkcs11KeyStore]:
    """Two levels of issuer factors above the card number, a key rolled twice, one version retired, a double transport key."""
    ring = KeyRing(key_ring().entries, FACTORS)
    for name in ("purse.tac", "transport", "service.sealing", "service.signing"):
        ring = ring.rolled(name, uuid.uuid5(uuid.NAMESPACE_DNS, name).bytes)
    first = next(entry for entry in ring.entries if entry.name == "purse.load")
    ring = ring.rolled(first.name, bytes(range(16))).with_entry(KeyEntry(first.name, 1, KeyState.RETIRED, first.value))
    return ring, Pkcs11KeyStore.open(hsm.token("taken")).taken_over(ring)


def both(ring: KeyStore, token: KeyStore, method: str, *given: Any, mac: bytes | None = None) -> Any:
    """What both answer, which must be the same; an error counts as an answer. ``mac``: what the session makes a MAC over."""
    said = []
    for store in (ring, token):
        try:
            answer = getattr(store, method)(*given)
            said.append(answer if mac is None else answer.mac(mac))
        except KeystoreError as error:
            said.append((error.code, error.details))
    assert said[0] == said[1]
    return said[0]


def names_of(family: str) -> list[str]:
    """The keys of a family's cards."""
    profile = next(p for p in profiles() if p.id == family)
    return sorted({key_name(a.name, slot.purpose) for a in profile.layout.application for slot in a.keys})


def facts(store: Any) -> list[tuple[str, int, str, str]]:
    """What a list shows."""
    return [(e.name, e.version, e.state, e.check_value) for e in store.entries]


def test_names_versions_states_and_check_values_are_those_of_the_file(
    token_keys: Pkcs11KeyStore, deep: tuple[KeyRing, Pkcs11KeyStore]
) -> None:
    """Also when it is opened again; taking the same file again changes nothing."""
    for ring, store in ((key_ring(), token_keys), deep):
        assert facts(store) == facts(ring)
        assert facts(store.open(store.token)) == facts(ring)
        assert facts(store.taken_over(ring)) == facts(ring)
        assert store.open(store.token).issuer_factors == ring.issuer_factors
        assert store.versions() == ring.versions()


@pytest.mark.parametrize("family", ISSUABLE)
@some
@given(numbers, challenges, st.binary(max_size=20), st.binary(max_size=12))
def test_personalisation_is_the_same(
    token_keys: Pkcs11KeyStore, family: str, card_no: str, challenge: bytes, header: bytes, head: bytes
) -> None:
    """Key records, clear and protected, transport authentication and code."""
    ring, versions = key_ring(), key_ring().versions()
    for name in names_of(family):
        both(ring, token_keys, "key_record", card_no, name, head, versions)
    name = names_of(family)[0]
    both(ring, token_keys, "protected_key_record", head, challenge, header, versions)
    both(ring, token_keys, "transport_auth", challenge, versions)
    both(ring, token_keys, "transport_code", card_no, versions)
    master = next(name for name in names_of(family) if name.endswith(".master"))
    both(ring, token_keys, "changed_key_record", card_no, name, versions[name], head, challenge, header, master, versions)
    for unblock in (name for name in names_of(family) if name.endswith(".pin_unblock")):
        both(ring, token_keys, "pin_unblock", card_no, unblock.partition(".")[0], challenge, header, versions)
    assert both(ring, token_keys, "usable", name, versions[name])
    assert not both(ring, token_keys, "usable", name, 99)


@pytest.mark.parametrize("family", ISSUABLE)
@some
@given(numbers, fours, st.integers(0, 0xFFFF), st.binary(min_size=2, max_size=2), st.binary(max_size=60), challenges)
def test_a_cards_work_is_the_same(
    token_keys: Pkcs11KeyStore,
    family: str,
    card_no: str,
    random: bytes,
    counter: int,
    tail: bytes,
    data: bytes,
    challenge: bytes,
) -> None:
    """Session MACs, TACs, secure messaging and authentications of every application of the family."""
    ring, versions = key_ring(), key_ring().versions()
    for name in names_of(family):
        application, _, purpose = name.partition(".")
        if purpose in ("load", "purchase"):
            mac = both(ring, token_keys, "session", card_no, name, random, counter, versions, tail, mac=data)
            assert len(mac) == 4
        if purpose == "maintenance":
            both(ring, token_keys, "line_mac", card_no, application, challenge, data, versions)
        if purpose == "master":
            both(ring, token_keys, "external_auth", card_no, application, challenge, versions)
        if purpose == "internal_auth":
            right = epurse.internal_auth(epurse.diversify(_newest(ring, name), bcd(card_no)), bytes(8))
            assert both(ring, token_keys, "proves_itself", card_no, application, bytes(8), right, versions)
            assert not both(ring, token_keys, "proves_itself", card_no, application, bytes(8), bytes(8), versions)
        if purpose == "tac":
            for tac in (_tac(ring, card_no, name, data), challenge[:4]):
                both(ring, token_keys, "tac_verifies", card_no, application, data, tac, versions)


def _newest(ring: KeyRing, name: str) -> bytes:
    return max((e for e in ring.entries if e.name == name), key=lambda e: e.version).value


def _tac(ring: KeyRing, card_no: str, name: str, data: bytes) -> bytes:
    return epurse.tac(epurse.diversify(_newest(ring, name), *ring.issuer_factors, bcd(card_no)), data)


@some
@given(numbers, challenges, st.binary(max_size=40))
def test_levels_versions_and_states_count_as_in_the_file(
    deep: tuple[KeyRing, Pkcs11KeyStore], card_no: str, challenge: bytes, data: bytes
) -> None:
    """Issuer factors, an old version asked for by number, a retired one, a key that is not there, a two-key transport key."""
    ring, store = deep
    old, new = dict.fromkeys(ring.versions(), 1), ring.versions()
    for versions in (old, new, {}):
        both(ring, store, "session", card_no, "purse.load", challenge[:4], 7, versions, mac=data)
        both(ring, store, "line_mac", card_no, "purse", challenge, data, versions)
        both(ring, store, "key_record", card_no, "purse.tac", data, versions)
        both(ring, store, "load_pin", card_no, versions)
        both(ring, store, "legacy_key", "read", versions)
    tac = _tac(ring, card_no, "purse.tac", data)
    assert both(ring, store, "tac_verifies", card_no, "purse", data, tac, old)
    both(ring, store, "protected_key_record", b"record", challenge, b"header", new)
    both(ring, store, "transport_auth", challenge, new)


@some
@given(st.binary(max_size=80), st.text(max_size=20))
def test_secrets_and_signatures_go_from_one_to_the_other(
    deep: tuple[KeyRing, Pkcs11KeyStore], secret: bytes, label: str
) -> None:
    """What stands sealed in the database opens after the move to the HSM, and after a move back; a changed byte is told."""
    ring, store = deep
    for one, other in ((ring, store), (store, ring), (store, store)):
        sealed = one.seal(secret, label)
        assert other.unseal(sealed, label) == secret
        for wrong, under in ((sealed[:-1] + bytes((sealed[-1] ^ 1,)), label), (sealed, label + "x"), (sealed[:20], label)):
            with pytest.raises(KeystoreError) as told:
                other.unseal(wrong, under)
            assert told.value.code == "secret_damaged"
    assert both(ring, store, "sign", secret)
    assert both(ring, store, "signing_public_key")


class TokenWorld(World):
    """A small city whose keys are in a token."""

    def __init__(self, path: Path, keys: Pkcs11KeyStore) -> None:
        super().__init__(path)
        self.keys = keys  # type: ignore[assignment] # any key store
        self.engine = self.new_engine()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_whole_life_of_a_card(token_keys: Pkcs11KeyStore, family: str, tmp_path: Path) -> None:
    """Personalised, opened, topped up, spent, refunded: the virtual card, which shares no code, takes every MAC."""
    world = TokenWorld(tmp_path / "city.db", token_keys)
    card = world.issue(family)
    world.do(card, "open", application="bus", product="T")
    assert world.topup(card, 5000)["balance"] == 5000
    assert world.do(card, "purchase", KIOSK, amount=200, merchant="bus")["balance"] == 4800
    assert area_on(card, "purse") == 4800
    assert world.do(card, "refund")["returned"] == 4800 - 48
    assert area_on(card, "purse") == 0
    assert sum(world.balances().values()) == 0
    world.close()
