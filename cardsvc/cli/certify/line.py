"""The line between terminal and service, which goes wrong once, where a scenario says."""

import http.client
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cardsvc.bootstrap import now
from cardsvc.cli.certify.scenarios import ListScenario, Scenario
from cardsvc.errors import RequestError
from cardsvc.service.operations.problem import problem_of

DELAY_SECONDS = 0.5
SLOW_PIECES = 8
RETRY_AFTER = 1
"""Seconds that the line asks a terminal to wait."""
SKEW = 7 * 60
"""Seconds by which the other service's clock is ahead: to it, the terminal's is slow. Less than nonces are kept beyond
their age, so that it forgets none that the true service still needs."""
FROM_THEN_ON = ("clock",)
"""Troubles that do not pass."""

Sent = tuple[str, str, bytes, dict[str, str]]
Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class Seen:
    """What a run showed: codes of the problems that the terminal was answered; how often it came before it was to; how far, in
    seconds, its signatures were from the true time once it had been told that its clock is wrong."""

    codes: list[str] = field(default_factory=list)
    early: int = 0
    offsets: list[float] = field(default_factory=list)


class Line(ThreadingHTTPServer):
    """A proxy on the loopback in front of the service. Only the scenario's request is spoiled; what repeats it goes through.
    What is not about the job, as signing on, is not counted.

    ``skewed_port``: the same service on another clock; ``suspend``: what suspends the terminal; ``lists``: the hot list after a
    version, signed, as the service itself would give it.
    """

    daemon_threads = True

    def __init__(
        self,
        scenario: Scenario | ListScenario,
        service_port: int,
        skewed_port: int = 0,
        suspend: Callable[[], None] = lambda: None,
        lists: Callable[[int], dict[str, Any]] = lambda _since: {},
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.trouble = scenario.line
        self.spoiled, self.counted = scenario.request, scenario.counted
        self.service_port, self.skewed_port, self.suspend, self.lists = service_port, skewed_port, suspend, lists
        self.count = 0
        self.seen = Seen()
        self.not_before = 0.0
        self.earlier: Sent | None = None
        self.given: Answer | None = None
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        """What the terminal calls."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def stop(self) -> None:
        """Let go of the port."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A terminal that hangs up is part of the game."""

    def takes(self, sent: Sent) -> tuple[str, Sent | None]:
        """Count a request: what becomes of it, and the request before it."""
        with self.lock:
            about = sent[1].startswith(self.counted)
            self.count += about
            hit = (about and self.count == self.spoiled) or (self.trouble in FROM_THEN_ON and self.count >= self.spoiled)
            early = time.monotonic() < self.not_before
            self.seen.early += early
            if "clock_wrong" in self.seen.codes:
                created = re.search(r"created=(\d+)", sent[3].get("Signature-Input", ""))
                self.seen.offsets += [int(created[1]) - now().timestamp()] if created else []
            before, self.earlier = self.earlier, sent
        return "too_many" if early else self.trouble if hit else "none", before


class _Handler(BaseHTTPRequestHandler):
    server: Line
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _carry(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        sent = self.command, self.path, body, dict(self.headers)
        trouble, earlier = self.server.takes(sent)
        getattr(self, f"_{trouble}")(sent, earlier)

    do_GET = do_POST = _carry  # noqa: N815 - the names that the library looks for

    def _forward(self, sent: Sent, port: int = 0) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.server.service_port, timeout=30)
        method, path, body, headers = sent
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        answer = response.status, response.getheaders(), response.read()
        connection.close()
        return answer

    def _answer(self, answer: Answer, *, pieces: int = 1, keep: float = 1.0) -> None:
        status, headers, body = answer
        self.server.given = answer
        self.server.seen.codes += _code_of(answer)
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("connection", "server", "date", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        body = body[: int(len(body) * keep)]
        size = max(1, -(-len(body) // pieces))
        for at in range(0, len(body), size):
            self.wfile.write(body[at : at + size])
            self.wfile.flush()
            if pieces > 1:
                time.sleep(DELAY_SECONDS / pieces)
        self.close_connection = True

    def _say(self, status: int, body: Any, media_type: str, **headers: str) -> None:
        content = json.dumps(body, ensure_ascii=False).encode()
        given = {"Content-Type": media_type, "Content-Length": str(len(content)), **headers}
        self._answer((status, list(given.items()), content))

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _none(self, sent: Sent, _earlier: Any) -> None:
        self._answer(self._forward(sent))

    def _request_lost(self, _sent: Sent, _earlier: Any) -> None:
        self._hang_up()

    def _reply_lost(self, sent: Sent, _earlier: Any) -> None:
        self._forward(sent)
        self._hang_up()

    def _duplicated(self, sent: Sent, _earlier: Any) -> None:
        answer = self._forward(sent)
        self._forward(sent)
        self._answer(answer)

    def _reordered(self, sent: Sent, earlier: Sent | None) -> None:
        """The request before arrives once more, before this one."""
        if earlier is not None:
            self._forward(earlier)
        self._answer(self._forward(sent))

    def _delayed(self, sent: Sent, _earlier: Any) -> None:
        time.sleep(DELAY_SECONDS)
        self._answer(self._forward(sent))

    def _unavailable(self, _sent: Sent, _earlier: Any) -> None:
        self._answer((503, [("Content-Type", "text/html"), ("Content-Length", "4")], b"busy"))

    def _reset(self, sent: Sent, _earlier: Any) -> None:
        self._forward(sent)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _truncated(self, sent: Sent, _earlier: Any) -> None:
        self._answer(self._forward(sent), keep=0.5)

    def _slow(self, sent: Sent, _earlier: Any) -> None:
        self._answer(self._forward(sent), pieces=SLOW_PIECES)

    def _too_many(self, _sent: Sent, _earlier: Any) -> None:
        """Nothing reaches the service; until the seconds are over, all that comes is early."""
        line = self.server
        line.not_before = max(line.not_before, time.monotonic() + RETRY_AFTER)
        problem = problem_of(RequestError("too_many_requests", retry_after=RETRY_AFTER))
        self._say(429, problem, "application/problem+json", **{"Retry-After": str(RETRY_AFTER)})

    def _old_reply(self, sent: Sent, _earlier: Any) -> None:
        """The service takes it, but the reply that comes is the one before."""
        before = self.server.given
        answer = self._forward(sent)
        self._answer(before or answer)

    def _clock(self, sent: Sent, _earlier: Any) -> None:
        self._answer(self._forward(sent, self.server.skewed_port))

    def _suspended(self, sent: Sent, _earlier: Any) -> None:
        self.server.suspend()
        self._answer(self._forward(sent))

    def _missed(self, _sent: Sent, _earlier: Any) -> None:
        """An increment that begins one version later than the terminal's: it missed one."""
        newest = self.server.lists(0)["version"]
        self._say(200, self.server.lists(newest - 1), "application/json")

    def _whole(self, _sent: Sent, _earlier: Any) -> None:
        self._say(200, self.server.lists(0), "application/json")

    def _forged(self, sent: Sent, _earlier: Any) -> None:
        """Somebody on the line put a card on the list."""
        since = re.search(r"since=(\d+)", sent[1])
        told = self.server.lists(int(since[1]) if since else 0)
        entry = {"card_no": "3100019900009999", "action": "add", "version": told["version"]}
        self._say(200, {**told, "entries": [*told["entries"], entry]}, "application/json")


def _code_of(answer: Answer) -> list[str]:
    """The code of the problem in an answer, if there is one."""
    status, _, body = answer
    try:
        return [str(json.loads(body)["code"])] if status >= 400 else []
    except (ValueError, KeyError, TypeError):
        return []
