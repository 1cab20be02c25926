"""Who calls: every request under /api is signed by a registered terminal, fresh, and taken once."""

import datetime as dt
from urllib.parse import urlsplit

from flask import Request

from cardsvc.errors import RequestError
from cardsvc.service.kinds import Actor
from cardsvc.signature import MAX_AGE, Message, claimed_terminal, verify
from cardsvc.store import Store
from cardsvc.store.records import Terminal

PRUNE_EVERY = 256


def authenticate(store: Store, request: Request, public_url: str | None, now: dt.datetime) -> Actor:
    """The terminal that signed the request. Raises RequestError: signature_missing, signature_wrong, request_replayed,
    terminal_unknown, terminal_suspended."""
    terminal_id = claimed_terminal(request.headers)
    with store.read() as uow:
        terminal = uow.terminals.get(terminal_id)
    if terminal is None:
        raise RequestError("terminal_unknown")
    nonce = verify(Message(request.method, _called(request, public_url), request.headers), request.get_data(), _key(terminal))
    if terminal.state != "enabled":
        raise RequestError("terminal_suspended")
    _take_nonce(store, terminal_id, nonce, now)
    return Actor("terminal", terminal.terminal_id, bytes.fromhex(terminal.terminal_no), terminal.role)


def _key(terminal: Terminal) -> bytes:
    return bytes.fromhex(terminal.public_key)


def _called(request: Request, public_url: str | None) -> str:
    """The URL as the terminal called it: behind a proxy the service's own view of it differs."""
    if public_url is None:
        return request.url
    parts = urlsplit(request.url)
    return public_url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


def _take_nonce(store: Store, terminal_id: str, nonce: str, now: dt.datetime) -> None:
    with store.begin() as uow:
        fresh = uow.nonces.take(terminal_id, nonce, now)
        if fresh and hash(nonce) % PRUNE_EVERY == 0:
            uow.nonces.prune(now - 2 * MAX_AGE)
        uow.commit()
    if not fresh:
        raise RequestError("request_replayed")
