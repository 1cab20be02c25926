"""Keys in memory: names, versions, states, and the purposes they serve. No repr, str or error ever shows a key."""

import hmac
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cardsvc.crypto import epurse
from cardsvc.errors import KeystoreError
from cardsvc.keystore.in_making import InMaking
from cardsvc.keystore.protocol import KeyState, Versions
from cardsvc.units import bcd

TRANSPORT = "transport"
LOAD_PIN = "purse.pin"
SEALING = "service.sealing"
SIGNING = "service.signing"
LEGACY = "legacy."
"""Before the purpose of a sector key of old bus cards."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One version of one master key."""

    name: str
    version: int
    state: KeyState
    value: bytes = field(repr=False)

    @property
    def check_value(self) -> str:
        """Key check value, 6 hex digits: what people compare instead of the key."""
        return epurse.key_check_value(self.value).hex().upper()


class Session:
    """A purse session key in use (MacSession)."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def mac(self, data: bytes) -> bytes:
        """The 4-byte transaction MAC over data."""
        return epurse.transaction_mac(self._key, data)


class KeyRing:
    """The purposes of protocol.KeyStore over a set of master keys; card keys are diversified by the card number."""

    def __init__(self, entries: tuple[KeyEntry, ...], issuer_factors: tuple[bytes, ...] = ()) -> None:
        self._entries = {(entry.name, entry.version): entry for entry in entries}
        self.issuer_factors = issuer_factors
        self.in_making = InMaking()

    @property
    def entries(self) -> tuple[KeyEntry, ...]:
        """All keys, by name and version."""
        return tuple(self._entries[key] for key in sorted(self._entries))

    def with_entry(self, entry: KeyEntry) -> "KeyRing":
        """The same ring with a key more, or changed."""
        others = tuple(e for e in self.entries if (e.name, e.version) != (entry.name, entry.version))
        return KeyRing((*others, entry), self.issuer_factors)

    def rolled(self, name: str, value: bytes) -> "KeyRing":
        """A new active version of a key; the one before becomes verify-only."""
        ring = self
        newest = max((e.version for e in self.entries if e.name == name), default=0)
        for old in (e for e in self.entries if e.name == name and e.state is KeyState.ACTIVE):
            ring = ring.with_entry(replace(old, state=KeyState.VERIFY_ONLY))
        return ring.with_entry(KeyEntry(name, newest + 1, KeyState.ACTIVE, value))

    def versions(self) -> dict[str, int]:
        """The active version of every key."""
        return {e.name: e.version for e in self.entries if e.state is KeyState.ACTIVE}

    def lacking(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those names of which there is no active version, in the order given."""
        present = self.versions()
        return tuple(name for name in names if name not in present)

    def session(
        self, card_no: str, name: str, card_random: bytes, counter: int, versions: Versions, tail: bytes = b"\x80\x00"
    ) -> Session:
        """See KeyStore.session."""
        return Session(epurse.session_key(self._card_key(card_no, name, versions), card_random, counter, tail))

    def tac_verifies(self, card_no: str, application: str, data: bytes, tac: bytes, versions: Versions) -> bool:
        """See KeyStore.tac_verifies."""
        return self.tac_check(card_no, application, versions)(data, tac)

    def tac_check(self, card_no: str, application: str, versions: Versions) -> Callable[[bytes, bytes], bool]:
        """See KeyStore.tac_check."""
        name = f"{application}.tac"
        self._master(name, versions)
        usable = (entry for entry in self._entries.values() if entry.name == name and entry.state is not KeyState.RETIRED)
        keys = [self._derived(entry, card_no) for entry in usable]
        return lambda data, tac: any(hmac.compare_digest(epurse.tac(key, data), tac) for key in keys)

    def line_mac(self, card_no: str, application: str, challenge: bytes, message: bytes, versions: Versions) -> bytes:
        """See KeyStore.line_mac."""
        return epurse.line_mac(self._card_key(card_no, f"{application}.maintenance", versions), challenge, message)

    def external_auth(self, card_no: str, application: str, challenge: bytes, versions: Versions) -> bytes:
        """See KeyStore.external_auth."""
        return epurse.external_auth(self._card_key(card_no, f"{application}.master", versions), challenge)

    def proves_itself(self, card_no: str, application: str, challenge: bytes, answer: bytes, versions: Versions) -> bool:
        """See KeyStore.proves_itself."""
        name = f"{application}.internal_auth"
        keys = [self._card_key(card_no, name, versions), self._card_key(card_no, name, {**versions, **self.versions()})]
        return any(hmac.compare_digest(epurse.internal_auth(key, challenge), answer) for key in keys)

    def key_record(self, card_no: str, name: str, head: bytes, versions: Versions) -> bytes:
        """See KeyStore.key_record."""
        if name == LOAD_PIN:
            return head + self.load_pin(card_no, versions)
        return head + self._card_key(card_no, name, versions)

    def protected_key_record(self, record: bytes, challenge: bytes, header: bytes, versions: Versions) -> bytes:
        """See KeyStore.protected_key_record."""
        transport = self._master(TRANSPORT, {**self.versions(), **versions}).value
        cryptogram = epurse.line_encrypt(transport, record)
        return cryptogram + epurse.line_mac(transport, challenge, header + cryptogram)

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
        key = self._card_key(card_no, under, versions)
        cryptogram = epurse.line_encrypt(key, head + self._card_key(card_no, name, {name: version}))
        return cryptogram + epurse.line_mac(key, challenge, header + cryptogram)

    def usable(self, name: str, version: int) -> bool:
        """See KeyStore.usable."""
        entry = self._entries.get((name, version))
        return entry is not None and entry.state is not KeyState.RETIRED

    def load_pin(self, card_no: str, versions: Versions) -> bytes:
        """See KeyStore.load_pin."""
        return load_pin_of(self._card_key(card_no, LOAD_PIN, versions))

    def pin_unblock(self, card_no: str, application: str, challenge: bytes, header: bytes, versions: Versions) -> bytes:
        """See KeyStore.pin_unblock."""
        key = self._card_key(card_no, f"{application}.pin_unblock", versions)
        cryptogram = epurse.line_encrypt(key, self.load_pin(card_no, versions))
        return cryptogram + epurse.line_mac(key, challenge, header + cryptogram)

    def legacy_key(self, purpose: str, versions: Versions) -> bytes:
        """See KeyStore.legacy_key: the first six bytes of the key."""
        return self._master(LEGACY + purpose, versions).value[:6]

    def transport_auth(self, challenge: bytes, versions: Versions) -> bytes:
        """See KeyStore.transport_auth."""
        return epurse.external_auth(self._master(TRANSPORT, {**self.versions(), **versions}).value, challenge)

    def transport_code(self, card_no: str, versions: Versions) -> bytes:
        """See KeyStore.transport_code: derived from the MF's master key, so that it needs no store of its own."""
        return epurse.diversify(self._card_key(card_no, "mf.master", versions), b"TRANSPRT")[:8]

    def seal(self, secret: bytes, label: str) -> bytes:
        """See KeyStore.seal: version of the key, nonce, AES-256-GCM."""
        version, nonce = self.versions().get(SEALING, 0), secrets.token_bytes(12)
        return bytes((version,)) + nonce + self._sealer(version).encrypt(nonce, secret, label.encode())

    def unseal(self, sealed: bytes, label: str) -> bytes:
        """See KeyStore.unseal."""
        try:
            return self._sealer(sealed[0]).decrypt(sealed[1:13], sealed[13:], label.encode())
        except (InvalidTag, IndexError, ValueError):
            raise KeystoreError("secret_damaged") from None

    def sign(self, message: bytes) -> bytes:
        """See KeyStore.sign."""
        return self._signer().sign(message)

    def signing_public_key(self) -> bytes:
        """See KeyStore.signing_public_key."""
        return self._signer().public_key().public_bytes_raw()

    def _sealer(self, version: int) -> AESGCM:
        return AESGCM(service_key(SEALING, self._master(SEALING, {SEALING: version}).value))

    def _signer(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(service_key(SIGNING, self._master(SIGNING, self.versions()).value))

    def _card_key(self, card_no: str, name: str, versions: Versions) -> bytes:
        return self._derived(self._master(name, versions), card_no)

    def _derived(self, entry: KeyEntry, card_no: str) -> bytes:
        return epurse.diversify(entry.value, *self.issuer_factors, bcd(card_no))

    def _master(self, name: str, versions: Versions) -> KeyEntry:
        entry = self._entries.get((name, versions.get(name, 0)))
        if entry is None:
            raise KeystoreError("key_missing", key=name)
        if entry.state is KeyState.RETIRED:
            raise KeystoreError("key_retired", key=name, version=entry.version)
        return entry


def load_pin_of(card_key: bytes) -> bytes:
    """The PIN for loads, 3 bytes BCD: the card's key, taken as a number, modulo a million."""
    return bcd(f"{int.from_bytes(card_key, 'big') % 1_000_000:06d}")


def service_key(name: str, value: bytes) -> bytes:
    """32 bytes for a purpose of the service itself, from the key of that name.  Source: RFC 5869 (HKDF)."""
    return HKDF(SHA256(), length=32, salt=None, info=f"cardsvc {name}".encode()).derive(value)
