"""Which person a card on a reader is for, and what became of it. The books decide, never what a run remembers.

A card on the reader is either new, and goes to the next person who waits, or it was begun before, and goes on for the person it
was begun for: by its chip, whichever reader it comes back to. Every operation has a key of its own, made of batch, line and
attempt; the attempt is counted before the operation starts. So a run that was killed anywhere left either no operation or one
that its key finds, and the card row that the operation made tells the rest. That nobody gets two cards is the
personalisation's own rule (service/cards/issuing.py): a second card that was begun is never issued.

what the books say after an attempt                        line     card
the line's card is issued                                  made     good bin
nothing begun, the person can get no card                  failed   stays blank: the next person's
nothing begun, the card was pulled                         waiting  to be put in again
nothing begun, the card is no blank one                    waiting  aside
begun, the card refused or reads back wrong                voided   void, bad bin; after the third card: failed
begun, the person got a card elsewhere                     failed   void, bad bin
begun, and anything else (pulled, reader or service gone)  making   to be put in again
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum, unique

from cardsvc.card.profiles import recognise
from cardsvc.errors import CardError, ProfileError, RequestError
from cardsvc.errors.catalog import all_entries
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.stock.making import STOPS
from cardsvc.service.stock.use import void_card
from cardsvc.store import UnitOfWork
from cardsvc.store.records import BulkLine, Card, Operation
from cardsvc.store.states import BulkLineState, BulkState
from cardsvc.wire import OperationState


def place_of(actor: Actor) -> str:
    """Who carries operations out, as lines and shifts name it."""
    return f"{actor.kind}:{actor.id}"


ACTOR = Actor("local", "bulk", bytes.fromhex("310000000001"), "desk")
LOCAL = place_of(ACTOR)
MAX_SPOILED = 3
CLAIM_SECONDS = 60
"""How long a line may be taken without an operation: so long a run needs at most from the one to the other."""
OF_THE_PERSON = frozenset({"citizen_has_card", "citizen_unknown", "citizen_data_differ", "card_request_held"})
"""Refusals that another card does not change."""
OPEN = (BulkLineState.WAITING, BulkLineState.MAKING, BulkLineState.VOIDED)
CLOSED = (BulkLineState.MADE, BulkLineState.FAILED)


@unique
class Bin(StrEnum):
    """Where the card that was on the reader goes.

    good   it is somebody's card
    bad    it is spoiled or given up: to be counted and destroyed
    aside  it is somebody's, or no blank card at all: it does not belong here
    again  it is begun or only lost contact: put it in again
    stock  nothing was written on it
    """

    GOOD = "good"
    BAD = "bad"
    ASIDE = "aside"
    AGAIN = "again"
    STOCK = "stock"


@dataclass(frozen=True, slots=True)
class Turn:
    """What is to be made on the card on the reader. ``place``: who carries it out, ``kind:id``; ``earlier``: place and key of
    the operation that broke off on it, if one did."""

    batch_id: str
    line: int
    attempt: int
    citizen_id: str
    chip: tuple[str, str]
    reader: str
    place: str
    earlier: tuple[str, str] | None = None

    @property
    def key(self) -> str:
        """The idempotency key of this attempt."""
        return key_of(self.batch_id, self.line, self.attempt)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a card. ``line``, ``state``: of the person it was for, if it was for anybody; ``code``: why it was not
    made; ``counts``: whether it says anything about cards and readers (a good card that is put in again does not).
    """

    reader: str
    bin: Bin
    code: str | None = None
    line: int | None = None
    state: str | None = None
    card_no: str | None = None
    counts: bool = True


def key_of(batch_id: str, line: int, attempt: int) -> str:
    """The idempotency key of an attempt for a line."""
    return f"bulk:{batch_id}:{line}:{attempt}"


def next_turn(engine: Engine, batch_id: str, reader: str, atr: bytes, place: str = LOCAL) -> Turn | Outcome | None:
    """What the card with this ATR is for; what is to be done with it where it is for nobody; None when nobody waits for a new
    card, or the batch is paused.
    """
    try:
        profile = recognise(engine.profiles, atr)
        serial = profile.chip_serial(atr).hex().upper()
        if not profile.issuable or not serial:
            raise CardError("chip_serial_missing" if profile.issuable else "card_family_not_issued", profile=profile.id)
    except (ProfileError, CardError) as error:
        return Outcome(reader, Bin.ASIDE, error.code)
    now = engine.clock()

    def work(uow: UnitOfWork) -> Turn | Outcome | None:
        batch = uow.bulk_batches.for_update(batch_id)
        card = uow.cards.by_chip(serial, profile.id)
        if card is not None:
            return _known(uow, batch_id, card, (reader, place), now)
        waiting = uow.bulk_lines.next_waiting(batch_id) if batch and batch.state == BulkState.RUNNING else None
        return _taken(uow, waiting, (serial, profile.id), (reader, place), now) if waiting else None

    return engine.store.transact(work)


def _taken(uow: UnitOfWork, line: BulkLine, chip: tuple[str, str], at: tuple[str, str], now: dt.datetime) -> Turn:
    """The line, for this card and nobody else, with the attempt counted."""
    begun = line.state == BulkLineState.MAKING
    earlier = (line.place or LOCAL, key_of(line.batch_id, line.line, line.attempt)) if begun else None
    attempt, (reader, place) = line.attempt + 1, at
    told = {"state": BulkLineState.MAKING, "attempt": attempt, "reader": reader[:128], "place": place}
    uow.bulk_lines.change(line, **told, bin=None, error=None, changed_at=now)
    return Turn(line.batch_id, line.line, attempt, line.citizen_id, chip, reader, place, earlier)


def _known(uow: UnitOfWork, batch_id: str, card: Card, at: tuple[str, str], now: dt.datetime) -> Turn | Outcome:
    """A chip that was begun before: it goes on, or is told for what it is."""
    reader = at[0]
    found = uow.bulk_lines.of_person(batch_id, card.citizen_id)
    line = uow.bulk_lines.for_update(batch_id, found.line) if found else None
    if line is not None and card.state == "personalising" and line.state in OPEN:
        other = _operation(uow, line)
        if other and other.state == OperationState.CARD and other.card_no != card.card_no and other.expires_at > now:
            return Outcome(reader, Bin.AGAIN, "card_busy", line.line, line.state, card.card_no)
        return _taken(uow, line, (card.chip_serial, card.profile), at, now)
    if line is not None:
        line, card = _settled(uow, line, now), _spoiled_if_late(uow, line, card, now)
        if card.state == "issued" and line.card_no == card.card_no:
            return Outcome(reader, Bin.GOOD, None, line.line, line.state, card.card_no, counts=False)
    where, code = (Bin.BAD, "bulk_card_given_up") if card.state == "void" else (Bin.ASIDE, "bulk_card_of_others")
    return Outcome(reader, where, code, card_no=card.card_no, counts=False)


def settle(engine: Engine, turn: Turn, code: str | None) -> Outcome:
    """What became of an attempt that ended, well (``code`` None) or with this error code."""
    now = engine.clock()

    def work(uow: UnitOfWork) -> Outcome:
        line = uow.bulk_lines.for_update(turn.batch_id, turn.line)
        if line is None:
            raise ValueError("a line never goes away")
        line = _settled(uow, line, now)
        operation = operation_at(uow, turn.place, turn.key)
        card = uow.cards.by_chip(*turn.chip)
        if line.state == BulkLineState.MAKING and line.attempt == turn.attempt:
            line, where = _judged(uow, line, operation, card, code, now)
        elif card is not None and card.card_no == line.card_no:
            where = Bin.GOOD if line.state == BulkLineState.MADE else Bin.AGAIN
        else:
            late = _spoiled_if_late(uow, line, card, now) if card else None
            where = Bin.BAD if late and late.state == "void" else Bin.AGAIN
        return Outcome(
            turn.reader,
            where,
            None if where is Bin.GOOD else line.error or code,
            line.line,
            line.state,
            card.card_no if card else None,
        )

    return engine.store.transact(work)


def _operation(uow: UnitOfWork, line: BulkLine) -> Operation | None:
    """The operation of the line's last attempt."""
    return operation_at(uow, line.place or LOCAL, key_of(line.batch_id, line.line, line.attempt))


def operation_at(uow: UnitOfWork, place: str, key: str) -> Operation | None:
    """The operation that a party began under this key."""
    kind, _, actor_id = place.partition(":")
    return uow.operations.by_idempotency_key(kind, actor_id, key)


def _settled(uow: UnitOfWork, line: BulkLine, now: dt.datetime) -> BulkLine:
    """A line that is being made and whose card one of its attempts has issued is made, whoever noticed."""
    if line.state != BulkLineState.MAKING:
        return line
    for card in uow.cards.of_citizen(line.citizen_id):
        issuing = uow.operations.that_issued(card.card_no) if card.state == "issued" else None
        if issuing and issuing.idempotency_key.startswith(f"bulk:{line.batch_id}:{line.line}:"):
            return uow.bulk_lines.change(
                line,
                state=BulkLineState.MADE,
                card_no=card.card_no,
                operation_id=issuing.operation_id,
                bin=Bin.GOOD,
                error=None,
                changed_at=now,
            )
    return line


def _spoiled_if_late(uow: UnitOfWork, line: BulkLine, card: Card, now: dt.datetime) -> Card:
    """A card that was begun for a person whose line is over is given up."""
    late = line.state in CLOSED and card.state == "personalising" and uow.operations.live_on(card.card_no) is None
    return void_card(uow, card, now, by=line.place or LOCAL) if late else card


def _judged(
    uow: UnitOfWork, line: BulkLine, operation: Operation | None, card: Card | None, code: str | None, now: dt.datetime
) -> tuple[BulkLine, Bin]:
    """The rows of the module's table after the first."""
    code = code or "operation_abandoned"
    ended = operation is not None and operation.state == OperationState.FAILED
    of_the_card = all_entries()[code].family in ("card", "profile")
    if ended and code in STOPS and card is None:
        state, where = BulkLineState.WAITING, Bin.STOCK
    elif ended and code in OF_THE_PERSON:
        state, where = BulkLineState.FAILED, Bin.BAD if card else Bin.STOCK
    elif card is None:
        state, where = BulkLineState.WAITING, Bin.ASIDE if ended and of_the_card else Bin.AGAIN
    elif ended and of_the_card:
        return spoil(uow, line, card, code, operation.operation_id if operation else None, now), Bin.BAD
    else:
        state, where = BulkLineState.MAKING, Bin.AGAIN
    if card and state is BulkLineState.FAILED:
        void_card(uow, card, now, by=line.place or LOCAL, reason=code)
    line = uow.bulk_lines.change(
        line,
        state=state,
        card_no=card.card_no if card else None,
        operation_id=operation.operation_id if operation else None,
        bin=Bin.BAD if card and where is Bin.BAD else None,
        error=code,
        changed_at=now,
    )
    return line, where


def spoil(uow: UnitOfWork, line: BulkLine, card: Card, code: str, operation_id: str | None, now: dt.datetime) -> BulkLine:
    """Give up the card that was begun (or made, and found wrong) for a line; the person gets another one, three at most."""
    void_card(uow, card, now, by=line.place or LOCAL, reason=code)
    spoiled = line.spoiled + 1
    last = spoiled >= MAX_SPOILED and line.state == BulkLineState.MAKING
    return uow.bulk_lines.change(
        line,
        state=BulkLineState.FAILED if last else BulkLineState.VOIDED,
        spoiled=spoiled,
        card_no=card.card_no,
        operation_id=operation_id,
        bin=Bin.BAD,
        error="bulk_cards_spoiled" if last else code,
        changed_at=now,
    )


def recover(engine: Engine, batch_id: str) -> None:
    """Lines that a run took and nobody works on any more: made where their card is, waiting again where none was begun.

    A begun card that has to come back stays with its line.
    """
    engine.sweep_all()
    now = engine.clock()

    def work(uow: UnitOfWork) -> None:
        for found in uow.bulk_lines.of_batch(batch_id, BulkLineState.MAKING):
            line = uow.bulk_lines.for_update(batch_id, found.line)
            if line is not None and line.state == BulkLineState.MAKING:
                _recovered(uow, _settled(uow, line, now), now)

    engine.store.transact(work)


def _recovered(uow: UnitOfWork, line: BulkLine, now: dt.datetime) -> None:
    operation = _operation(uow, line)
    fresh = operation is None and line.changed_at > now - dt.timedelta(seconds=CLAIM_SECONDS)
    live = operation is not None and operation.state == OperationState.CARD
    begun = any(card.state == "personalising" for card in uow.cards.of_citizen(line.citizen_id))
    if line.state == BulkLineState.MAKING and not (fresh or live or begun):
        uow.bulk_lines.change(line, state=BulkLineState.WAITING, error="operation_abandoned", changed_at=now)


def left(engine: Engine, batch_id: str) -> int:
    """How many people have no end yet. A batch in which nobody is left is done."""
    now = engine.clock()

    def work(uow: UnitOfWork) -> int:
        batch = uow.bulk_batches.for_update(batch_id)
        if batch is None:
            raise RequestError("bulk_batch_unknown")
        counts = uow.bulk_lines.counts([batch_id])[batch_id]
        open_lines = sum(counts.get(state, 0) for state in OPEN)
        if not open_lines and batch.state != BulkState.DONE:
            uow.bulk_batches.change(batch, state=BulkState.DONE, ended_at=now)
        return open_lines

    return engine.store.transact(work)
