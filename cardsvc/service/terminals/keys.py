"""Keys of terminals, and how one follows another: both count for a while, so that no request falls between them.

A new Ed25519 key comes from the terminal itself, in a request signed with the old one, or from an administrator. A shared
secret (HMAC) comes from an administrator only; it is shown once and stands in the database sealed by the key store.
"""

import datetime as dt
import re
import secrets
from collections.abc import Iterator
from typing import Any

from cardsvc.crypto.ed25519 import is_public_key
from cardsvc.errors import RequestError
from cardsvc.keystore.protocol import KeyStore
from cardsvc.signature import MIN_SECRET, CheckKey
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import TerminalKey

FIRST_KEY = "1"
OVERLAP = dt.timedelta(days=7)
"""How long the key before still counts."""


def ed25519_key(terminal_id: str, key_id: str, public_key: str, now: dt.datetime, by: str) -> TerminalKey:
    """A key to be registered. Raises RequestError ``terminal_field_wrong``, ``terminal_key_weak``."""
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", public_key):
        raise RequestError("terminal_field_wrong", field="public_key")
    if not is_public_key(bytes.fromhex(public_key)):
        raise RequestError("terminal_key_weak")
    return TerminalKey(terminal_id, key_id, "ed25519", public_key.lower(), None, "active", now, None, by)


def rotate(
    store: Store, terminal_id: str, public_key: str, now: dt.datetime, by: str, *, overlap: dt.timedelta = OVERLAP
) -> dict[str, Any]:
    """Register the key that follows. The same key again is the same answer: a lost reply is made good by sending again.
    One that counts no longer, or not yet, does not come back.

    Raises RequestError ``terminal_unknown``, ``terminal_field_wrong``.
    """
    return key_view(store.transact(lambda uow: follow(uow, terminal_id, public_key, now, by, overlap=overlap)))


def follow(
    uow: UnitOfWork, terminal_id: str, public_key: str, now: dt.datetime, by: str, *, overlap: dt.timedelta = OVERLAP
) -> TerminalKey:
    """``rotate`` within another transaction."""
    keys = _keys(uow, terminal_id)
    known = [key for key in keys if key.public_key == public_key.lower()]
    same = next((key for key in known if key.usable(now)), None)
    if known and same is None:  # what it signed once would count again
        raise RequestError("terminal_field_wrong", field="public_key")
    return same or _follow(uow, keys, ed25519_key(terminal_id, _next_id(keys), public_key, now, by), now + overlap)


def new_secret() -> bytes:
    """A secret for HMAC."""
    return secrets.token_bytes(MIN_SECRET)


def follow_secret(
    uow: UnitOfWork,
    keystore: KeyStore,
    terminal_id: str,
    secret: bytes,
    now: dt.datetime,
    by: str,
    *,
    overlap: dt.timedelta = OVERLAP,
) -> TerminalKey:
    """Let a shared secret follow the keys before. Raises RequestError ``terminal_unknown``."""
    keys = _keys(uow, terminal_id)
    key_id = _next_id(keys)
    sealed = keystore.seal(secret, _label(terminal_id, key_id)).hex()
    return _follow(
        uow, keys, TerminalKey(terminal_id, key_id, "hmac-sha256", None, sealed, "active", now, None, by), now + overlap
    )


def retire_in(uow: UnitOfWork, terminal_id: str, key_id: str) -> TerminalKey:
    """Let a key count no longer, at once. Raises RequestError ``terminal_unknown``, ``terminal_key_unknown``."""
    key = next((key for key in _keys(uow, terminal_id) if key.key_id == key_id), None)
    if key is None:
        raise RequestError("terminal_key_unknown", key=key_id[:32])
    return uow.terminal_keys.change(key, state="retired")


def check_keys(keystore: KeyStore, keys: list[TerminalKey], key_id: str | None, now: dt.datetime) -> Iterator[CheckKey]:
    """The keys that a signature may be by, newest first; a secret is opened only when it is its turn."""
    for key in keys:
        if not key.usable(now) or key_id not in (None, key.key_id):
            continue
        if key.public_key is not None:
            yield CheckKey(key.algorithm, bytes.fromhex(key.public_key), key.key_id)
        elif key.sealed_secret is not None:
            secret = keystore.unseal(bytes.fromhex(key.sealed_secret), _label(key.terminal_id, key.key_id))
            yield CheckKey(key.algorithm, secret, key.key_id)


def key_view(key: TerminalKey) -> dict[str, Any]:
    """A key as it is shown."""
    return {
        "key_id": key.key_id,
        "algorithm": key.algorithm,
        "public_key": key.public_key,
        "state": key.state,
        "not_before": key.not_before.isoformat(),
        "not_after": key.not_after.isoformat() if key.not_after else None,
        "registered_by": key.registered_by,
    }


def _label(terminal_id: str, key_id: str) -> str:
    """What binds a sealed secret to its row: moved to another, it does not open."""
    return f"terminal {terminal_id}/{key_id}"


def _keys(uow: UnitOfWork, terminal_id: str) -> list[TerminalKey]:
    if uow.terminals.for_update(terminal_id) is None:
        raise RequestError("terminal_unknown")
    return uow.terminal_keys.of_terminal(terminal_id)


def _next_id(keys: list[TerminalKey]) -> str:
    return str(1 + max((int(key.key_id) for key in keys), default=0))


def _follow(uow: UnitOfWork, keys: list[TerminalKey], key: TerminalKey, until: dt.datetime) -> TerminalKey:
    """Add a key; the active ones retire when the overlap is over."""
    for old in keys:
        if old.state == "active":
            uow.terminal_keys.change(old, state="retiring", not_after=until)
    return uow.terminal_keys.add(key)
