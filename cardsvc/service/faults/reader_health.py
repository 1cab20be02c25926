"""Readers' health over time: how every reader did with its cards, in one row for each reader and day.

A reader is a place (a terminal, a workstation, or a machine's command line) and its PC/SC name. What counts is an operation
that ended, or a card that stayed mute: with what the card's answers took and how it broke off. A card that was pulled is no
fault of anybody. Of the last cards it is kept which family they were of and whether they failed: a reader that fails with
cards of several families is to blame, and not the cards.

Sums are noted after the operation, in a transaction of their own: no money waits for them, and one that is lost is one of many.
"""

import datetime as dt
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cardsvc.diagnosis.contact import LastCards
from cardsvc.errors import StoreError
from cardsvc.iso7816.exchange import Answers
from cardsvc.service.operations.engine import READER, Engine
from cardsvc.service.operations.kinds import WRITES, Actor
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Operation, ReaderDay
from cardsvc.wire import OperationPort, OperationState, ReaderFacts, Reply

TIMEOUTS = frozenset({"reader_stuck", "card_mute"})
FAILURES = TIMEOUTS | {"card_unresponsive", "reader_failed", "reader_gone", "answer_malformed", "response_too_long"}
"""Why an operation broke off, where reader or card are to blame."""
PULLED = "card_gone"
RECENT = 8
"""Cards that a row remembers."""
JUDGED = 5
"""Of the last cards so many say something about the reader today."""
MEMORY, MEMORY_FAILED = "memory", ("failed", "refused")
"""The fact of a diagnosis what a trial of the memory came to; and where it did not take what was written."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Use:
    """What a reader did with a card once. ``card``: tells the cards of one reader apart, empty for one that gave no ATR;
    ``failure``: an error's code, None when it went well; ``wrote``: whether the card took what was written."""

    card: str
    family: str
    operation_id: str
    failure: str | None
    commands: int = 0
    milliseconds: float = 0.0
    slowest: float = 0.0
    resets: int = 0
    wrote: bool = False


def watched(engine: Engine, actor: Actor) -> OperationPort:
    """The engine's port for this party; what its reader does is noted."""
    return _Watched(engine, actor)


class _Watched:
    """A port that notes every operation that ends at it."""

    def __init__(self, engine: Engine, actor: Actor) -> None:
        self._engine, self._port = engine, engine.port(actor)

    def start(self, kind: str, params: Mapping[str, Any], *, atr: bytes, idempotency_key: str) -> Reply:
        """See OperationPort.start."""
        return self._port.start(kind, params, atr=atr, idempotency_key=idempotency_key)

    def answer(self, operation_id: str, step: int, answers: Answers, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.answer."""
        return self._noted(self._port.answer(operation_id, step, answers, reader))

    def abandon(self, operation_id: str, step: int, answers: Answers, reason: str, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.abandon."""
        return self._noted(self._port.abandon(operation_id, step, answers, reason, reader))

    def status(self, operation_id: str) -> Reply:
        """See OperationPort.status."""
        return self._port.status(operation_id)

    def _noted(self, reply: Reply) -> Reply:
        if reply.state is not OperationState.CARD and not reply.replayed:
            try:
                self._engine.store.transact(lambda uow: _note_operation(uow, reply.id, self._engine.clock()))
            except StoreError as error:
                # What the card did is booked; a sum about its reader must not make that look undone.
                _LOG.warning("the use of a reader was not noted: %s", error.code)
        return reply


def _note_operation(uow: UnitOfWork, operation_id: str, now: dt.datetime) -> None:
    operation = uow.operations.get(operation_id)
    if operation is None:
        return
    place, reader = reader_of_operation(operation)
    times = times_of(uow, operation_id)
    reason = operation.facts.get("broken_off")
    use = Use(
        operation.atr,
        operation.profile,
        operation_id,
        reason if reason in FAILURES or reason == PULLED else None,
        len(times),
        sum(times),
        max(times, default=0.0),
        operation.facts.get(READER, {}).get("reconnects", 0),
        wrote=_wrote(operation),
    )
    note(uow, place, reader, use, now)


def _wrote(operation: Operation) -> bool:
    """Whether something was written well: a trial of the memory ends well also where its write did not."""
    done = operation.state == OperationState.DONE and bool(operation.facts.get(WRITES))
    return done and operation.facts.get(MEMORY) not in MEMORY_FAILED


def times_of(uow: UnitOfWork, operation_id: str) -> list[float]:
    """What each answer of an operation took in milliseconds, where the side with the card measured it."""
    steps = uow.steps.of_operation(operation_id)
    return [time for step in steps for time in step.milliseconds or () if time is not None]


def reader_of_operation(operation: Operation) -> tuple[str, str]:
    """Place and name of the reader that an operation was carried out in."""
    facts = operation.facts.get(READER, {})
    place = operation.actor_id if operation.actor_kind == "terminal" else facts.get("machine") or operation.actor_id
    return place[:64], facts.get("name", "")


def note(uow: UnitOfWork, place: str, reader: str, use: Use, now: dt.datetime) -> None:
    """Add one use to the reader's row of today. The same operation again adds nothing."""
    day = local_day(now)
    row = uow.reader_days.for_update(place, reader, day)
    if row is None:
        row = uow.reader_days.add(ReaderDay(place, reader, day, 1, 0, 0, 0, 0, 0, 0, 0, [], now))
    elif any(use.operation_id and use.operation_id == card["operation"] for card in row.recent):
        return
    else:
        row = uow.reader_days.change(row, uses=row.uses + 1)
    slowest = round(use.slowest)
    uow.reader_days.change(
        row,
        failed=row.failed + (use.failure in FAILURES),
        timeouts=row.timeouts + (use.failure in TIMEOUTS),
        pulled=row.pulled + (use.failure == PULLED),
        resets=row.resets + use.resets,
        commands=row.commands + use.commands,
        milliseconds=row.milliseconds + max(round(use.milliseconds), slowest),
        slowest=max(row.slowest, slowest),
        recent=_with(row.recent, use, now),
        seen_at=now,
    )


def _with(recent: list[dict[str, Any]], use: Use, now: dt.datetime) -> list[dict[str, Any]]:
    """The last cards with this one in front; operations on a card that lies there are one entry, which stays failed."""
    failure = use.failure if use.failure in FAILURES else None
    entry = {"card": use.card, "family": use.family, "operation": use.operation_id, "at": now.isoformat(), "failure": failure}
    entry["wrote_at"] = entry["at"] if use.wrote else None
    if recent and use.card and recent[0]["card"] == use.card:
        entry["failure"] = failure or recent[0]["failure"]
        entry["wrote_at"] = entry["wrote_at"] or recent[0].get("wrote_at")
        return [entry, *recent[1:]]
    return [entry, *recent][:RECENT]


def last_cards(uow: UnitOfWork, place: str, reader: str, card: str) -> LastCards:
    """What the last cards of a reader say about it; the one that lies in it now (``card``: its ATR) says nothing."""
    days = uow.reader_days.newest_of(place, reader, 2)
    return judged([entry for day in days for entry in day.recent if not card or entry["card"] != card])


def wrote_another(uow: UnitOfWork, place: str, reader: str, card: str, since: dt.datetime) -> bool:
    """Whether this reader has written another card than this (its ATR) since then."""
    days = uow.reader_days.newest_of(place, reader, 2)
    others = (entry.get("wrote_at") for day in days for entry in day.recent if entry["card"] != card)
    return any(at is not None and dt.datetime.fromisoformat(at) > since for at in others)


def judged(recent: list[dict[str, Any]]) -> LastCards:
    """The newest of these cards, counted."""
    seen = recent[:JUDGED]
    failed = [entry for entry in seen if entry["failure"]]
    return LastCards(len(seen), len(failed), len({entry["family"] for entry in failed if entry["family"]}))
