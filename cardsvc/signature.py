"""Signed requests: what a terminal signs and how.  Source: RFC 9421 (HTTP message signatures), RFC 9530 (Content-Digest).

One signature, labelled ``cardsvc``, algorithm ed25519 or hmac-sha256, with created, keyid and nonce, over @method, @target-uri,
content-digest (when there is a body) and idempotency-key (when there is one). ``keyid`` is the terminal's id, or the id, a
slash, and which of its keys. Shared by the service and the client, so that the list of what a signature covers is written once.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, HTTPSignatureKeyResolver, algorithms
from http_message_signatures.exceptions import HTTPMessageSignaturesException, InvalidSignature

from cardsvc.errors import RequestError

LABEL = "cardsvc"
MAX_AGE = dt.timedelta(minutes=5)
MAX_AHEAD = dt.timedelta(seconds=5)
"""A clock may be that much fast."""
LATEST = 2**32
"""Unix seconds: what is later is no time of ours, and would not fit into a date."""
IDEMPOTENCY_KEY = "Idempotency-Key"
MIN_SECRET = 32
"""Bytes of an HMAC secret: as long as what SHA-256 gives (RFC 2104 section 3)."""

SigningKey = Ed25519PrivateKey | bytes
"""What a terminal signs with: its Ed25519 key, or the secret that it shares with the service."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request as a signature sees it. ``url`` is what the caller called, also behind a proxy."""

    method: str
    url: str
    headers: Any


class Claim(NamedTuple):
    """Who a request says signed it, before anything is verified. ``key_id`` None: any of the terminal's keys."""

    terminal_id: str
    key_id: str | None


class Taken(NamedTuple):
    """What a good signature says about itself, and which key it is by."""

    nonce: str
    created: dt.datetime
    key_id: str


class CheckKey(NamedTuple):
    """A key to check with: ``value`` is the public key (ed25519, 32 bytes) or the secret (hmac-sha256); ``key_id`` tells the
    keys of one signer from each other."""

    algorithm: str
    value: bytes
    key_id: str = ""


def _covered(message: Message | Any, body: bytes) -> tuple[str, ...]:
    covered = ["@method", "@target-uri"]
    if body:
        covered.append("content-digest")
    if IDEMPOTENCY_KEY in message.headers:
        covered.append(IDEMPOTENCY_KEY.lower())
    return tuple(covered)


def sign(message: Any, body: bytes, key: SigningKey, key_id: str, nonce: str, now: dt.datetime) -> None:
    """Sign a request in place; ``message`` has method, url and headers; ``key_id`` as in the module's text."""
    algorithm = algorithms.HMAC_SHA256 if isinstance(key, bytes) else algorithms.ED25519
    signer = HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=_OneKey(key))
    signer.sign(
        message,
        key_id=key_id,
        created=now,
        nonce=nonce,
        label=LABEL,
        include_alg=False,
        covered_component_ids=_covered(message, body),
        body=body or None,
    )


def claimed(headers: Any) -> Claim:
    """Who a request claims to be from. Raises RequestError ``signature_missing``."""
    field = headers.get("Signature-Input", "")
    _, found, rest = field.partition('keyid="')
    key_id, closed, _ = rest.partition('"')
    terminal_id, _, which = key_id.partition("/")
    if not found or not closed or not 1 <= len(terminal_id) <= 64 or len(which) > 32:
        raise RequestError("signature_missing")
    return Claim(terminal_id, which or None)


def verify(message: Message, body: bytes, keys: Iterable[CheckKey], now: dt.datetime) -> Taken:
    """Check a request against a terminal's keys. Raises RequestError ``signature_wrong``, or ``clock_wrong`` for one that is
    signed well but at most 5 minutes ago by no clock of ours: that one says how far the terminal's clock is off."""
    refusal = RequestError("signature_wrong", reason="no usable key")
    for key in keys:
        try:
            taken = _verify(message, body, key, now)
        except RequestError as error:
            refusal = error
            continue
        if not -MAX_AHEAD <= now - taken.created <= MAX_AGE + MAX_AHEAD:
            raise clock_wrong(taken.created, now)
        return taken
    raise refusal


def clock_wrong(created: dt.datetime, now: dt.datetime) -> RequestError:
    """The refusal of a request that is too old or from the future, with the difference in whole seconds."""
    seconds = round((created - now).total_seconds())
    clock = {"service_time": now.isoformat(timespec="seconds"), "skew_seconds": seconds}
    return RequestError("clock_wrong", seconds=f"{seconds:+d}", time=clock["service_time"], clock=clock)


def _verify(message: Message, body: bytes, key: CheckKey, now: dt.datetime) -> Taken:
    if key.algorithm == "ed25519":
        resolver = _OneKey(Ed25519PublicKey.from_public_bytes(key.value))
        verifier = _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    else:
        verifier = _Verifier(signature_algorithm=algorithms.HMAC_SHA256, key_resolver=_OneKey(key.value))
    verifier.now = now
    try:
        results = verifier.verify(message, max_age=None, require_components=_covered(message, body), body=body or None)
    except (HTTPMessageSignaturesException, ValueError) as error:
        raise RequestError("signature_wrong", reason=type(error).__name__) from None
    if len(results) != 1 or not results[0].nonce or len(results[0].nonce) > 64:
        raise RequestError("signature_wrong", reason="nonce")
    created = dt.datetime.fromtimestamp(int(results[0].parameters["created"]), dt.UTC)
    return Taken(results[0].nonce, created, key.key_id)


def public_hex(key: Ed25519PrivateKey) -> str:
    """The public key of a terminal as it is registered, 64 hex digits."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


class _Verifier(HTTPMessageVerifier):
    """Leaves the age to the caller, who first wants to know that the signature is right; the library would look at it first."""

    now = dt.datetime.max.replace(tzinfo=dt.UTC)

    # ARG002: the library passes a limit; the age is the caller's business, see above.
    def validate_created_and_expires(self, sig_input: Any, max_age: dt.timedelta | None = None) -> None:  # noqa: ARG002
        """Raise what the library raises for a signature that does not say when it was made, or whose own end is over."""
        created, expires = (sig_input.params.get(name) for name in ("created", "expires"))
        if type(created) is not int or not 0 <= created < LATEST:
            raise InvalidSignature("created")
        if expires is not None and (type(expires) is not int or expires < (self.now - MAX_AHEAD).timestamp()):
            raise InvalidSignature("expires")


class _OneKey(HTTPSignatureKeyResolver):
    """Resolves to one key, whatever key id is asked for: the terminal has been looked up already."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> Any:  # noqa: ARG002 - the key was chosen before
        """The key that verifies."""
        return self._key

    def resolve_private_key(self, key_id: str) -> Any:  # noqa: ARG002 - there is one key only
        """The key that signs."""
        return self._key
