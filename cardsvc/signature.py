"""Signed requests: what a terminal signs and how.  Source: RFC 9421 (HTTP message signatures), RFC 9530 (Content-Digest).

One signature, labelled ``cardsvc``, algorithm ed25519, with created, keyid and nonce, over @method, @target-uri, content-digest
(when there is a body) and idempotency-key (when there is one). Shared by the service and the client, so that the list of what
a signature covers is written once.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from cardsvc.errors import RequestError

LABEL = "cardsvc"
MAX_AGE = dt.timedelta(minutes=5)
IDEMPOTENCY_KEY = "Idempotency-Key"


@dataclass(frozen=True, slots=True)
class Message:
    """A request as a signature sees it. ``url`` is what the caller called, also behind a proxy."""

    method: str
    url: str
    headers: Any


def _covered(message: Message | Any, body: bytes) -> tuple[str, ...]:
    covered = ["@method", "@target-uri"]
    if body:
        covered.append("content-digest")
    if IDEMPOTENCY_KEY in message.headers:
        covered.append(IDEMPOTENCY_KEY.lower())
    return tuple(covered)


def sign(message: Any, body: bytes, key: Ed25519PrivateKey, terminal_id: str, nonce: str, now: dt.datetime) -> None:
    """Sign a request in place; ``message`` has method, url and headers."""
    signer = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_OneKey(key))
    signer.sign(
        message,
        key_id=terminal_id,
        created=now,
        nonce=nonce,
        label=LABEL,
        include_alg=False,
        covered_component_ids=_covered(message, body),
        body=body or None,
    )


def claimed_terminal(headers: Any) -> str:
    """The key id that a request claims, before anything is verified. Raises RequestError ``signature_missing``."""
    field = headers.get("Signature-Input", "")
    _, found, rest = field.partition('keyid="')
    terminal_id, closed, _ = rest.partition('"')
    if not found or not closed or not 1 <= len(terminal_id) <= 64:
        raise RequestError("signature_missing")
    return str(terminal_id)


def verify(message: Message, body: bytes, public_key: bytes) -> str:
    """Check a request against a terminal's key and return its nonce. Raises RequestError ``signature_wrong``."""
    key = Ed25519PublicKey.from_public_bytes(public_key)
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_OneKey(key))
    try:
        results = verifier.verify(message, max_age=MAX_AGE, require_components=_covered(message, body), body=body or None)
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise RequestError("signature_wrong", reason=type(error).__name__) from None
    if len(results) != 1 or not results[0].nonce or len(results[0].nonce) > 64:
        raise RequestError("signature_wrong", reason="nonce")
    return results[0].nonce


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public key of a terminal as it is registered, 64 hex digits."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


class _OneKey(HTTPSignatureKeyResolver):
    """Resolves to one key, whatever key id is asked for: the terminal has been looked up already."""

    def __init__(self, key: Ed25519PrivateKey | Ed25519PublicKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> Any:  # noqa: ARG002 - the key was chosen before
        """The key that verifies."""
        return self._key

    def resolve_private_key(self, key_id: str) -> Any:  # noqa: ARG002 - there is one key only
        """The key that signs."""
        return self._key
