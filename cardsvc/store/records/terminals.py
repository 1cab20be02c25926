"""Terminals."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terminal:
    """A party that may ask for operations over HTTP.

    ``public_key``: Ed25519, hex; ``state``: enabled, suspended; ``role``: topup, desk.
    """

    terminal_id: str
    name: str
    terminal_no: str
    public_key: str
    state: str
    role: str
    created_at: dt.datetime
