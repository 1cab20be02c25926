"""What administrators do about terminals: each change says who made it, and stays in the audit trail with what was before.

What a terminal asks for itself (its next key, signing on) is in registry.py and keys.py.
"""

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from cardsvc.keystore.protocol import KeyStore
from cardsvc.service.staff.accounts import require_administrator
from cardsvc.service.staff.acts import Act, note_act
from cardsvc.service.terminals import keys as terminal_keys
from cardsvc.service.terminals.registry import add_terminal, change_in, new_terminal
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Staff, Terminal


def subject_of(terminal_id: str) -> str:
    """What acts about a terminal go by."""
    return f"terminal:{terminal_id}"


def register(
    store: Store,
    terminal_id: str,
    name: str,
    terminal_no: str,
    public_key: str,
    role: str,
    *,
    by: Staff | None,
    now: dt.datetime,
    **about: Any,
) -> Terminal:
    """Register a terminal with its first key. Raises as ``register_terminal`` does, and RequestError ``not_permitted``."""
    terminal, key = new_terminal(terminal_id, name, terminal_no, public_key, role, now, **about)

    def work(uow: UnitOfWork) -> Terminal:
        require_administrator(uow, by)
        add_terminal(uow, terminal, key)
        told = {field: [None, value] for field, value in _plain(terminal).items() if value not in (None, "")}
        note_act(uow, by, Act.TERMINAL_REGISTER, subject_of(terminal_id), {**told, "key": [None, key.public_key]}, now)
        return terminal

    return store.transact(work)


def change(store: Store, terminal_id: str, act: Act, *, by: Staff | None, now: dt.datetime, **values: Any) -> Terminal:
    """Change a terminal's state, limits or certificate. What is so already is no act.

    Raises RequestError ``not_permitted``, ``terminal_unknown``, ``terminal_field_wrong``.
    """

    def work(uow: UnitOfWork) -> Terminal:
        require_administrator(uow, by)
        before, after = change_in(uow, terminal_id, **values)
        old, new = _plain(before), _plain(after)
        changed = {field: [old[field], new[field]] for field in values if old[field] != new[field]}
        if changed:
            note_act(uow, by, act, subject_of(terminal_id), changed, now)
        return after

    return store.transact(work)


def rotate(store: Store, terminal_id: str, public_key: str, *, by: Staff | None, now: dt.datetime) -> dict[str, Any]:
    """Register the key that follows. Raises RequestError ``not_permitted``, ``terminal_unknown``, ``terminal_field_wrong``."""
    return _about_keys(
        store,
        terminal_id,
        Act.TERMINAL_ROTATE,
        lambda uow, who: terminal_keys.follow(uow, terminal_id, public_key, now, who),
        by=by,
        now=now,
    )


def share_secret(
    store: Store, keystore: KeyStore, terminal_id: str, *, by: Staff | None, now: dt.datetime
) -> tuple[dict[str, Any], bytes]:
    """A fresh secret for HMAC and its key; shown once. Raises RequestError ``not_permitted``, ``terminal_unknown``."""
    secret = terminal_keys.new_secret()
    key = _about_keys(
        store,
        terminal_id,
        Act.TERMINAL_ROTATE,
        lambda uow, who: terminal_keys.follow_secret(uow, keystore, terminal_id, secret, now, who),
        by=by,
        now=now,
    )
    return key, secret


def retire(store: Store, terminal_id: str, key_id: str, *, by: Staff | None, now: dt.datetime) -> dict[str, Any]:
    """Let a key count no longer, at once. Raises RequestError ``not_permitted``, ``terminal_unknown``,
    ``terminal_key_unknown``."""
    return _about_keys(
        store,
        terminal_id,
        Act.TERMINAL_RETIRE,
        lambda uow, _who: terminal_keys.retire_in(uow, terminal_id, key_id),
        by=by,
        now=now,
    )


def _about_keys(
    store: Store, terminal_id: str, act: Act, do: Callable[[UnitOfWork, str], Any], *, by: Staff | None, now: dt.datetime
) -> dict[str, Any]:
    def work(uow: UnitOfWork) -> dict[str, Any]:
        require_administrator(uow, by)
        key = terminal_keys.key_view(do(uow, by.staff_id if by else "set-up"))
        told = {field: [None, key[field]] for field in ("key_id", "algorithm", "public_key", "state")}
        note_act(uow, by, act, subject_of(terminal_id), told, now)
        return key

    return store.transact(work)


def _plain(terminal: Terminal) -> dict[str, Any]:
    """A terminal as JSON holds it."""
    plain: dict[str, Any] = json.loads(json.dumps(asdict(terminal), default=str))
    return plain
