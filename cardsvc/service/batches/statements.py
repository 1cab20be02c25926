"""Taking lines of payment channels and terminals: nothing is booked by them, they are one side of a reconciliation.

state      when
taken      the first line about its reference
duplicate  the same line again, in this file or another
conflict   the same reference with another amount, time or result
"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from cardsvc.service.batches.formats import StatementLine
from cardsvc.store import UnitOfWork
from cardsvc.store.records import FileBatch, StatementRecord


def take_statements(uow: UnitOfWork, batch: FileBatch, lines: Sequence[StatementLine], now: dt.datetime) -> Counter[str]:
    """Keep these lines. Returns how many ended in each state."""
    known = uow.statements.taken(batch.party, {line.reference for line in lines})
    said = {reference: (row.amount, row.occurred_at, row.result) for reference, row in known.items()}
    rows = []
    for line in lines:
        says = line.amount, line.occurred_at, line.result
        state = "taken" if line.reference not in said else "duplicate" if said[line.reference] == says else "conflict"
        said.setdefault(line.reference, says)
        rows.append(
            StatementRecord(
                party=batch.party,
                batch_id=batch.batch_id,
                line=line.line,
                reference=line.reference,
                amount=line.amount,
                fee=line.fee,
                result=line.result,
                occurred_at=line.occurred_at,
                state=state,
                recorded_at=now,
            )
        )
    uow.statements.add_many(rows)
    return Counter(row.state for row in rows)
