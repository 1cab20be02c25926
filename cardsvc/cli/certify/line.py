"""The line between terminal and service, which goes wrong once, where a scenario says."""

import http.client
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cardsvc.cli.certify.scenarios import Scenario

DELAY_SECONDS = 0.5
SLOW_PIECES = 8


class Line(ThreadingHTTPServer):
    """A proxy on the loopback in front of the service. Only the scenario's request is spoiled; what repeats it goes through."""

    daemon_threads = True

    def __init__(self, scenario: Scenario, service_port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scenario = scenario
        self.service_port = service_port
        self.count = 0
        self.earlier: tuple[str, str, bytes, dict[str, str]] | None = None
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


class _Handler(BaseHTTPRequestHandler):
    server: Line
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _carry(self) -> None:
        line = self.server
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with line.lock:
            line.count += 1
            trouble = line.scenario.line if line.count == line.scenario.request else "none"
            earlier, line.earlier = line.earlier, (self.command, self.path, body, dict(self.headers))
        getattr(self, f"_{trouble}")((self.command, self.path, body, dict(self.headers)), earlier)

    do_GET = do_POST = _carry  # noqa: N815 - the names that the library looks for

    def _forward(self, sent: tuple[str, str, bytes, dict[str, str]]) -> tuple[int, list[tuple[str, str]], bytes]:
        line = self.server
        connection = http.client.HTTPConnection("127.0.0.1", line.service_port, timeout=30)
        method, path, body, headers = sent
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        answer = response.status, response.getheaders(), response.read()
        connection.close()
        return answer

    def _answer(self, answer: tuple[int, list[tuple[str, str]], bytes], *, pieces: int = 1, keep: float = 1.0) -> None:
        status, headers, body = answer
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

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _none(self, sent: Any, _earlier: Any) -> None:
        self._answer(self._forward(sent))

    def _request_lost(self, _sent: Any, _earlier: Any) -> None:
        self._hang_up()

    def _reply_lost(self, sent: Any, _earlier: Any) -> None:
        self._forward(sent)
        self._hang_up()

    def _duplicated(self, sent: Any, _earlier: Any) -> None:
        answer = self._forward(sent)
        self._forward(sent)
        self._answer(answer)

    def _reordered(self, sent: Any, earlier: Any) -> None:
        """The request before arrives once more, before this one."""
        if earlier is not None:
            self._forward(earlier)
        self._answer(self._forward(sent))

    def _delayed(self, sent: Any, _earlier: Any) -> None:
        time.sleep(DELAY_SECONDS)
        self._answer(self._forward(sent))

    def _unavailable(self, _sent: Any, _earlier: Any) -> None:
        self._answer((503, [("Content-Type", "text/html"), ("Content-Length", "4")], b"busy"))

    def _reset(self, sent: Any, _earlier: Any) -> None:
        self._forward(sent)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def _truncated(self, sent: Any, _earlier: Any) -> None:
        self._answer(self._forward(sent), keep=0.5)

    def _slow(self, sent: Any, _earlier: Any) -> None:
        self._answer(self._forward(sent), pieces=SLOW_PIECES)
