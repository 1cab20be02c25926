"""Key objects in a PKCS#11 token: how they are made, found and derived.

label   the key's name; CKA_ID: version (2 bytes), state (1), check value (3). It is written last: an object whose making broke
        off has none and does not count.

key                 object in the token
master keys         DES2, sensitive, not extractable; may be derived from and nothing else: no encrypting oracle
transport           DES2, sensitive, not extractable; encrypts. An 8-byte key K is K K. Beside it its left half twice, for MACs
service.sealing     AES-256 that HKDF made of the key (as the sealed file does at each use), or generated
service.signing     Ed25519, the seed as HKDF made it, or generated; its public half beside it
legacy.*            six bytes that readers are given as they are: readable by whoever has the PIN

Single DES is DES2 with equal halves: SoftHSM on OpenSSL 3 lists single DES and refuses it. SoftHSM sets the parity bits of
derived DES keys; the cipher does not read them. Where the bytes of a card's key are needed it is derived as a generic secret.
"""

import ctypes
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass

from cardsvc.crypto import epurse
from cardsvc.errors import KeystoreError
from cardsvc.keystore.keys import LEGACY, SEALING, SIGNING, TRANSPORT, service_key
from cardsvc.keystore.protocol import KeyState
from cardsvc.keystore.token import OpenSession

Template = dict[Attribute, Any]
_NOTHING = MechanismFlag(0)
"""What a key may do stands in its template."""
STATES = (KeyState.ACTIVE, KeyState.VERIFY_ONLY, KeyState.RETIRED)
LEFT_HALF = "/left"
"""After a key's name: not a key of its own."""
ED25519 = bytes.fromhex("06032b6570")
"""CKA_EC_PARAMS: the object identifier 1.3.101.112."""
_EDWARDS: Template = {Attribute.KEY_TYPE: KeyType.EC_EDWARDS, Attribute.EC_PARAMS: ED25519}
_SECRET: Template = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
_NO_USE: Template = dict.fromkeys(
    (
        Attribute.ENCRYPT,
        Attribute.DECRYPT,
        Attribute.SIGN,
        Attribute.VERIFY,
        Attribute.WRAP,
        Attribute.UNWRAP,
        Attribute.DERIVE,
    ),
    False,
)


def _for(*uses: Attribute) -> Template:
    return {**_SECRET, **_NO_USE, **dict.fromkeys(uses, True)}


DERIVES = _for(Attribute.DERIVE)
ENCRYPTS = _for(Attribute.ENCRYPT)
_SEALS = _for(Attribute.ENCRYPT, Attribute.DECRYPT)
_READABLE: Template = {**_NO_USE, Attribute.PRIVATE: True, Attribute.SENSITIVE: False, Attribute.EXTRACTABLE: True}


@dataclass(frozen=True, slots=True)
class TokenEntry:
    """One version of one key in the token."""

    name: str
    version: int
    state: KeyState
    check_value: str

    @property
    def id(self) -> bytes:
        """CKA_ID."""
        return struct.pack(">HB3s", self.version, STATES.index(self.state), bytes.fromhex(self.check_value))


def derive(key: Any, data: bytes, template: Template, kind: KeyType = KeyType.DES2) -> Any:
    """A session key whose value is ``data`` (16 bytes) encrypted under the key in ECB mode. The caller destroys it.

    The mechanism's parameter (CK_KEY_DERIVATION_STRING_DATA: pointer, length) is packed here, as python-pkcs11 knows it for AES
    only. A DES key has its length by its type: SoftHSM refuses to be told.
    """
    buffer = ctypes.create_string_buffer(data, len(data))
    length = pkcs11.DEFAULT if kind is KeyType.DES2 else len(data)
    return key.derive_key(
        kind,
        len(data) * 8,
        capabilities=_NOTHING,
        mechanism=Mechanism.DES3_ECB_ENCRYPT_DATA,
        mechanism_param=struct.pack("@PN", ctypes.addressof(buffer), len(data)),
        template={Attribute.TOKEN: False, **template, Attribute.VALUE_LEN: length},
    )


@contextmanager
def chain(key: Any, levels: Sequence[bytes], template: Template = ENCRYPTS) -> Iterator[Any]:
    """The key at the end of levels of derivation, as a session object. All are destroyed: a token keeps what is forgotten."""
    with ExitStack() as stack:
        for level in levels[:-1]:
            key = derive(key, level, DERIVES)
            stack.callback(key.destroy)
        key = derive(key, levels[-1], template)
        stack.callback(key.destroy)
        yield key


def chain_bytes(key: Any, levels: Sequence[bytes]) -> bytes:
    """The 16 bytes at the end of levels of derivation, in this process: for a card's own keys only."""
    with ExitStack() as stack:
        for level in levels[:-1]:
            key = derive(key, level, DERIVES)
            stack.callback(key.destroy)
        key = derive(key, levels[-1], _READABLE, KeyType.GENERIC_SECRET)
        stack.callback(key.destroy)
        return bytes(key[Attribute.VALUE])


def entries_in(opened: OpenSession) -> tuple[TokenEntry, ...]:
    """All keys, by name and version. Raises KeystoreError ``hsm_key_conflict`` where a version is there twice."""
    entries: dict[tuple[str, int], TokenEntry] = {}
    for kind in (ObjectClass.SECRET_KEY, ObjectClass.PRIVATE_KEY):
        for item in opened.session.get_objects({Attribute.CLASS: kind, Attribute.TOKEN: True}):
            label, id_ = item[Attribute.LABEL], item[Attribute.ID]
            if len(id_) != 6 or id_[2] >= len(STATES) or label.endswith(LEFT_HALF):
                continue
            version, state, check_value = struct.unpack(">HB3s", id_)
            if (label, version) in entries:
                raise KeystoreError("hsm_key_conflict", key=label, version=version)
            entries[label, version] = TokenEntry(label, version, STATES[state], check_value.hex().upper())
    return tuple(entries[key] for key in sorted(entries))


def find(opened: OpenSession, name: str, version: int, kind: ObjectClass = ObjectClass.SECRET_KEY) -> Any:
    """The object of one version of a key. Found once a session. Raises KeystoreError ``key_missing``."""
    known = opened.found.get((name, version))
    if known is None:
        for item in opened.session.get_objects({Attribute.CLASS: kind, Attribute.LABEL: name}):
            id_ = item[Attribute.ID]
            if len(id_) == 6 and id_[:2] == version.to_bytes(2, "big"):
                known = opened.found[name, version] = item
    if known is None:
        raise KeystoreError("key_missing", key=name)
    return known


def public_half(opened: OpenSession, name: str, version: int) -> bytes:
    """The 32 bytes of an Ed25519 key's public half."""
    for item in opened.session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: name}):
        if item[Attribute.ID][:2] == version.to_bytes(2, "big"):
            return bytes(item[Attribute.EC_POINT][-32:])  # raw, or in a DER octet string
    raise KeystoreError("key_missing", key=name)


def set_state(opened: OpenSession, entry: TokenEntry) -> None:
    """Write an entry's state to its object."""
    kind = ObjectClass.PRIVATE_KEY if entry.name == SIGNING else ObjectClass.SECRET_KEY
    find(opened, entry.name, entry.version, kind)[Attribute.ID] = entry.id


def store(opened: OpenSession, name: str, version: int, state: KeyState, value: bytes | None) -> TokenEntry:
    """A new key object with this value, or one that the token generates. Raises KeystoreError ``component_wrong``."""
    if value is not None and len(value) not in ((8, 16) if name == TRANSPORT else (16,)):
        raise KeystoreError("component_wrong", reason=f"{name}: {len(value)} bytes")
    _make_room(opened, name, version)
    if name.startswith(LEGACY) and value is None:
        value = opened.session.generate_random(128)
    made = _generated(opened, name) if value is None else _created(opened, name, value)
    check_value = made[0][Attribute.CHECK_VALUE] if value is None and name != SIGNING else None
    if value is not None:
        check_value = epurse.key_check_value(value)
    elif name == SIGNING:
        check_value = made[-1][Attribute.EC_POINT][-32:]
    entry = TokenEntry(name, version, state, bytes(check_value or b"")[:3].hex().upper())
    for item in reversed(made):  # the key itself last
        item[Attribute.ID] = entry.id
    return entry


def _created(opened: OpenSession, name: str, value: bytes) -> list[Any]:
    """The object of a key, then what stands beside it."""
    if name.startswith(LEGACY):
        return [_object(opened, name, KeyType.GENERIC_SECRET, value[:6], _READABLE)]
    if name == SEALING:
        return [_object(opened, name, KeyType.AES, service_key(name, value), _SEALS)]
    if name == SIGNING:
        return _signing_pair(opened, service_key(name, value))
    double = (value * 2)[:16]
    if name == TRANSPORT:
        left = _object(opened, name + LEFT_HALF, KeyType.DES2, double[:8] * 2, ENCRYPTS)
        return [_object(opened, name, KeyType.DES2, double, ENCRYPTS), left]
    return [_object(opened, name, KeyType.DES2, double, DERIVES)]


def _generated(opened: OpenSession, name: str) -> list[Any]:
    session = opened.session
    named: Template = {Attribute.LABEL: name, Attribute.TOKEN: True}
    if name == SEALING:
        return [session.generate_key(KeyType.AES, 256, capabilities=_NOTHING, template={**_SEALS, **named})]
    if name == SIGNING:
        curve = session.create_domain_parameters(KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: ED25519}, local=True)
        secret = {**_SECRET, Attribute.SIGN: True, **named}
        public, private = curve.generate_keypair(
            mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, public_template=named, private_template=secret
        )
        return [private, public]
    if name == TRANSPORT:  # both halves from one seed, so that the left one twice comes without anybody seeing it
        seed = session.generate_key(KeyType.DES2, capabilities=_NOTHING, template={**DERIVES, Attribute.TOKEN: False})
        left, right = session.generate_random(64), session.generate_random(64)
        whole = derive(seed, left + right, {**ENCRYPTS, **named})
        half = derive(seed, left + left, {**ENCRYPTS, **named, Attribute.LABEL: name + LEFT_HALF})
        seed.destroy()
        return [whole, half]
    return [session.generate_key(KeyType.DES2, capabilities=_NOTHING, template={**DERIVES, **named})]


def _object(opened: OpenSession, name: str, kind: KeyType, value: bytes, template: Template) -> Any:
    described = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.KEY_TYPE: kind, Attribute.VALUE: value}
    return opened.session.create_object({**template, **described, Attribute.LABEL: name, Attribute.TOKEN: True})


def _signing_pair(opened: OpenSession, seed: bytes) -> list[Any]:
    point = b"\x04\x20" + Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    public = {**_EDWARDS, Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.EC_POINT: point, Attribute.VERIFY: True}
    named = {Attribute.LABEL: SIGNING, Attribute.TOKEN: True}
    return [opened.session.create_object({**part, **named}) for part in (signing_template(seed), public)]


def signing_template(seed: bytes) -> Template:
    """An Ed25519 private key from its seed of 32 bytes."""
    return {**_SECRET, **_EDWARDS, Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.SIGN: True, Attribute.VALUE: seed}


def _make_room(opened: OpenSession, name: str, version: int) -> None:
    """Take away what stood beside a key whose making broke off. A key that is there already is never touched."""
    where = version.to_bytes(2, "big")
    for label in (name, name + LEFT_HALF):
        for item in list(opened.session.get_objects({Attribute.LABEL: label})):
            if item[Attribute.ID][:2] != where:
                continue
            if label == name and item.object_class is not ObjectClass.PUBLIC_KEY:
                raise KeystoreError("hsm_key_conflict", key=name, version=version)
            item.destroy()
