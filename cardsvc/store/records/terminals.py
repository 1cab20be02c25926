"""Terminals and their keys."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Terminal:
    """A party that may ask for operations over HTTP.

    ``state``: enabled, suspended; ``role``: topup, desk, channel, workstation, office; ``certificate``: SHA-256 of its TLS
    client certificate, hex, where it is bound to one; ``operations``: the kinds it may ask for, all of its role when None;
    limits in fen and loads a calendar day, none when None; ``signed_on``: since when, None when it is signed off;
    ``requests_per_minute``: more are told to wait, the service's own number when None.
    """

    terminal_id: str
    name: str
    terminal_no: str
    state: str
    role: str
    created_at: dt.datetime
    type: str = ""
    place: str = ""
    operator: str = ""
    outlet_id: str | None = None
    certificate: str | None = None
    operations: list[str] | None = None
    largest_load: int | None = None
    daily_loads: int | None = None
    daily_amount: int | None = None
    signed_on: dt.datetime | None = None
    requests_per_minute: int | None = None


@dataclass(frozen=True, slots=True)
class TerminalKey:
    """A key that a terminal signs with. ``state``: active, retiring (until ``not_after``), retired.

    ed25519: ``public_key``, hex. hmac-sha256: ``sealed_secret``, under the service's own key, hex.
    """

    terminal_id: str
    key_id: str
    algorithm: str
    public_key: str | None
    sealed_secret: str | None = field(repr=False)
    state: str
    not_before: dt.datetime
    not_after: dt.datetime | None
    registered_by: str

    def usable(self, now: dt.datetime) -> bool:
        """Whether a signature by it counts now."""
        return self.state != "retired" and self.not_before <= now and (self.not_after is None or now < self.not_after)
