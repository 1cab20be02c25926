"""Terminals: who they are and where, what they may do and how much of it, whether they are enabled and signed on."""

import datetime as dt
import re
from dataclasses import asdict, replace
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.service.terminals.keys import FIRST_KEY, ed25519_key, key_view
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Terminal, TerminalKey

OFFICE = "office"
"""Role of a system that fetches reports: nothing of a card, nothing that writes."""
BUREAU = "bureau"
"""Role of another bureau's window, by its ``operator``: it asks whose a card is, and nothing else."""
TEXT = r"[^\x00-\x1f]{0,64}"


def register_terminal(
    store: Store,
    terminal_id: str,
    name: str,
    terminal_no: str,
    public_key: str,
    role: str,
    now: dt.datetime,
    **about: Any,
) -> Terminal:
    """Register a terminal with its first key. ``about``: type, place, operator, outlet_id and the limits, see Terminal.

    Raises RequestError ``terminal_field_wrong``, ``terminal_exists`` or ``outlet_unknown``.
    """
    terminal, key = new_terminal(terminal_id, name, terminal_no, public_key, role, now, **about)
    store.transact(lambda uow: add_terminal(uow, terminal, key))
    return terminal


def new_terminal(
    terminal_id: str, name: str, terminal_no: str, public_key: str, role: str, now: dt.datetime, **about: Any
) -> tuple[Terminal, TerminalKey]:
    """A terminal and its first key, not stored yet. Raises RequestError ``terminal_field_wrong``."""
    for field, value, pattern in (
        ("terminal_id", terminal_id, r"[A-Za-z0-9._-]{1,64}"),
        ("terminal_no", terminal_no, r"[0-9A-Fa-f]{12}"),
        ("name", name, TEXT),
        ("type", about.get("type", ""), r"[^\x00-\x1f]{0,32}"),
        ("place", about.get("place", ""), TEXT),
        ("operator", about.get("operator", ""), TEXT),
    ):
        if not re.fullmatch(pattern, value):
            raise RequestError("terminal_field_wrong", field=field)
    if role == BUREAU and not about.get("operator"):
        raise RequestError("terminal_field_wrong", field="operator")
    terminal = Terminal(terminal_id, name, terminal_no.lower(), "enabled", role, now, **about)
    check_limits(terminal)
    return terminal, ed25519_key(terminal_id, FIRST_KEY, public_key, now, "registration")


def add_terminal(uow: UnitOfWork, terminal: Terminal, key: TerminalKey) -> None:
    """Store a new terminal. Raises RequestError ``terminal_exists`` or ``outlet_unknown``."""
    known = uow.terminals.all()
    if any(other.terminal_id == terminal.terminal_id or other.terminal_no == terminal.terminal_no for other in known):
        raise RequestError("terminal_exists")
    if terminal.outlet_id is not None and uow.outlets.get(terminal.outlet_id) is None:
        raise RequestError("outlet_unknown", outlet=terminal.outlet_id)
    uow.terminals.add(terminal)
    uow.terminal_keys.add(key)


def check_limits(terminal: Terminal) -> None:
    """Raise RequestError ``terminal_field_wrong`` for a limit that is no positive number."""
    for field in ("largest_load", "daily_loads", "daily_amount", "requests_per_minute"):
        value = getattr(terminal, field)
        if value is not None and not 0 < value < 2**31:
            raise RequestError("terminal_field_wrong", field=field)


def change_terminal(store: Store, terminal_id: str, **values: Any) -> Terminal:
    """Change what a terminal may do, or its certificate. Raises RequestError ``terminal_unknown``, ``terminal_field_wrong``."""
    return store.transact(lambda uow: change_in(uow, terminal_id, **values)[1])


def change_in(uow: UnitOfWork, terminal_id: str, **values: Any) -> tuple[Terminal, Terminal]:
    """``change_terminal`` within another transaction; the terminal before and after."""
    terminal = known_terminal(uow, terminal_id)
    check_limits(replace(terminal, **values))
    return terminal, uow.terminals.change(terminal, **values)


def known_terminal(uow: UnitOfWork, terminal_id: str) -> Terminal:
    """The terminal, locked. Raises RequestError ``terminal_unknown``."""
    terminal = uow.terminals.for_update(terminal_id)
    if terminal is None:
        raise RequestError("terminal_unknown")
    return terminal


def set_terminal_state(store: Store, terminal_id: str, state: str) -> None:
    """Enable or suspend a terminal. A load that it has under way may still deliver its evidence; nothing new begins.

    Raises RequestError ``terminal_unknown``.
    """
    change_terminal(store, terminal_id, state=state)


def sign_on(store: Store, terminal_id: str, now: dt.datetime, *, on: bool) -> dict[str, Any]:
    """Sign a terminal on or off, and tell it what it needs to begin. Signing on again is no error: a terminal restarts."""
    terminal = change_terminal(store, terminal_id, signed_on=now if on else None)
    with store.read() as uow:
        version = uow.hotlist.version()
    limits = {name: getattr(terminal, name) for name in ("operations", "largest_load", "daily_loads", "daily_amount")}
    return {
        "terminal_id": terminal_id,
        "terminal_no": terminal.terminal_no,
        "role": terminal.role,
        "signed_on": on,
        "limits": limits,
        "hotlist_version": version,
        "time": now.isoformat(),
    }


def terminals_view(store: Store) -> list[dict[str, Any]]:
    """All terminals, newest first."""
    with store.read() as uow:
        return [asdict(terminal) for terminal in uow.terminals.all()]


def terminal_view(store: Store, terminal_id: str) -> dict[str, Any]:
    """One terminal with its keys; no secret is in it. Raises RequestError ``terminal_unknown``."""
    with store.read() as uow:
        terminal = uow.terminals.get(terminal_id)
        if terminal is None:
            raise RequestError("terminal_unknown")
        keys = uow.terminal_keys.of_terminal(terminal_id)
    return {**asdict(terminal), "keys": [key_view(key) for key in keys]}
