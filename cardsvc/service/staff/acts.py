"""The audit trail of what one person does alone: who changed what about terminals and outlets, and from what to what; who
imported a file, ran a reconciliation, took an order for a channel or sent orders back.

Money has its ledger, decisions of two people have their approvals, changes of staff their own chain (staff/trail.py).
What runs unattended signs in too, with a staff id of its own: a cashier's, who opens no drawer and approves nothing.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Staff, StaffAct

MOST = 1000
BOOKKEEPERS = ("cashier", "supervisor", "auditor")
"""Who may import files, reconcile, and send orders back whose time is over."""


def note_act(
    uow: UnitOfWork, by: Staff | None, act: str, subject: str, changes: Mapping[str, Any], now: dt.datetime
) -> StaffAct:
    """Keep an act, in the transaction that does it. ``changes`` holds no secret."""
    who = by.staff_id if by else None
    return uow.staff_acts.add(StaffAct(str(uuid.uuid4()), now, who, act, subject, dict(changes)))


def acts_view(
    store: Store, *, subject: str | None = None, staff_id: str | None = None, limit: int = MOST
) -> list[dict[str, Any]]:
    """What was done, newest first: to one thing, by one person, or all. ``staff_id`` None: at set-up."""
    with store.read() as uow:
        return [
            {
                "act_id": act.act_id,
                "done_at": act.done_at.isoformat(),
                "staff_id": act.staff_id,
                "act": act.act,
                "subject": act.subject,
                "changes": act.changes,
            }
            for act in uow.staff_acts.latest(subject, staff_id, limit)
        ]
