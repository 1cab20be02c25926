"""Loads, purchases, the evidence about them, and the ledger."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Load:
    """A top-up; states and steps in ledger/states.py. ``host_date_time``: local time as MAC2 and TAC cover it.

    ``amount``: what the card is credited with, of which ``gift`` was not paid; ``source_account``: where what was paid was
    taken, and goes back to; ``first_month``, ``last_month``: first days of the months that month money is good for.
    """

    card_no: str
    load_id: str
    operation_id: str
    application: str
    purse: str
    product: str
    area: str
    first_month: dt.date | None
    last_month: dt.date | None
    amount: int
    gift: int
    state: str
    actor_kind: str
    actor_id: str
    terminal_no: str
    payment_method: str
    payment_reference: str | None
    source_account: str
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

    @property
    def paid(self) -> int:
        """What the citizen paid, in fen."""
        return self.amount - self.gift


@dataclass(frozen=True, slots=True)
class Purchase:
    """Money that this service took off a purse; kinds and states in ledger/states.py. ``payee_account``: who is owed;
    ``counter``: before the increment, the offline one of a purchase, the online one of an unload; ``tac``: its MAC3."""

    card_no: str
    purchase_id: str
    operation_id: str
    application: str
    purse: str
    amount: int
    state: str
    merchant: str
    payee_account: str
    terminal_no: str
    terminal_transaction: str
    counter: int
    balance_before: int
    card_random: str
    host_date_time: str
    key_versions: dict[str, int]
    authorised_at: dt.datetime
    tac: str | None = None
    settled_by: str | None = None
    ended_at: dt.datetime | None = None
    kind: str = "purchase"


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
