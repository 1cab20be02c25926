"""Bringing notices to another system over HTTP: one POST each, signed as signature.py says, with the notice's id as its
Idempotency-Key. What is answered with 2xx was taken; anything else is tried again later by whoever calls."""

import datetime as dt
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

import requests

from cardsvc.signature import IDEMPOTENCY_KEY

TIMEOUT_SECONDS = 15
MAX_TOLD = 60


class Signer(Protocol):
    """The key that signs; see keystore/receipt_key.py."""

    def sign_request(self, message: Any, body: bytes, nonce: str, now: dt.datetime) -> None:
        """Sign a request in place."""


class SignedPosts:
    """Where notices go. Redirects are not followed: the address is the one that was configured."""

    def __init__(self, url: str, key: Signer, clock: Callable[[], dt.datetime]) -> None:
        self._url, self._key, self._clock = url, key, clock
        self._session = requests.Session()
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def __call__(self, message: Mapping[str, Any]) -> str | None:
        """Send one; gives None when it was taken, else why not."""
        body = json.dumps(message, ensure_ascii=False, sort_keys=True).encode()
        headers = {"Content-Type": "application/json", IDEMPOTENCY_KEY: str(message["id"])}
        request = self._session.prepare_request(requests.Request("POST", self._url, headers=headers, data=body))
        self._key.sign_request(request, body, secrets.token_hex(16), self._clock())
        try:
            answer = self._session.send(request, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except requests.RequestException as error:
            return type(error).__name__
        return None if answer.ok and not answer.is_redirect else f"HTTP {answer.status_code} {answer.text[:MAX_TOLD]}".strip()
