"""Passkeys, and the challenges that are asked of them."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Passkey:
    """A key pair that somebody signs in with; its private half never leaves their device. ``passkey_id``: SHA-256 of the
    credential id, which may be long; ``sign_count``: what the device counted at its last use, 0 where it counts nothing."""

    passkey_id: str
    staff_id: str
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    added_at: dt.datetime
    used_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class PasskeyChallenge:
    """A challenge that waits for its answer. ``challenge``: its SHA-256; ``staff_id``: who adds a passkey, None to sign in."""

    challenge: str
    staff_id: str | None
    until: dt.datetime
