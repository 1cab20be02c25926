"""The work place (工作台): what is in the reader, what was seen of it, what runs there and how it ended.

All of it is read from the database, so a page that is loaded again shows the same. The first looks at a card (who is it, what
is wrong with it) are operations like any other; their idempotency keys come from the contact and from the job before, so two
tabs and two workers begin each of them once.
"""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from cardsvc.card.profiles import recognise
from cardsvc.diagnosis.contact import Contact
from cardsvc.errors import OperationError, ProfileError, RequestError
from cardsvc.procedures.strangers import by_atr
from cardsvc.service.cards.views import card_view
from cardsvc.service.desk.workstations import DIAGNOSE, INSPECT, LOOKS, STRANGER, begin, is_there, workstation_view
from cardsvc.service.faults.diagnose import diagnose_reader
from cardsvc.service.operation_kinds import KINDS
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.problem import abandoned_problem, problem_of
from cardsvc.service.transactions.topup import LOAD
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import BulkStation, Operation, RelayedOperation, Staff, Workstation
from cardsvc.wire import OperationState, Reply

RECENT = 8
UNSETTLED = frozenset({"authorised", "suspect"})
"""States of money of which only the card can tell."""
SILENT = frozenset({"card_unresponsive", "reader_stuck", "reader_failed", "reader_in_use"})
"""Reasons to give up a look that say something about the card or the reader: it is not asked again and again."""


@dataclass(frozen=True, slots=True)
class Job:
    """An operation as the page shows it. ``phase``: the place of the present one in ``phases``; ``problem``: see problem.py;
    ``broken_off``: why it was given up, often an error's code."""

    operation_id: str
    kind: str
    state: str
    phases: tuple[str, ...]
    phase: int
    step: int
    card_no: str | None
    contact: str
    staff_id: str
    asked_at: str
    result: Mapping[str, Any]
    problem: Mapping[str, Any] | None
    broken_off: str | None

    @property
    def under_way(self) -> bool:
        """Whether it waits for the card."""
        return self.state == OperationState.CARD

    @property
    def is_look(self) -> bool:
        """Whether it is one of the looks at a card, and no job of its own."""
        return self.kind in LOOKS

    @property
    def done(self) -> bool:
        """Whether it ended well."""
        return self.state == OperationState.DONE


@dataclass(frozen=True, slots=True)
class CardOnDesk:
    """One card in one reader. ``look``: what the look at it found (result of ``inspect``), begun ``looked_at``; ``report``: of
    the diagnosis; ``books``: the card in the books, with its holder; ``job``: what was done with it last; ``missing``: the look
    to be begun next."""

    reader: str
    contact: str
    atr: str | None
    look: Mapping[str, Any]
    problem: Mapping[str, Any] | None
    report: Mapping[str, Any] | None
    books: Mapping[str, Any] | None
    job: Job | None
    under_way: Job | None
    missing: str | None
    looked_at: str | None = None

    @property
    def state(self) -> str:
        """What kind of card it is: a state of the look, or ``unknown`` before there is one."""
        return str(self.look.get("state", "unknown"))


@dataclass(frozen=True, slots=True)
class WorkPlace:
    """What is on the desk now."""

    workstation: str
    online: bool
    readers: tuple[str, ...]
    cards: tuple[CardOnDesk, ...]
    recent: tuple[Job, ...]


def work_place(engine: Engine, workstation: str, *, by: Staff) -> WorkPlace:
    """What is on this desk. Raises RequestError ``workstation_unknown``, ``workstation_elsewhere``, ``terminal_suspended``."""
    seen = workstation_view(engine.store, workstation, engine.clock(), by=by)
    with engine.store.read() as uow:
        jobs = {
            reader["contact"]: _jobs(uow, uow.relayed.on_contact(workstation, reader["contact"]))
            for reader in seen["readers"]
            if reader["contact"]
        }
        recent = _jobs(uow, uow.relayed.newest_but(workstation, tuple(LOOKS), RECENT))
    cards = [_card(engine, workstation, reader, jobs[reader["contact"]]) for reader in seen["readers"] if reader["contact"]]
    readers = tuple(reader["name"] for reader in seen["readers"])
    return WorkPlace(workstation, seen["online"], readers, tuple(cards), tuple(recent))


def desk_marks(store: Store, workstations: Collection[str], now: dt.datetime) -> dict[str, str]:
    """Of each desk a short text that changes whenever it looks different: readers, cards, the newest jobs and how far they are.
    A job that began and ended between two looks changes it too. All of them in one transaction."""
    with store.read() as uow:
        seen, bulk = uow.workstations.of(workstations), uow.bulk_stations.of(workstations)
        return {place: _mark(uow, place, seen.get(place), bulk.get(place), now) for place in workstations}


def _mark(uow: UnitOfWork, workstation: str, seen: Workstation | None, bulk: BulkStation | None, now: dt.datetime) -> str:
    how_far = uow.relayed.how_far(workstation, 1 + len(LOOKS))
    told = uow.bulk_events.last_at(f"terminal:{workstation}") if bulk else None
    looks = json.dumps([is_there(seen, now), seen.readers if seen else [], how_far, told, bulk and [bulk.run_id, bulk.ended]])
    return hashlib.sha256(looks.encode()).hexdigest()[:16]


def job_of(engine: Engine, workstation: str, operation_id: str, *, by: Staff) -> Job:
    """One operation of this workstation. Raises OperationError ``operation_unknown`` and what ``work_place`` raises."""
    workstation_view(engine.store, workstation, engine.clock(), by=by)
    with engine.store.read() as uow:
        relayed = uow.relayed.get(operation_id)
        if relayed is None or relayed.terminal_id != workstation:
            raise OperationError("operation_unknown")
        return _jobs(uow, [relayed])[0]


def look_again(engine: Engine, workstation: str, contact: str, *, by: Staff) -> Reply | None:
    """Begin the look at this card that is missing, if any is. Raises what ``workstations.begin`` raises."""
    place = work_place(engine, workstation, by=by)
    card = next((card for card in place.cards if card.contact == contact), None)
    if card is None:
        raise RequestError("workstation_card_changed")
    if card.missing is None:
        return None
    after = card.job.operation_id if card.job else "first"
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"look {contact} {after} {card.missing}"))
    return begin(engine, workstation, contact, card.missing, LOOKS[card.missing], by=by, idempotency_key=key)


def _jobs(uow: UnitOfWork, relayed: list[RelayedOperation]) -> list[Job]:
    found = uow.operations.by_ids([row.operation_id for row in relayed])
    return [_job(uow, row, found[row.operation_id]) for row in relayed if row.operation_id in found]


def _broken_off(uow: UnitOfWork, operation: Operation) -> Mapping[str, Any]:
    """The problem of a job that was given up, by what the books say of its money now: the card may have settled it at any desk.
    The money of a job that loads is its load, whatever was taken off before to make room for it."""
    loads = LOAD[-1] in KINDS[operation.kind].phases
    moved, of = None, (operation.card_no or "", operation.operation_id)
    for rows in (uow.loads,) if loads else (uow.purchases, uow.application_fees):
        moved = moved or rows.of_operation(*of)
    if moved is None or moved.state in UNSETTLED:
        return abandoned_problem(uow, operation)
    return problem_of(OperationError("settled_done" if moved.state == "confirmed" else "settled_not_done"))


def _job(uow: UnitOfWork, relayed: RelayedOperation, operation: Operation) -> Job:
    kind = KINDS[operation.kind]
    problem: Mapping[str, Any] | None = operation.problem
    if operation.state == OperationState.ABANDONED:
        problem = _broken_off(uow, operation)
    return Job(
        operation.operation_id,
        operation.kind,
        operation.state,
        tuple(phase.name for phase in kind.phases),
        operation.phase,
        operation.step,
        operation.card_no,
        relayed.contact,
        relayed.staff_id,
        relayed.asked_at.isoformat(),
        operation.result or {},
        problem,
        operation.facts.get("broken_off"),
    )


def _card(engine: Engine, workstation: str, reader: Mapping[str, Any], jobs: list[Job]) -> CardOnDesk:
    """Put together what was seen of a card since its last job."""
    named = [job for job in jobs if not job.is_look]
    last = named[-1] if named else None
    since = jobs[jobs.index(last) + 1 :] if last else jobs
    looks = {kind: next((job for job in reversed(since) if job.kind == kind), None) for kind in LOOKS}
    inspected, diagnosed = looks[INSPECT], looks[DIAGNOSE]
    under_way = next((job for job in jobs if job.under_way), None)
    silent = next((job.broken_off for job in looks.values() if job and job.broken_off in SILENT), None)
    wanted = _looks_at(engine, reader["atr"])
    told = diagnosed if DIAGNOSE in wanted else looks[STRANGER]
    report = told.result if told and told.done else None
    if silent is not None or not wanted or (told is not None and STRANGER in wanted and not told.done and not told.under_way):
        report, wanted = _unreadable(engine, workstation, reader, silent), ()
    missing = None if under_way else next((kind for kind in wanted if looks[kind] is None), None)
    look = inspected.result if inspected else {}
    number = look.get("card_no") or (report or {}).get("card_no")
    return CardOnDesk(
        reader["name"],
        reader["contact"],
        reader["atr"],
        look,
        inspected.problem if inspected else None,
        report,
        card_view(engine.store, number) if number else None,
        last,
        under_way,
        missing,
        inspected.asked_at if inspected else None,
    )


def _looks_at(engine: Engine, atr: str | None) -> tuple[str, ...]:
    """What a card is asked: one that gave no ATR, or whose ATR alone says whose it is, nothing; one of no known family that."""
    if not atr:
        return ()
    try:
        recognise(engine.profiles, bytes.fromhex(atr))
    except ProfileError:
        return () if by_atr(bytes.fromhex(atr)) else (STRANGER,)
    return (INSPECT, DIAGNOSE)


def _unreadable(engine: Engine, workstation: str, reader: Mapping[str, Any], failure: str | None) -> Mapping[str, Any]:
    """The report on a card that cannot be asked anything, or stopped answering (``failure``: how)."""
    atr, name = reader["atr"], reader["name"]
    failures = (failure,) if failure else () if atr else ("card_unresponsive",)
    contact = Contact((atr,) if atr else (), (), failures)
    return diagnose_reader(engine, contact, atr=bytes.fromhex(atr or ""), place=workstation, reader=name)
