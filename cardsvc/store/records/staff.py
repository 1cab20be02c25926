"""Outlets, staff and decisions of two people."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Outlet:
    """A place where the card company serves people: a hall, a counter, a bank's branch."""

    outlet_id: str
    name: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works with the service. ``role``: clerk, cashier, supervisor, stock_keeper, auditor, administrator;
    ``state``: active, suspended; ``password_once``: somebody else chose the password, the person must choose their own first.
    """

    staff_id: str
    name: str
    role: str
    outlet_id: str
    password_hash: str = field(repr=False)
    state: str
    failed_attempts: int
    created_at: dt.datetime
    locked_until: dt.datetime | None = None
    password_once: bool = False


@dataclass(frozen=True, slots=True)
class StaffChange:
    """One change of a person's account: ``what`` from ``was`` to ``became``; ``by_id``: nobody for the first administrator and
    whoever was there before changes were kept; ``place``: desk, command line or program; ``stands``: digest of the account
    afterwards; ``hash`` covers all of it and the hash before."""

    staff_id: str
    number: int
    what: str
    was: str
    became: str
    by_id: str | None
    place: str
    changed_at: dt.datetime
    stands: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Approval:
    """A decision that needs two people; states in store/states.py. ``payload`` is all that carrying it out needs."""

    approval_id: str
    kind: str
    subject: str
    payload: dict[str, Any]
    reason: str
    state: str
    proposed_by: str
    proposed_at: dt.datetime
    decided_by: str | None = None
    decided_at: dt.datetime | None = None
    remark: str | None = None
    result: dict[str, Any] | None = None
