"""Whether a token does what the key store asks of it: tried on session keys that are gone afterwards, not read from a list.

SoftHSM lists mechanisms that it refuses (single DES, wrapping under Triple-DES), so a list says nothing.
"""

import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass

from cardsvc.crypto import epurse
from cardsvc.crypto.des import ZERO_IV
from cardsvc.errors import KeystoreError
from cardsvc.keystore.token import OpenSession, Token
from cardsvc.keystore.token_keys import DERIVES, ENCRYPTS, Template, chain, derive, signing_template

THREADS, ROUNDS = 8, 25
_PLAIN: Template = {Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.TOKEN: False}
_WRAPS: Template = {**ENCRYPTS, Attribute.WRAP: True}


def check_threads(token: Token) -> int:
    """MACs of several threads at once, against the same in software; gives how many. Raises ``hsm_threads_wrong``."""

    def work(_number: int) -> bool:
        return all(_one_mac_right(token) for _ in range(ROUNDS))

    with ThreadPoolExecutor(THREADS) as pool:
        right = list(pool.map(work, range(THREADS)))
    if not all(right):
        raise KeystoreError("hsm_threads_wrong")
    return THREADS * ROUNDS


def _one_mac_right(token: Token) -> bool:
    """One top-up's MAC under a key of this moment."""
    master, factor, data = secrets.token_bytes(16), secrets.token_bytes(8), secrets.token_bytes(30)
    block = epurse.session_block(factor[:4], factor[4:6])
    expected = epurse.transaction_mac(epurse.session_key(epurse.diversify(master, factor), factor[:4], factor[4:6]), data)
    with token.session() as opened:
        key = _des(opened, master, DERIVES)
        try:
            with chain(key, [epurse.level(factor), block + block]) as session:
                last = session.encrypt(epurse.pad(data), mechanism=Mechanism.DES3_CBC, mechanism_param=ZERO_IV)[-8:]
        finally:
            key.destroy()
    return bool(last[: epurse.MAC_LENGTH] == expected)


def check_mechanisms(token: Token) -> tuple[list[str], list[str]]:
    """Which mechanisms work, and which do not and are not needed. Raises KeystoreError ``hsm_mechanism_missing``."""
    needed = {name: _works(token, trial) for name, trial in _NEEDED.items()}
    lacking = [name for name, works in needed.items() if not works]
    if lacking:
        raise KeystoreError("hsm_mechanism_missing", mechanism=", ".join(lacking))
    others = {name: _works(token, trial) for name, trial in _OTHERS.items()}
    return [*needed, *(name for name, works in others.items() if works)], [name for name, works in others.items() if not works]


def _works(token: Token, trial: Callable[[OpenSession], None]) -> bool:
    """Whether the token carries it out. A token that is lost is no answer."""
    try:
        with token.session() as opened:
            trial(opened)
    except KeystoreError as error:
        if error.code != "hsm_failed":
            raise
        return False
    return True


def _des(opened: OpenSession, value: bytes, template: Template) -> Any:
    return opened.session.create_object({**_PLAIN, **template, Attribute.KEY_TYPE: KeyType.DES2, Attribute.VALUE: value})


def _derive(opened: OpenSession) -> None:
    key = _des(opened, secrets.token_bytes(16), DERIVES)
    derive(key, bytes(16), ENCRYPTS).destroy()
    key.destroy()


def _encrypt(opened: OpenSession, mechanism: Mechanism, iv: bytes | None) -> None:
    key = _des(opened, secrets.token_bytes(16), ENCRYPTS)
    key.encrypt(bytes(16), mechanism=mechanism, mechanism_param=iv)
    key.destroy()


def _seal(opened: OpenSession) -> None:
    described = {Attribute.KEY_TYPE: KeyType.AES, Attribute.VALUE: secrets.token_bytes(32)}
    key: Any = opened.session.create_object({**_PLAIN, **ENCRYPTS, **described})
    key.encrypt(bytes(5), mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(bytes(12), b"", 128))
    key.destroy()


def _sign(opened: OpenSession) -> None:
    key: Any = opened.session.create_object({**signing_template(secrets.token_bytes(32)), Attribute.TOKEN: False})
    key.sign(b"message", mechanism=Mechanism.EDDSA)
    key.destroy()


def _wrap(opened: OpenSession) -> None:
    wrapping, inner = _des(opened, secrets.token_bytes(16), _WRAPS), _des(opened, secrets.token_bytes(16), _INNER)
    try:
        wrapping.wrap_key(inner, mechanism=Mechanism.DES3_ECB)
    finally:
        inner.destroy()
        wrapping.destroy()


_INNER: Template = {**ENCRYPTS, Attribute.EXTRACTABLE: True}
_NEEDED: dict[str, Callable[[OpenSession], None]] = {
    "DES3_ECB_ENCRYPT_DATA": _derive,
    "DES3_ECB": lambda opened: _encrypt(opened, Mechanism.DES3_ECB, None),
    "DES3_CBC": lambda opened: _encrypt(opened, Mechanism.DES3_CBC, ZERO_IV),
    "AES_GCM": _seal,
    "EDDSA": _sign,
}
_OTHERS: dict[str, Callable[[OpenSession], None]] = {"DES3_ECB wrap": _wrap}
