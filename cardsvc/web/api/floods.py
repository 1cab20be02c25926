"""Too many requests: who asks more often than agreed is told to wait, and how long.

A terminal's good requests are counted where they already are, in the table of nonces: one number for all workers and hosts,
without a store of its own. Requests that nobody proved to be theirs must write nothing, so each worker counts them in its
memory, by address and by the terminal that they claim to be from: a wrong clock or key at one terminal does not shut out the
others behind the same address, and nobody can use up a terminal's number in its name. The workers share the number out among
them, which is true as an upper bound; a client that keeps to one connection meets its worker's share of it.
"""

import ipaddress
import math
import threading
import time
from collections.abc import Callable

from flask import Request

from cardsvc.errors import RequestError

WINDOW_SECONDS = 60
MOST_CALLERS = 10_000
"""So many callers are told apart in a minute by one worker; when there are more, the count begins anew for all."""
REAL_IP = "X-Real-IP"

Caller = tuple[str, str]
"""An address, and the terminal that it claims to be, or nothing."""


class Unproven:
    """Counts refused requests of one worker in windows of a minute."""

    def __init__(self, most: int, workers: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = max(1, most // workers)
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: dict[Caller, tuple[float, int]] = {}

    def check(self, caller: Caller) -> None:
        """Raise RequestError ``too_many_requests`` for a caller who used this minute up."""
        with self._lock:
            began, count = self._window(caller)
        if count >= self._most:
            raise too_many(began + WINDOW_SECONDS - self._clock())

    def count(self, caller: Caller) -> None:
        """One more that was refused. Raises as ``check`` does, and does not count then."""
        self.check(caller)
        with self._lock:
            began, count = self._window(caller)
            if len(self._seen) >= MOST_CALLERS:
                self._seen.clear()
            self._seen[caller] = began, count + 1

    def _window(self, caller: Caller) -> tuple[float, int]:
        now = self._clock()
        began, count = self._seen.get(caller, (now, 0))
        return (began, count) if now < began + WINDOW_SECONDS else (now, 0)


def too_many(seconds: float) -> RequestError:
    """The refusal, with the whole seconds to wait."""
    return RequestError("too_many_requests", retry_after=max(1, math.ceil(seconds)))


def address_of(request: Request, proxy: str | None) -> str:
    """Where a request comes from, of IPv6 a customer's whole network; what the trusted proxy says counts from it alone."""
    shown = request.remote_addr or ""
    if proxy is not None and shown == proxy:
        shown = request.headers.get(REAL_IP, shown)
    try:
        address = ipaddress.ip_address(shown)
    except ValueError:
        return ""
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
