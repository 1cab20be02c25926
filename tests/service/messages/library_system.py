"""A small library's system: it takes signed notices, checks them, and can be told to fail."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self

from cardsvc.bootstrap import now
from cardsvc.errors import RequestError
from cardsvc.signature import CheckKey, Message, verify


class LibrarySystem:
    """Serves on a port of its own. ``taken``: the notices by id, in the order of their first arrival; ``times``: how often
    each came; ``answer``: the status that it gives next."""

    def __init__(self, public_key: str) -> None:
        self.taken: dict[str, dict[str, Any]] = {}
        self.times: dict[str, int] = {}
        self.answer = 200
        self._key = CheckKey("ed25519", bytes.fromhex(public_key))
        self._server = HTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"library": self}))
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Where notices go."""
        return f"http://127.0.0.1:{self._server.server_port}/notices"

    @property
    def events(self) -> list[tuple[str, str]]:
        """What was told: event and card."""
        return [(one["event"], one["card_no"]) for one in self.taken.values()]

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> int:
        """Check a request and keep its notice; gives the status."""
        message = Message("POST", self.url, handler.headers)
        try:
            verify(message, body, [self._key], now())
        except RequestError:
            return 401
        notice = json.loads(body)
        assert handler.headers["Idempotency-Key"] == notice["id"]
        self.times[notice["id"]] = self.times.get(notice["id"], 0) + 1
        if self.answer in {200, 504}:
            self.taken.setdefault(notice["id"], notice)
        return self.answer

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    library: ClassVar[LibrarySystem]

    def do_POST(self) -> None:
        """One notice."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.library.take(self, body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""
