"""The key store in a PKCS#11 token: an HSM, or SoftHSM for tests and training.

Master keys never come into this process. Cards' keys are derived and used in the token, as session objects that are destroyed
at once. In this process are, for as long as they are needed, and never a master key:

- the keys of a card that is being made or comes next, as they are written to it (``key_record``; in_making.py): SoftHSM
  cannot wrap under Triple-DES, and a key record does not begin at a block, so that no C_WrapKey makes it. The transport key
  that encrypts the record works in the token;
- the TAC key of one card, whose halves are XORed: PKCS#11 has no mechanism for that;
- what a method is there to hand out: the loading PIN, the transport code, the sector keys of old bus cards.

There are no SM4 keys: SoftHSM has no SM4, and no purpose of ``KeyStore`` asks for one.
"""

import hmac
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from pkcs11 import Attribute, GCMParams, Mechanism, ObjectClass, exceptions

from cardsvc.crypto import epurse
from cardsvc.crypto.des import BLOCK, ZERO_IV
from cardsvc.errors import KeystoreError
from cardsvc.keystore.in_making import InMaking
from cardsvc.keystore.keys import LEGACY, LOAD_PIN, SEALING, SIGNING, TRANSPORT, KeyRing, load_pin_of
from cardsvc.keystore.protocol import KeyState, Versions
from cardsvc.keystore.token import Token
from cardsvc.keystore.token_keys import (
    LEFT_HALF,
    TokenEntry,
    chain,
    chain_bytes,
    entries_in,
    find,
    public_half,
    set_state,
    store,
)
from cardsvc.units import bcd

ISSUER_FACTORS = "cardsvc issuer factors"
"""Label of the data object that holds them, 8 bytes each."""
TAG_LENGTH = 16


class TokenSession:
    """A purse session whose key is made in the token for each MAC (MacSession)."""

    def __init__(self, keystore: "Pkcs11KeyStore", entry: TokenEntry, levels: tuple[bytes, ...]) -> None:
        self._keystore, self._entry, self._levels = keystore, entry, levels

    def mac(self, data: bytes) -> bytes:
        """The 4-byte transaction MAC over data."""
        return self._keystore.chained_mac(self._entry, self._levels, ZERO_IV, epurse.pad(data))[: epurse.MAC_LENGTH]


class Pkcs11KeyStore:
    """protocol.ManagedKeyStore over a token. Names, versions and states are read when it is opened, as with the sealed file."""

    def __init__(self, token: Token, entries: tuple[TokenEntry, ...], issuer_factors: tuple[bytes, ...]) -> None:
        self.token = token
        self.issuer_factors = issuer_factors
        self.in_making = InMaking()
        self._entries = {(entry.name, entry.version): entry for entry in entries}

    @classmethod
    def open(cls, token: Token) -> "Pkcs11KeyStore":
        """Log in and read which keys there are. Raises KeystoreError, see token.py."""
        with token.session() as opened:
            found = list(opened.session.get_objects({Attribute.CLASS: ObjectClass.DATA, Attribute.LABEL: ISSUER_FACTORS}))
            joined = bytes(found[0][Attribute.VALUE]) if found else b""
            factors = tuple(joined[place : place + BLOCK] for place in range(0, len(joined), BLOCK))
            return cls(token, entries_in(opened), factors)

    @property
    def entries(self) -> tuple[TokenEntry, ...]:
        """All keys, by name and version."""
        return tuple(self._entries[key] for key in sorted(self._entries))

    def versions(self) -> dict[str, int]:
        """See KeyStore.versions."""
        return {e.name: e.version for e in self.entries if e.state is KeyState.ACTIVE}

    def lacking(self, names: Iterable[str]) -> tuple[str, ...]:
        """See ManagedKeyStore.lacking."""
        present = self.versions()
        return tuple(name for name in names if name not in present)

    def renewed(self, values: Mapping[str, bytes | None]) -> "Pkcs11KeyStore":
        """See ManagedKeyStore.renewed. The new version is there before the old one steps back: the newest counts."""
        with self.token.session(write=True) as opened:
            for name, value in values.items():
                before = [entry for entry in entries_in(opened) if entry.name == name]
                store(opened, name, max((e.version for e in before), default=0) + 1, KeyState.ACTIVE, value)
                for old in (e for e in before if e.state is KeyState.ACTIVE):
                    set_state(opened, replace(old, state=KeyState.VERIFY_ONLY))
        return self.open(self.token)

    def retired(self, name: str, version: int) -> "Pkcs11KeyStore":
        """See ManagedKeyStore.retired."""
        entry = self._entries.get((name, version))
        if entry is None:
            raise KeystoreError("key_missing", key=f"{name} {version}")
        with self.token.session(write=True) as opened:
            set_state(opened, replace(entry, state=KeyState.RETIRED))
        return self.open(self.token)

    def taken_over(self, ring: KeyRing) -> "Pkcs11KeyStore":
        """All keys of a sealed file, versions, states and issuer factors as they are there. Broken off, it goes on.

        Raises KeystoreError ``hsm_key_conflict``, before any is stored, where the token has another key of that name.
        """
        if self._entries and self.issuer_factors != ring.issuer_factors:
            raise KeystoreError("hsm_key_conflict", key=ISSUER_FACTORS, version=1)
        wanted = [entry for entry in ring.entries if (entry.name, entry.version) not in self._entries]
        for entry in ring.entries:
            present = self._entries.get((entry.name, entry.version))
            if present is not None and present.check_value != entry.check_value:
                raise KeystoreError("hsm_key_conflict", key=entry.name, version=entry.version)
        with self.token.session(write=True) as opened:
            if ring.issuer_factors and not self.issuer_factors:
                opened.session.create_object(
                    {
                        Attribute.CLASS: ObjectClass.DATA,
                        Attribute.TOKEN: True,
                        Attribute.PRIVATE: True,
                        Attribute.LABEL: ISSUER_FACTORS,
                        Attribute.VALUE: b"".join(ring.issuer_factors),
                    }
                )
            for entry in wanted:
                store(opened, entry.name, entry.version, entry.state, entry.value)
        return self.open(self.token)

    def session(
        self, card_no: str, name: str, card_random: bytes, counter: int, versions: Versions, tail: bytes = b"\x80\x00"
    ) -> TokenSession:
        """See KeyStore.session."""
        block = epurse.session_block(card_random, counter, tail)
        return TokenSession(self, self._master(name, versions), (*self._levels(card_no), block + block))

    def tac_verifies(self, card_no: str, application: str, data: bytes, tac: bytes, versions: Versions) -> bool:
        """See KeyStore.tac_verifies."""
        return self.tac_check(card_no, application, versions)(data, tac)

    def tac_check(self, card_no: str, application: str, versions: Versions) -> Callable[[bytes, bytes], bool]:
        """See KeyStore.tac_check."""
        name = f"{application}.tac"
        self._master(name, versions)
        usable = [entry for entry in self.entries if entry.name == name and entry.state is not KeyState.RETIRED]
        keys = [self._card_key(entry, card_no) for entry in usable]
        return lambda data, tac: any(hmac.compare_digest(epurse.tac(key, data), tac) for key in keys)

    def line_mac(self, card_no: str, application: str, challenge: bytes, message: bytes, versions: Versions) -> bytes:
        """See KeyStore.line_mac."""
        return self._line_mac(self._master(f"{application}.maintenance", versions), card_no, challenge, message)

    def _line_mac(self, entry: TokenEntry, card_no: str, challenge: bytes, message: bytes) -> bytes:
        levels = self._levels(card_no)
        left_half_twice = (*levels[:-1], levels[-1][:BLOCK] * 2)
        iv, blocks = epurse.challenge_block(challenge), epurse.pad(message)
        before = self.chained_mac(entry, left_half_twice, iv, blocks[:-BLOCK]) if len(blocks) > BLOCK else iv
        return self._ecb(entry, levels, _xor(before, blocks[-BLOCK:]))[: epurse.MAC_LENGTH]

    def external_auth(self, card_no: str, application: str, challenge: bytes, versions: Versions) -> bytes:
        """See KeyStore.external_auth."""
        block = epurse.challenge_block(challenge)
        return self._ecb(self._master(f"{application}.master", versions), self._levels(card_no), block)

    def proves_itself(self, card_no: str, application: str, challenge: bytes, answer: bytes, versions: Versions) -> bool:
        """See KeyStore.proves_itself."""
        if len(challenge) != BLOCK:
            raise ValueError(f"challenge has {BLOCK} bytes, not {len(challenge)}")
        name, levels = f"{application}.internal_auth", self._levels(card_no)
        entries = [self._master(name, versions), self._master(name, {**versions, **self.versions()})]
        return any(hmac.compare_digest(self._ecb(entry, levels, challenge), answer) for entry in entries)

    def key_record(self, card_no: str, name: str, head: bytes, versions: Versions) -> bytes:
        """See KeyStore.key_record."""
        if name == LOAD_PIN:
            return head + self.load_pin(card_no, versions)
        return head + self._card_key(self._master(name, versions), card_no)

    def protected_key_record(self, record: bytes, challenge: bytes, header: bytes, versions: Versions) -> bytes:
        """See KeyStore.protected_key_record."""
        transport, iv = self._master(TRANSPORT, {**self.versions(), **versions}), epurse.challenge_block(challenge)
        blocks = epurse.line_blocks(record)
        with self.token.session() as opened:
            key = find(opened, TRANSPORT, transport.version)
            left_half_twice = find(opened, TRANSPORT + LEFT_HALF, transport.version)
            cryptogram = _ecb(key, blocks)
            message = epurse.pad(header + cryptogram)
            before = _cbc(left_half_twice, iv, message[:-BLOCK])[-BLOCK:] if len(message) > BLOCK else iv
            return cryptogram + _ecb(key, _xor(before, message[-BLOCK:]))[: epurse.MAC_LENGTH]

    def changed_key_record(
        self,
        card_no: str,
        name: str,
        version: int,
        head: bytes,
        challenge: bytes,
        header: bytes,
        under: str,
        versions: Versions,
    ) -> bytes:
        """See KeyStore.changed_key_record."""
        record = head + self._card_key(self._master(name, {name: version}), card_no)
        return self._protected(self._master(under, versions), card_no, record, challenge, header)

    def _protected(self, entry: TokenEntry, card_no: str, data: bytes, challenge: bytes, header: bytes) -> bytes:
        """Data for a card encrypted under one of its keys, then the MAC over header and cryptogram; both in the token."""
        cryptogram = self._ecb(entry, self._levels(card_no), epurse.line_blocks(data))
        return cryptogram + self._line_mac(entry, card_no, challenge, header + cryptogram)

    def usable(self, name: str, version: int) -> bool:
        """See KeyStore.usable."""
        entry = self._entries.get((name, version))
        return entry is not None and entry.state is not KeyState.RETIRED

    def pin_unblock(self, card_no: str, application: str, challenge: bytes, header: bytes, versions: Versions) -> bytes:
        """See KeyStore.pin_unblock."""
        entry = self._master(f"{application}.pin_unblock", versions)
        return self._protected(entry, card_no, self.load_pin(card_no, versions), challenge, header)

    def load_pin(self, card_no: str, versions: Versions) -> bytes:
        """See KeyStore.load_pin."""
        return load_pin_of(self._card_key(self._master(LOAD_PIN, versions), card_no))

    def legacy_key(self, purpose: str, versions: Versions) -> bytes:
        """See KeyStore.legacy_key."""
        entry = self._master(LEGACY + purpose, versions)
        with self.token.session() as opened:
            return bytes(find(opened, entry.name, entry.version)[Attribute.VALUE])

    def transport_auth(self, challenge: bytes, versions: Versions) -> bytes:
        """See KeyStore.transport_auth."""
        transport, block = self._master(TRANSPORT, {**self.versions(), **versions}), epurse.challenge_block(challenge)
        with self.token.session() as opened:
            return _ecb(find(opened, TRANSPORT, transport.version), block)

    def transport_code(self, card_no: str, versions: Versions) -> bytes:
        """See KeyStore.transport_code."""
        return self._ecb(self._master("mf.master", versions), self._levels(card_no), b"TRANSPRT")

    def seal(self, secret: bytes, label: str) -> bytes:
        """See KeyStore.seal."""
        version, nonce = self.versions().get(SEALING, 0), secrets.token_bytes(12)
        self._master(SEALING, {SEALING: version})
        with self.token.session() as opened:
            return bytes((version,)) + nonce + _gcm(find(opened, SEALING, version).encrypt, nonce, secret, label)

    def unseal(self, sealed: bytes, label: str) -> bytes:
        """See KeyStore.unseal."""
        if len(sealed) < 1 + 12 + TAG_LENGTH:
            raise KeystoreError("secret_damaged")
        entry = self._master(SEALING, {SEALING: sealed[0]})
        with self.token.session() as opened:
            key = find(opened, SEALING, entry.version)
            try:
                return _gcm(key.decrypt, sealed[1:13], sealed[13:], label)
            except (exceptions.GeneralError, exceptions.EncryptedDataInvalid):
                _gcm(
                    key.encrypt, sealed[1:13], b"", label
                )  # SoftHSM has one error for a wrong tag and for a token that is gone
                raise KeystoreError("secret_damaged") from None

    def sign(self, message: bytes) -> bytes:
        """See KeyStore.sign."""
        entry = self._master(SIGNING, self.versions())
        with self.token.session() as opened:
            key = find(opened, SIGNING, entry.version, ObjectClass.PRIVATE_KEY)
            return bytes(key.sign(message, mechanism=Mechanism.EDDSA))

    def signing_public_key(self) -> bytes:
        """See KeyStore.signing_public_key."""
        entry = self._master(SIGNING, self.versions())
        with self.token.session() as opened:
            return public_half(opened, SIGNING, entry.version)

    def chained_mac(self, entry: TokenEntry, levels: tuple[bytes, ...], iv: bytes, blocks: bytes) -> bytes:
        """The last block of a CBC encryption under the key at the end of the levels."""
        with self.token.session() as opened, chain(find(opened, entry.name, entry.version), levels) as key:
            return _cbc(key, iv, blocks)[-BLOCK:]

    def _ecb(self, entry: TokenEntry, levels: tuple[bytes, ...], blocks: bytes) -> bytes:
        with self.token.session() as opened, chain(find(opened, entry.name, entry.version), levels) as key:
            return _ecb(key, blocks)

    def _card_key(self, entry: TokenEntry, card_no: str) -> bytes:
        """A card's key in this process. See above for what it may be used."""
        with self.token.session() as opened:
            return chain_bytes(find(opened, entry.name, entry.version), self._levels(card_no))

    def _levels(self, card_no: str) -> tuple[bytes, ...]:
        return tuple(epurse.level(factor) for factor in (*self.issuer_factors, bcd(card_no)))

    def _master(self, name: str, versions: Versions) -> TokenEntry:
        entry = self._entries.get((name, versions.get(name, 0)))
        if entry is None:
            raise KeystoreError("key_missing", key=name)
        if entry.state is KeyState.RETIRED:
            raise KeystoreError("key_retired", key=name, version=entry.version)
        return entry


def _ecb(key: Any, blocks: bytes) -> bytes:
    return bytes(key.encrypt(blocks, mechanism=Mechanism.DES3_ECB))


def _cbc(key: Any, iv: bytes, blocks: bytes) -> bytes:
    return bytes(key.encrypt(blocks, mechanism=Mechanism.DES3_CBC, mechanism_param=iv))


def _gcm(crypt: Callable[..., bytes], nonce: bytes, data: bytes, label: str) -> bytes:
    return bytes(crypt(data, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, label.encode(), TAG_LENGTH * 8)))


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))
