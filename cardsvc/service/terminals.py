"""Registering terminals: who they are, what they may do, whether they are enabled."""

import datetime as dt
import re
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.store import Store
from cardsvc.store.records import Terminal


def register_terminal(
    store: Store, terminal_id: str, name: str, terminal_no: str, public_key: str, role: str, now: dt.datetime
) -> Terminal:
    """Register a terminal. Raises RequestError ``terminal_field_wrong`` or ``terminal_exists``."""
    for field, value, pattern in (
        ("terminal_id", terminal_id, r"[A-Za-z0-9._-]{1,64}"),
        ("terminal_no", terminal_no, r"[0-9A-Fa-f]{12}"),
        ("public_key", public_key, r"[0-9A-Fa-f]{64}"),
        ("name", name, r"[^\x00-\x1f]{0,64}"),
    ):
        if not re.fullmatch(pattern, value):
            raise RequestError("terminal_field_wrong", field=field)
    terminal = Terminal(terminal_id, name, terminal_no.lower(), public_key.lower(), "enabled", role, now)
    with store.begin() as uow:
        known = uow.terminals.all()
        if any(other.terminal_id == terminal_id or other.terminal_no == terminal.terminal_no for other in known):
            raise RequestError("terminal_exists")
        uow.terminals.add(terminal)
        uow.commit()
    return terminal


def set_terminal_state(store: Store, terminal_id: str, state: str) -> None:
    """Enable or suspend a terminal. Raises RequestError ``terminal_unknown``."""
    with store.begin() as uow:
        terminal = uow.terminals.get(terminal_id)
        if terminal is None:
            raise RequestError("terminal_unknown")
        uow.terminals.change(terminal, state=state)
        uow.commit()


def terminals_view(store: Store) -> list[dict[str, Any]]:
    """All terminals, newest first."""
    with store.read() as uow:
        return [
            {"terminal_id": r.terminal_id, "name": r.name, "terminal_no": r.terminal_no, "role": r.role, "state": r.state}
            for r in uow.terminals.all()
        ]
