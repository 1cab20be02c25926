"""Who calls: every request under /api is signed by a registered terminal, fresh, and taken once."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlsplit

from flask import Request

from cardsvc.bootstrap import Services
from cardsvc.errors import RequestError
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.terminals.keys import check_keys
from cardsvc.service.terminals.registry import BUREAU
from cardsvc.signature import MAX_AGE, MAX_AHEAD, CheckKey, Message, Taken, claimed, verify
from cardsvc.store import Store
from cardsvc.store.records import Terminal
from cardsvc.units import LOCAL
from cardsvc.web.api.certificates import peer_certificate
from cardsvc.web.api.floods import WINDOW_SECONDS, Unproven, address_of, too_many

PRUNE_EVERY = 256
WINDOW = dt.timedelta(seconds=WINDOW_SECONDS)
FOR_NEXT_KEY = "register_next_key"
FOR_EVIDENCE = frozenset({"start_operation", "answer_step", "get_operation", "abandon_operation"})
"""What a suspended terminal may still ask: how its operations stand, and to deliver what their cards answered."""
OF_BUREAUS = FOR_EVIDENCE | {"sign_terminal_on", FOR_NEXT_KEY}
"""What another bureau's window may ask: operations, of which its role has one kind; and about itself."""


def authenticate(services: Services, unproven: Unproven, request: Request, now: dt.datetime) -> Actor:
    """The terminal that signed the request. Raises RequestError: signature_missing, signature_wrong, clock_wrong,
    request_replayed, terminal_unknown, terminal_suspended, certificate_wrong, too_many_requests."""
    address = address_of(request, services.settings.client_cert_proxy)
    try:
        claim = claimed(request.headers)
    except RequestError:
        unproven.count((address, ""))
        raise
    caller = (address, claim.terminal_id)
    unproven.check(caller)
    with services.store.read() as uow:
        terminal = uow.terminals.get(claim.terminal_id)
        keys = uow.terminal_keys.of_terminal(claim.terminal_id)
    if terminal is None:
        unproven.count((address, ""))
        raise RequestError("terminal_unknown")
    try:
        _prove(services, terminal, check_keys(services.engine.keystore, keys, claim.key_id, now), request, now)
    except RequestError as error:
        if error.code != "too_many_requests":
            unproven.count(caller)
        raise
    if terminal.role == BUREAU and request.endpoint not in OF_BUREAUS:
        raise RequestError("operation_not_permitted", kind=request.endpoint or "-")
    operations = None if terminal.operations is None else frozenset(terminal.operations)
    number, suspended = bytes.fromhex(terminal.terminal_no), terminal.state != "enabled"
    return Actor("terminal", terminal.terminal_id, number, terminal.role, operations, suspended=suspended)


def _prove(services: Services, terminal: Terminal, keys: Iterator[CheckKey], request: Request, now: dt.datetime) -> None:
    """Everything about a request that its terminal must get right."""
    message = Message(request.method, _called(request, services.settings.public_url), request.headers)
    taken = verify(message, request.get_data(), keys, now)
    _require_certificate(terminal, peer_certificate(request, services.settings.client_cert_proxy))
    if terminal.state != "enabled" and request.endpoint not in FOR_EVIDENCE:
        raise RequestError("terminal_suspended")
    most = terminal.requests_per_minute or services.settings.requests_per_minute
    _take_nonce(services.store, terminal.terminal_id, taken, now, most, follows=request.endpoint == FOR_NEXT_KEY)


def _require_certificate(terminal: Terminal, shown: str | None) -> None:
    """A terminal that is bound to a certificate comes with no other, and not without one."""
    if terminal.certificate is not None and shown != terminal.certificate:
        raise RequestError("certificate_wrong")


def _called(request: Request, public_url: str | None) -> str:
    """The URL as the terminal called it: behind a proxy the service's own view of it differs."""
    if public_url is None:
        return request.url
    parts = urlsplit(request.url)
    return public_url.rstrip("/") + parts.path + (f"?{parts.query}" if parts.query else "")


def _take_nonce(store: Store, terminal_id: str, taken: Taken, now: dt.datetime, most: int, *, follows: bool) -> None:
    """Take a nonce once, and no more than ``most`` of a terminal in a minute: what is refused for that is not taken.

    A service whose clock jumped back would find requests fresh whose nonces it forgot while the clock was ahead: what the same
    key signed until then is refused. That is read after the nonce is written, so that nothing is forgotten between the two.
    The key that follows has signed nothing yet: it is served at once, and registering it (``follows``) twice is once.
    """
    with store.begin() as uow:
        earlier = uow.nonces.newest_but(terminal_id, most - 1, now - WINDOW, now)
        if earlier is not None:
            raise too_many((earlier + WINDOW - now).total_seconds())
        if not uow.nonces.take(terminal_id, taken.key_id, taken.nonce, now):
            raise RequestError("request_replayed")
        forgotten = uow.nonces.forgotten(terminal_id, taken.key_id)
        if forgotten is not None and taken.created <= forgotten + MAX_AHEAD and not follows:
            raise RequestError("key_must_follow", until=f"{forgotten.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}")
        if hash(taken.nonce) % PRUNE_EVERY == 0:
            uow.nonces.prune(now - 2 * MAX_AGE)
        uow.commit()
