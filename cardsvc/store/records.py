"""The rows as the service sees them: frozen, plain values. Times are aware and in UTC; amounts in fen; hex in upper case."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Citizen:
    """A person who has or will have a card. ``repr`` shows nothing personal."""

    citizen_id: str
    id_type: str = field(repr=False)
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    sex: int = field(repr=False)
    ethnic_group: int = field(repr=False)
    birthplace: str = field(repr=False)
    birth_date: dt.date = field(repr=False)
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was begun here. ``state``: personalising, issued, blocked, replaced, void."""

    card_no: str
    chip_serial: str
    profile: str
    state: str
    citizen_id: str
    ss_card_no: str
    issue_date: dt.date
    expiry_date: dt.date
    key_versions: dict[str, int]
    created_at: dt.datetime
    issued_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class CardApplication:
    """An application as it was last written to a card. ``state``: open, closed, blocked."""

    card_no: str
    application: str
    state: str
    product: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    operation_id: str
    changed_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Operation:
    """One job on one card; see service/engine.py. ``facts`` is what its effects found out, and only they add to it."""

    operation_id: str
    kind: str
    params: dict[str, Any] = field(repr=False)
    actor_kind: str
    actor_id: str
    idempotency_key: str
    fingerprint: str
    state: str
    phase: int
    step: int
    phase_step: int
    facts: dict[str, Any] = field(repr=False)
    atr: str
    profile: str
    key_versions: dict[str, int]
    started_at: dt.datetime
    expires_at: dt.datetime
    card_no: str | None = None
    result: dict[str, Any] | None = field(default=None, repr=False)
    problem: dict[str, Any] | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class OperationStep:
    """The answers to one step. Commands are not stored: they may carry keys, and are made again from the answers."""

    operation_id: str
    step: int
    phase: int
    answers: list[str] = field(repr=False)
    partial: bool
    answered_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Load:
    """A top-up; states and steps in ledger/states.py. ``host_date_time``: local time as MAC2 and TAC cover it."""

    card_no: str
    load_id: str
    operation_id: str
    application: str
    purse: str
    amount: int
    state: str
    actor_kind: str
    actor_id: str
    terminal_no: str
    payment_method: str
    payment_reference: str | None
    rule_version: str
    online_counter: int
    balance_before: int
    card_random: str
    host_date_time: str
    key_versions: dict[str, int]
    authorised_at: dt.datetime
    tac: str | None = None
    settled_by: str | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase made through this service; states in ledger/states.py."""

    card_no: str
    purchase_id: str
    operation_id: str
    application: str
    purse: str
    amount: int
    state: str
    merchant: str
    terminal_no: str
    terminal_transaction: str
    offline_counter: int
    balance_before: int
    card_random: str
    host_date_time: str
    key_versions: dict[str, int]
    authorised_at: dt.datetime
    tac: str | None = None
    settled_by: str | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a card showed about a load or purchase, and the rule that judged it. Append-only."""

    card_no: str
    subject_id: str
    number: int
    rule: str
    evidence: dict[str, Any]
    recorded_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Transfer:
    """One line of the ledger. Append-only. ``chain``: the card, or what else its lines are numbered and hashed within
    (``shift:<id>``, ``terminal:<id>``); ``number`` counts within it, ``hash`` holds it to the line before.
    """

    chain: str
    number: int
    kind: str
    debit_account: str
    credit_account: str
    amount: int
    reference: str
    booked_at: dt.datetime
    previous_hash: str
    hash: str


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
