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


ONCE = "once:"


@dataclass(frozen=True, slots=True)
class Staff:
    """A person who works with the service. ``role``: clerk, cashier, supervisor, stock_keeper, auditor, administrator;
    ``state``: active, suspended. A hash that begins with ``ONCE`` is of a password that only opens the choice of another one.
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

    @property
    def password_once(self) -> bool:
        """Whether somebody else chose the password: the person must choose their own before anything else."""
        return self.password_hash.startswith(ONCE)


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
