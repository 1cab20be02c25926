"""A run: every reader has a thread of its own, takes the card that is put in, and makes it through the ordinary engine.

The same run serves the command line, whose readers are this machine's, and the desk page, whose readers are a workstation's: a
``Feeder`` gives the cards, and a ``CardInHand`` carries operations to one of them.

The first card that a run makes is read again and compared with the file before a second one is begun. A run ends when every
person of the batch has an end, when the batch is paused, when somebody stops it, after too many failures in a row, or when
the first card is wrong. Stopping never tears a card out of its operation: what is on a reader is finished first.
"""

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Protocol

from cardsvc.errors import CardsvcError, OperationError, RuleError
from cardsvc.errors.catalog import all_entries
from cardsvc.service.bulk.batches import begin_run, first_article_wrong, is_on
from cardsvc.service.bulk.making import ACTOR, LOCAL, Bin, Outcome, Turn, left, next_turn, operation_at, recover, settle
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.stock.making import STOPS, article_due, check_making
from cardsvc.store import UnitOfWork
from cardsvc.store.records import BulkEvent, Staff

STOP_AFTER = 3
WRONG = "bulk_first_article_wrong"
DUE = "first_article_due"
"""Another reader has the first card of this batch of blanks: the run goes on, this blank is put in later."""
LOOK_SECONDS = 0.5

Tell = Callable[[dict[str, Any]], None]


def nothing() -> None:
    """Nobody wants to know that the run is alive."""


@dataclass(frozen=True, slots=True)
class Carried:
    """How an operation ended: its ``result``, or its ``problem``."""

    result: Mapping[str, Any] | None
    problem: Mapping[str, Any] | None = None

    @property
    def code(self) -> str | None:
        """Why it did not end well."""
        return None if self.result is not None else str((self.problem or {}).get("code", "operation_abandoned"))


class CardInHand(Protocol):
    """A card in a reader."""

    atr: bytes

    def carry(self, kind: str, params: Mapping[str, Any], key: str) -> Carried:
        """Carry an operation out, under this idempotency key. Raises CardsvcError where card or reader failed."""

    def close(self) -> None:
        """Let go of the card."""


class Feeder(Protocol):
    """A reader that cards are put into, one after the other."""

    name: str

    def next_card(self, stop: threading.Event) -> CardInHand | None:
        """The next card, once it is there; None when no more come or ``stop`` is set. Raises CardsvcError for a card that does
        not answer."""


class BulkRun:
    """One run over a batch. ``tell`` hears what happens, one event at a time; ``stop_after``: failures in a row that end it.

    ``place``: who carries the operations out; ``alive`` is called every half second.
    """

    def __init__(
        self,
        engine: Engine,
        batch_id: str,
        feeders: Sequence[Feeder],
        tell: Tell,
        *,
        stop_after: int = STOP_AFTER,
        place: str = LOCAL,
        alive: Callable[[], None] = nothing,
    ) -> None:
        self._engine, self._batch_id, self._feeders, self._tell = engine, batch_id, feeders, tell
        self._place, self._alive = place, alive
        self._stop_after = stop_after
        self._stop = threading.Event()
        self._telling = threading.Lock()
        self._first = threading.Lock()
        self._proven = False
        self._in_a_row = 0
        self._stopped: RuleError | None = None
        self._reason: str | None = None
        self._failure: BaseException | None = None

    def stop(self) -> None:
        """End soon: cards on the readers are finished, no further one is begun."""
        self._end("stopped")

    def go(self, *, by: Staff) -> str:
        """Run until it ends; says why: done, paused, stopped, or no_more_cards.

        Raises OperationError ``bulk_stopped``, ``bulk_first_article_wrong``, ``bulk_batch_done``; RequestError; RuleError
        where the stock of blanks stops the making (service/stock/making.py).
        """
        begin_run(self._engine, self._batch_id, by=by)
        return self.carry_on()

    def carry_on(self) -> str:
        """The same for a batch that was begun already. A pause since then holds."""
        ended = [threading.Event() for _ in self._feeders]
        for feeder, event in zip(self._feeders, ended, strict=True):
            threading.Thread(target=self._guarded, args=(feeder, event), name=f"bulk {feeder.name}", daemon=True).start()
        while not self._waited(ended):
            if self._stop.is_set():
                raise KeyboardInterrupt
            self.stop()
        self._engine.keystore.in_making.forget_all()
        if self._failure is not None:
            raise self._failure
        recover(self._engine, self._batch_id)
        return "done" if not left(self._engine, self._batch_id) else self._reason or "no_more_cards"

    def _waited(self, ended: Sequence[threading.Event]) -> bool:
        """Wait for all readers, and look now and then whether somebody paused the batch; False when Ctrl-C came first.

        Events, because a join that Ctrl-C breaks takes its thread for ended (Python 3.11), and the card on
        that reader would be torn by the end of the process.
        """
        try:
            for event in ended:
                while not event.wait(LOOK_SECONDS):
                    self._look()
        except KeyboardInterrupt:
            return False
        return True

    def _look(self) -> None:
        """Say that the run lives, and see whether somebody paused the batch. A database that is away ends the run."""
        try:
            self._alive()
            if not self._stop.is_set() and not is_on(self._engine.store, self._batch_id):
                self._end("paused")
        except CardsvcError as error:
            self._end("failed", error)

    def _end(self, reason: str, failure: BaseException | None = None) -> None:
        with self._telling:
            self._reason, self._failure = self._reason or reason, self._failure or failure
        self._stop.set()

    def _guarded(self, feeder: Feeder, ended: threading.Event) -> None:
        """One reader until the run ends. What is no error of a card or reader ends the whole run."""
        try:
            while not self._stop.is_set() and self._serve(feeder):
                pass
        except BaseException as failure:
            self._end("failed", failure)
        finally:
            ended.set()

    def _serve(self, feeder: Feeder) -> bool:
        """One card; whether more may come."""
        try:
            card = feeder.next_card(self._stop)
        except CardsvcError as error:
            known_bad = all_entries()[error.code].family == "card"
            self._told(Outcome(feeder.name, Bin.BAD if known_bad else Bin.AGAIN, error.code, counts=known_bad))
            return True
        if card is None:
            return False
        try:
            with self._first:
                if not self._proven:
                    self._one(feeder.name, card)
                    return True
            self._one(feeder.name, card)
        finally:
            card.close()
        return True

    def _one(self, reader: str, card: CardInHand) -> None:
        """A card, for the person it is for; a blank one goes on to the next where a person can get none."""
        while not self._stop.is_set():
            turn = next_turn(self._engine, self._batch_id, reader, card.atr, self._place)
            if turn is None:
                recover(self._engine, self._batch_id)
                self._told(Outcome(reader, Bin.STOCK, counts=False))
                break
            outcome = turn if isinstance(turn, Outcome) else self._made(turn, card)
            if outcome.bin is Bin.GOOD and self._to_be_proven(outcome, fresh=isinstance(turn, Turn)):
                outcome = self._prove(outcome, card)
            self._told(outcome)
            if outcome.bin is not Bin.STOCK or outcome.code in STOPS:
                break
        if not left(self._engine, self._batch_id):
            self._end("done")

    def _made(self, turn: Turn, card: CardInHand) -> Outcome:
        """Carry the personalisation out. An operation that broke off on this very card earlier is ended first."""
        try:
            if turn.earlier is not None:
                self._abandon(*turn.earlier)
            code = card.carry("personalise", {"citizen_id": turn.citizen_id}, turn.key).code
        except CardsvcError as error:
            code = error.code
        if code in STOPS and code != DUE:
            self._stopped = self._stopped or self._why_stopped(turn, code)
        return settle(self._engine, turn, code)

    def _why_stopped(self, turn: Turn, code: str) -> RuleError:
        """The rule's refusal once more, with all that it says."""
        serial, family = turn.chip
        with self._engine.store.read() as uow:
            batch = uow.blank_batches.of_serial(family, serial)
            now = self._engine.clock()
            rules = self._engine.rules.in_force(uow, local_day(now))
            try:
                if batch is not None:
                    check_making(uow, rules, f"desk:{self._place}", batch, now)
            except RuleError as refused:
                return refused
        return RuleError(code)

    def _abandon(self, place: str, key: str) -> None:
        """The card is here, so nobody else carries that operation any more: it need not lapse first."""
        with self._engine.store.read() as uow:
            known = operation_at(uow, place, key)
        if known is not None:
            actor = Actor(known.actor_kind, known.actor_id, ACTOR.terminal_no, ACTOR.role)
            with suppress(OperationError):
                self._engine.port(actor).abandon(known.operation_id, known.step, (), "connection_lost")

    def _to_be_proven(self, outcome: Outcome, *, fresh: bool) -> bool:
        """The first card that this run makes; and the first of a batch of blanks here, also when it is put in once more."""
        with self._engine.store.read() as uow:
            card = uow.cards.get(outcome.card_no or "")
            taken = uow.blank_movements.of_chip(card.profile, card.chip_serial, "used") if card else None
            now = self._engine.clock()
            due = taken is not None and article_due(uow, self._engine.rules.in_force(uow, local_day(now)), taken, now)
        return due or (fresh and not self._proven)

    def _prove(self, outcome: Outcome, card: CardInHand) -> Outcome:
        """A first card, read again. One that left meanwhile proves nothing: the next one is read, or it is put in again."""
        if outcome.line is None or outcome.card_no is None:
            return outcome
        found = self._right(outcome.card_no, card)
        self._say({"event": "first_article", "card_no": outcome.card_no, "line": outcome.line, "right": found})
        self._proven = self._proven or bool(found)
        if found is not False:
            return outcome
        first_article_wrong(self._engine, self._batch_id, outcome.line)
        self._end("failed", OperationError(WRONG, card_no=outcome.card_no))
        return replace(outcome, bin=Bin.BAD, code=WRONG, state="voided")

    def _right(self, card_no: str, card: CardInHand) -> bool | None:
        """Whether it is the genuine, empty card of its person; None when it left before that was known."""
        try:
            done = card.carry("first_article", {}, str(uuid.uuid4()))
        except CardsvcError:
            return None
        if done.result is None:
            return None if done.code == "operation_left_nothing" else False
        return bool(done.result["right"]) and done.result["card_no"] == card_no

    def _told(self, outcome: Outcome) -> None:
        """Say where the card goes, keep it, and end the run when too many in a row came to nothing."""
        self._engine.store.transact(lambda uow: self._keep(uow, outcome))
        self._say(
            {
                "event": "card",
                "reader": outcome.reader,
                "bin": str(outcome.bin),
                "line": outcome.line,
                "state": str(outcome.state) if outcome.state else None,
                "card_no": outcome.card_no,
                "code": outcome.code,
            }
        )
        if self._stopped is not None:
            self._end("failed", self._stopped)
        if not outcome.counts:
            return
        with self._telling:
            self._in_a_row = 0 if outcome.bin is Bin.GOOD else self._in_a_row + 1
            too_many = self._in_a_row >= self._stop_after
        if too_many:
            self._end("failed", OperationError("bulk_stopped", count=self._in_a_row, last=outcome.code or "-"))

    def _keep(self, uow: UnitOfWork, outcome: Outcome) -> None:
        told = (outcome.reader[:128], str(outcome.bin), outcome.line, outcome.card_no, outcome.code)
        now = self._engine.clock()
        uow.bulk_events.add(BulkEvent(str(uuid.uuid4()), self._batch_id, self._place, *told, now))

    def _say(self, event: dict[str, Any]) -> None:
        with self._telling:
            self._tell(event)
