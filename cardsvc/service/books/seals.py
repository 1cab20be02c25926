"""Sealing the ledger at a day-end, and checking the seals (ledger/seal.py says what a root covers)."""

import datetime as dt
from collections.abc import Sequence

from cardsvc.ledger.chain import FIRST, Break
from cardsvc.ledger.seal import Head, Seal, root_of, seal_breaks
from cardsvc.store import UnitOfWork
from cardsvc.store.records import DaySeal, SealedHead, Staff, StaffChange, Transfer


def seal_ledger(uow: UnitOfWork, outlet_id: str, day: dt.date, by: Staff, now: dt.datetime) -> DaySeal:
    """Seal every chain that grew since the last seal. Two at once: the later one runs again (its number is taken)."""
    last, heads = uow.day_seals.last(), uow.sealed_heads.unsealed()
    number, previous = (last.number + 1, last.root) if last else (1, FIRST)
    open_seal = Seal(number, outlet_id, day, by.staff_id, now, previous, "")
    row = uow.day_seals.add(DaySeal(*open_seal[:-1], root_of(open_seal, heads)))
    uow.sealed_heads.add_all(heads, number)
    return row


def broken_seals(uow: UnitOfWork, known_root: str | None = None) -> list[Break]:
    """Where the seals themselves do not hold. ``known_root``: from a printed day sheet; a ledger without it is another one."""
    seals = [
        (_seal(row), [Head(head.chain, head.number, head.hash) for head in uow.sealed_heads.of_seal(row.number)])
        for row in uow.day_seals.all()
    ]
    found = seal_breaks(seals)
    if known_root is not None and known_root not in {seal.root for seal, _heads in seals}:
        found.append(Break(len(seals) + 1, "missing"))
    return found


def _seal(row: DaySeal) -> Seal:
    return Seal(row.number, row.outlet_id, row.business_day, row.sealed_by, row.sealed_at, row.previous_root, row.root)


def against_seals(lines: Sequence[Transfer | StaffChange], heads: list[SealedHead]) -> list[Break]:
    """Where a chain is not what was sealed: cut off at its end, or written anew."""
    hashes = {line.number: line.hash for line in lines}
    last = max(hashes, default=0)
    found = [Break(head.number, "changed") for head in heads if hashes.get(head.number, head.hash) != head.hash]
    if any(head.number > last for head in heads):
        found.append(Break(last + 1, "missing"))
    return found
