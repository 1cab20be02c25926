"""wire.OperationPort over HTTP.

Every call may be repeated: the start carries an idempotency key that the caller made and stored, and a step posted twice with
the same answers gives the same reply. So a lost reply is answered by sending again, with a fresh signature and nonce.
"""

import datetime as dt
import json
import re
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import requests

from cardsvc.errors import Outcome, ReaderError, RequestError
from cardsvc.iso7816.exchange import Answers
from cardsvc.signature import IDEMPOTENCY_KEY, SigningKey, sign
from cardsvc.wire import OperationState, ReaderFacts, Reply, answers_to_json, ask_from_json, timings_of

TIMEOUT_SECONDS = 15
WAITS = (0.2, 0.5, 1.0, 2.0, 4.0)
RETRIED_STATUSES = (502, 503, 504)
TOO_MANY = 429
LONGEST_WAIT = 60
"""Seconds: a customer stands before the terminal; whoever is asked to wait longer is told that the outcome is not known."""
NO_ADDRESS = (requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)
BROKEN_OFF = (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError)
"""No answer, or half of one."""


class ServiceRefused(Exception):
    """The service answered with a problem (RFC 9457); ``problem`` holds it, in both languages."""

    def __init__(self, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('code')} ({problem.get('outcome')})")
        self.problem = problem


class ApiClient:
    """One terminal's connection to the service."""

    def __init__(
        self,
        url: str,
        terminal_id: str,
        key: SigningKey,
        *,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),  # noqa: TID251 - a terminal is a machine of its own
        waits: tuple[float, ...] = WAITS,
        service_ca: Path | None = None,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        """``service_ca``: PEM file of who signed the service's certificate; ``certificate``: ours for mTLS, and its key."""
        self._url = url.rstrip("/") + "/api/v1"
        self._terminal_id = terminal_id
        self._key = key
        self._clock = clock
        self._waits = waits
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(service_ca) if service_ca else True
        self._session.cert = (str(certificate[0]), str(certificate[1])) if certificate else None

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, kind: str, params: Mapping[str, Any], *, atr: bytes, idempotency_key: str) -> Reply:
        """See OperationPort.start."""
        body = {"kind": kind, "params": dict(params), "reader": {"atr": atr.hex().upper()}}
        return reply_of(self.call("POST", "/operations", body, {IDEMPOTENCY_KEY: idempotency_key}))

    def answer(self, operation_id: str, step: int, answers: Answers, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.answer."""
        return reply_of(self.call("POST", f"/operations/{operation_id}/steps/{step}", _answers(answers, reader)))

    def abandon(self, operation_id: str, step: int, answers: Answers, reason: str, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.abandon."""
        body = {"step": step, **_answers(answers, reader), "reason": reason}
        return reply_of(self.call("POST", f"/operations/{operation_id}/abandon", body))

    def status(self, operation_id: str) -> Reply:
        """See OperationPort.status."""
        return reply_of(self.call("GET", f"/operations/{operation_id}"))

    def card(self, card_no: str) -> Mapping[str, Any]:
        """A card as it stands in the books."""
        return self.call("GET", f"/cards/{card_no}")

    def transactions(self, card_no: str) -> list[Any]:
        """Loads and purchases of a card, newest first."""
        found: list[Any] = self.call("GET", f"/cards/{card_no}/transactions")["transactions"]
        return found

    def order(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """Bring an order, as a payment channel; sending it again finds it again."""
        return self.call("POST", "/orders", dict(params))

    def order_state(self, order_id: str) -> Mapping[str, Any]:
        """An order of this channel."""
        return self.call("GET", f"/orders/{order_id}")

    def call(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """One call, repeated while no answer comes, and after the time that a service with too many requests asks for.

        Raises ServiceRefused, or ReaderError ``service_unreachable``, ``service_tls_failed``, ``service_busy``,
        ``service_answer_malformed``: an earlier sending may have arrived.
        """
        content = b"" if body is None else json.dumps(body).encode()
        lost = False
        for wait in (*self._waits, None):
            asked = 0
            try:
                response = self._send(method, path, content, dict(headers or {}))
                if response.status_code == TOO_MANY:
                    asked = _asked_to_wait(response)
                    if wait is None or asked > LONGEST_WAIT:
                        raise ReaderError("service_busy", outcome=Outcome.UNKNOWN, url=self._url)
                elif response.status_code not in RETRIED_STATUSES or wait is None:
                    return _taken(response, lost=lost and response.status_code in RETRIED_STATUSES)
            except BROKEN_OFF as error:
                lost = True
                if wait is None:
                    raise _unreachable(error, self._url) from None
            except NO_ADDRESS:
                raise RequestError("service_address_wrong", url=self._url) from None
            time.sleep(max(wait or 0, asked))
        raise AssertionError("the last wait is None")

    def _send(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> requests.Response:
        """Sign anew for each sending: a nonce is taken once."""
        if content:
            headers["Content-Type"] = "application/json"
        request = self._session.prepare_request(
            requests.Request(method, self._url + path, headers=headers, data=content or None)
        )
        sign(request, content, self._key, self._terminal_id, secrets.token_hex(16), self._clock())
        return self._session.send(request, timeout=TIMEOUT_SECONDS)


def _answers(answers: Answers, reader: ReaderFacts | None) -> dict[str, Any]:
    body: dict[str, Any] = {"answers": answers_to_json(answers), "timings": timings_of(answers)}
    return body if reader is None else {**body, "reader": reader.to_json()}


def _unreachable(error: Exception, url: str) -> ReaderError:
    """Who does not come through is told whether it is the network or a certificate."""
    if not isinstance(error, requests.exceptions.SSLError):
        return ReaderError("service_unreachable", outcome=Outcome.UNKNOWN, url=url)
    said = re.search(r"certificate verify failed: [^(']*|alert [a-z ]+", str(error))
    return ReaderError("service_tls_failed", outcome=Outcome.UNKNOWN, url=url, reason=said[0].strip() if said else "TLS")


def _asked_to_wait(response: requests.Response) -> int:
    """Seconds of Retry-After; what is no number of seconds asks for a moment."""
    given = response.headers.get("Retry-After", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 6 else 1


def _taken(response: requests.Response, *, lost: bool) -> Mapping[str, Any]:
    """What came. ``lost``: the service is away, and an earlier sending, which nobody answered, may have arrived."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):  # a proxy's page, or no service of ours
        raise ReaderError("service_answer_malformed", outcome=Outcome.UNKNOWN, url=response.url, status=response.status_code)
    if response.status_code >= 400:
        raise ServiceRefused({**body, "outcome": Outcome.UNKNOWN} if lost else body)
    taken: Mapping[str, Any] = {**body, "_replayed": "Idempotency-Replayed" in response.headers}
    return taken


def reply_of(body: Mapping[str, Any]) -> Reply:
    """A reply as it came over HTTP."""
    return Reply(
        body["id"],
        OperationState(body["state"]),
        step=body["step"],
        commands=tuple(ask_from_json(command) for command in body["commands"]),
        expires_at=body["expires_at"],
        result=body["result"],
        problem=body["problem"],
        replayed=body.get("_replayed", False),
    )
