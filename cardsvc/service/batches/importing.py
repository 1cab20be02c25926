"""Importing a file: checked as a whole first, then taken in parts, each a transaction that also notes how far it got.

A file is known by its content: importing it again, after it was applied, changes nothing; after a crash it goes on with the
part that was not taken yet. Two imports of the same file at once take its parts in turn.
"""

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from cardsvc.errors import RequestError
from cardsvc.keystore.protocol import KeyStore
from cardsvc.service.batches.formats import CHANNEL_FORMAT, TERMINAL_FORMAT, SpendingLine, StatementLine, spending_format
from cardsvc.service.batches.reading import Format, ReadFile, matches, read
from cardsvc.service.batches.spending import take_spending
from cardsvc.service.batches.statements import take_statements
from cardsvc.service.purse.payments import CHANNELS
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.acts import BOOKKEEPERS, Act, note_act
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import FileBatch, Staff
from cardsvc.store.states import BatchState

PART = 2000
"""Records in one transaction: their cards wait that long, well under a second."""

Lines = Sequence[SpendingLine] | Sequence[StatementLine]
CheckedFile = ReadFile[SpendingLine] | ReadFile[StatementLine]
Progress = Callable[[int, int], None]
_OPERATOR = matches(r"[a-z0-9-]{1,32}", "not_a_code")


@dataclass(frozen=True, slots=True)
class GivenFile:
    """A file as somebody hands it in: of an operator (``kind`` spending), of a payment ``channel``, or of a ``terminal``;
    ``party``: of which one."""

    kind: str
    party: str
    name: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Imported:
    """The batch of a file. ``again``: the same file had been applied before, and nothing was done."""

    batch: FileBatch
    again: bool


def import_file(
    store: Store,
    keystore: KeyStore,
    given: GivenFile,
    now: dt.datetime,
    progress: Progress = lambda _done, _total: None,
    *,
    by: Staff,
) -> Imported:
    """Import a file. ``progress`` hears how many records of how many are done. Who took it, or went on with it, is kept.

    Raises RequestError ``not_permitted``, ``batch_party_unknown``, or what ``reading.read`` finds: then nothing of the file was
    taken.
    """
    require_role(by, *BOOKKEEPERS)
    file = _read(store, given)
    fresh = _batch(given, file, now)

    def take(uow: UnitOfWork) -> FileBatch:
        known = uow.batches.by_content(given.kind, given.party, file.sha256)
        if known is None or known.state == BatchState.LOADING:
            told = {
                "file": [None, fresh.file_name],
                given.kind: [None, given.party],
                "records": [known.applied if known else 0, fresh.records],
            }
            note_act(uow, by, Act.BATCH_IMPORT, f"batch:{(known or fresh).batch_id}", told, now)
        return known or uow.batches.add(fresh)

    batch = store.transact(take)
    if batch.state == BatchState.APPLIED and batch.batch_id != fresh.batch_id:
        return Imported(batch, again=True)
    lines = _in_parts_by_card(file.records)
    while batch.state == BatchState.LOADING:
        batch = _take_part(store, keystore, batch, lines, now)
        progress(batch.applied, batch.records)
    return Imported(batch, again=False)


def _batch(given: GivenFile, file: CheckedFile, now: dt.datetime) -> FileBatch:
    """The batch of a file of which nothing is booked yet; of one without records there is nothing to book."""
    return FileBatch(
        batch_id=str(uuid.uuid4()),
        kind=given.kind,
        party=given.party,
        sha256=file.sha256,
        file_name=given.name[-100:],
        records=len(file.records),
        amount=file.amount,
        applied=0,
        state=BatchState.LOADING if file.records else BatchState.APPLIED,
        counts={},
        imported_at=now,
        ended_at=None if file.records else now,
    )


def _read(store: Store, given: GivenFile) -> CheckedFile:
    """The checked file, of the form of its kind."""
    formats: dict[str, Callable[[], Format[Any]]] = {
        "spending": lambda: spending_format(given.party),
        "channel": lambda: CHANNEL_FORMAT,
        "terminal": lambda: TERMINAL_FORMAT,
    }
    with store.read() as uow:
        known = {
            "spending": _OPERATOR(given.party) is None,
            "channel": given.party in CHANNELS,
            "terminal": uow.terminals.get(given.party) is not None,
        }
    if not known.get(given.kind):
        raise RequestError("batch_party_unknown", kind=given.kind[:16], party=given.party[:64])
    return read(given.content, formats[given.kind]())


def _in_parts_by_card(lines: Lines) -> Lines:
    """Records of one card beside each other, as they stand in the file: a part locks few cards. The same order every time."""
    if all(isinstance(line, SpendingLine) for line in lines):
        return sorted(cast(Sequence[SpendingLine], lines), key=lambda line: (line.card_no, line.line))
    return lines


def _take_part(store: Store, keystore: KeyStore, batch: FileBatch, lines: Lines, now: dt.datetime) -> FileBatch:
    """The next part in one transaction; another import of the same file may have taken it meanwhile."""

    def work(uow: UnitOfWork) -> FileBatch:
        current = uow.batches.for_update(batch.batch_id)
        if current is None:
            raise ValueError("a batch never goes away")
        if current.applied != batch.applied:
            return current
        part = lines[current.applied : current.applied + PART]
        if current.kind == "spending":
            counts = take_spending(uow, keystore, current, cast(Sequence[SpendingLine], part), now)
        else:
            counts = take_statements(uow, current, cast(Sequence[StatementLine], part), now)
        applied = current.applied + len(part)
        changes: dict[str, Any] = {"applied": applied, "counts": dict(Counter(current.counts) + counts)}
        if applied == current.records:
            changes |= {"state": BatchState.APPLIED, "ended_at": now}
        return uow.batches.change(current, **changes)

    return store.transact(work)


def batch_view(batch: FileBatch) -> dict[str, Any]:
    """A batch as it is shown. ``counts``: records by what became of them."""
    return {
        "batch_id": batch.batch_id,
        "kind": batch.kind,
        "party": batch.party,
        "file_name": batch.file_name,
        "sha256": batch.sha256,
        "records": batch.records,
        "amount": batch.amount,
        "applied": batch.applied,
        "state": str(batch.state),
        "counts": batch.counts,
        "imported_at": batch.imported_at.isoformat(),
        "ended_at": batch.ended_at.isoformat() if batch.ended_at else None,
    }
