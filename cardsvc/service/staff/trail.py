"""What was changed about staff: who, whom, what, when and from where, as a hash chain of each person.

A row is written in the transaction of the change and covers a digest of the account as it stands afterwards. So a row that was
changed, taken out or put in shows, and so does an account that somebody changed past this program. The end of a chain is
covered by the day seals, as the ledger's are (seals.py).
"""

import datetime as dt
import hashlib

from cardsvc.ledger.chain import FIRST, Break, Line, breaks, link
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Staff, StaffChange

PROGRAM = "program"
"""Where a change comes from that no person asked for at a desk or command line: training halls, simulations."""
WHERE_LONGEST = 64


def note(
    uow: UnitOfWork,
    person: Staff,
    what: str,
    was: str = "",
    became: str = "",
    *,
    by: str | None,
    where: str,
    now: dt.datetime,
) -> StaffChange:
    """Keep a change that was just made. ``person``: as they are now; their row is locked or new, so no other change takes the
    same number."""
    last = uow.staff_changes.last_of(person.staff_id)
    number, previous = (last.number + 1, last.hash) if last else (1, FIRST)
    content = (person.staff_id, number, what, was, became, by, where[:WHERE_LONGEST], now, _standing(uow, person))
    return uow.staff_changes.add(StaffChange(*content, previous, link(previous, content)))


def trail_breaks(uow: UnitOfWork, person: Staff) -> tuple[list[StaffChange], list[Break]]:
    """A person's changes, and every place where their chain does not hold or the account is not what it says."""
    rows = uow.staff_changes.of(person.staff_id)
    found = breaks(_line(row) for row in rows)
    if not rows:
        found.append(Break(1, "missing"))
    elif rows[-1].stands != _standing(uow, person):
        found.append(Break(len(rows), "changed"))
    return rows, found


def _line(row: StaffChange) -> Line:
    content = (
        row.staff_id,
        row.number,
        row.what,
        row.was,
        row.became,
        row.by_id,
        row.place,
        row.changed_at,
        row.stands,
    )
    return Line(content, row.number, row.previous_hash, row.hash)


def _standing(uow: UnitOfWork, person: Staff) -> str:
    """A digest of what an account may do and how it is opened. Wrong passwords and locks are no changes of it."""
    once = "once" if person.password_once else "own"
    account = (person.name, person.role, person.outlet_id, person.state, once, person.password_hash)
    keys = sorted(f"passkey {row.passkey_id} {row.public_key.hex()}" for row in uow.passkeys.of(person.staff_id))
    return hashlib.sha256("\n".join((*account, *uow.staff_skills.of(person.staff_id), *keys)).encode()).hexdigest()
