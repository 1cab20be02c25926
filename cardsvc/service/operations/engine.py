"""The operations engine: carries a job on one card through its phases, whoever holds the card, whichever worker is asked.

Each call is one transaction: look the operation up, take the answers, run the phase's procedure again from its start with the
stored answers, run effects until commands must be sent or the operation ends, commit, and only then reply. So whatever the
card may do is in the database before the bytes that make it happen leave, and a worker that dies between two calls, or
before it could reply, is replaced by any other: the caller repeats its call and gets the same reply. Where the worker of the
call before is asked again, its procedure stands there already (plays.py).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from cardsvc.card.profile import Profile
from cardsvc.card.profiles import recognise
from cardsvc.errors import CardsvcError, OperationError, ProfileError, RequestError
from cardsvc.iso7816.exchange import Answers, Batch, check_answers
from cardsvc.keystore.protocol import KeyStore
from cardsvc.service.operations.asked import STEP_SECONDS, new_operation, validated
from cardsvc.service.operations.contexts import context_of, procedure_of
from cardsvc.service.operations.kinds import WRITES, Actor, Context, Effect, OperationKind
from cardsvc.service.operations.known_card import busy, in_hand_again
from cardsvc.service.operations.plays import Plays
from cardsvc.service.operations.problem import abandoned_problem, problem_on_card
from cardsvc.service.operations.recorder import BROKEN_AT, recorded_commands, recorded_exchanges
from cardsvc.service.operations.replay import Ended, Played, Waiting, play
from cardsvc.service.operations.rule_book import RULE_VERSION, RuleBook, local_day
from cardsvc.store import Store, TransactionLost, UnitOfWork
from cardsvc.store.records import Operation, OperationStep
from cardsvc.wire import OperationState, ReaderFacts, Reply, answers_to_json, timings_of

MAX_KEY_LENGTH = 128
Beside = Callable[[UnitOfWork, Operation], None]
READER = "reader"
"""The fact that says which reader the card is in: wire.ReaderFacts as JSON."""


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine with everything it is handed. ``clock`` gives aware times."""

    store: Store
    keystore: KeyStore
    profiles: tuple[Profile, ...]
    rules: RuleBook
    kinds: Mapping[str, OperationKind]
    clock: Callable[[], dt.datetime]
    plays: Plays = field(default_factory=Plays, init=False, compare=False)

    def port(self, actor: Actor) -> "EnginePort":
        """The engine as one party sees it."""
        return EnginePort(self, actor)

    def sweep(self) -> int:
        """End operations whose time is over; returns how many. Money is never settled by time."""
        with self.store.read() as uow:
            lapsed = [operation.operation_id for operation in uow.operations.lapsed(self.clock())]
        return sum(self.store.transact(partial(self._lapse, operation_id)) for operation_id in lapsed)

    def sweep_all(self) -> None:
        """Sweep until nothing is left whose time is over."""
        while self.sweep():
            pass

    def _lapse(self, operation_id: str, uow: UnitOfWork) -> bool:
        operation = uow.operations.for_update(operation_id)
        if operation is None:
            return False
        run = _Run(self, uow, operation, self.clock())
        run.lapse_if_over()
        return run.operation.state == OperationState.ABANDONED


class EnginePort:
    """wire.OperationPort for one actor, straight into the engine."""

    def __init__(self, engine: Engine, actor: Actor) -> None:
        self._engine = engine
        self._actor = actor

    def start(
        self, kind: str, params: Mapping[str, Any], *, atr: bytes, idempotency_key: str, beside: Beside | None = None
    ) -> Reply:
        """See OperationPort.start. ``beside``: what is looked at and kept where a new operation begins; its error is told."""
        asked = self._kind(kind)
        values = validated(asked, params)
        profile = self._family(asked, atr)
        if not 8 <= len(idempotency_key) <= MAX_KEY_LENGTH:
            raise RequestError("idempotency_key_malformed")
        operation = new_operation(kind, values, self._actor, atr, idempotency_key, profile, self._engine.clock())
        operation = replace(operation, key_versions=self._engine.keystore.versions())
        return self._committed(lambda uow: self._begin(uow, operation, beside))

    def _committed(self, work: Callable[[UnitOfWork], tuple["_Run", Reply]]) -> Reply:
        """In one transaction; then, and only then, the procedure is kept where it stands."""
        run, reply = self._engine.store.transact(work)
        run.keep_play()
        return reply

    def _family(self, kind: OperationKind, atr: bytes) -> Profile | None:
        try:
            return recognise(self._engine.profiles, atr)
        except ProfileError:
            if kind.any_family:
                return None
            raise

    def _begin(self, uow: UnitOfWork, operation: Operation, beside: Beside | None) -> tuple["_Run", Reply]:
        """The operation that this key began before, or a new one."""
        known = uow.operations.by_idempotency_key(self._actor.kind, self._actor.id, operation.idempotency_key)
        if known is not None:
            if known.fingerprint != operation.fingerprint:
                raise RequestError("idempotency_key_reused")
            run = _Run(self._engine, uow, known, operation.started_at)
            return run, replace(run.reply(), replayed=True)
        rules = self._engine.rules.in_force(uow, local_day(operation.started_at))
        operation = replace(operation, facts={**operation.facts, RULE_VERSION: rules.version})
        if self._actor.suspended:
            raise RequestError("terminal_suspended")
        operation = uow.operations.add(operation)
        if beside is not None:
            beside(uow, operation)
        run = _Run(self._engine, uow, operation, operation.started_at)
        run.proceed()
        return run, run.reply()

    def answer(self, operation_id: str, step: int, answers: Answers, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.answer."""
        return self._committed(lambda uow: self._answer(self._run(uow, operation_id, reader), step, answers))

    def _answer(self, run: "_Run", step: int, answers: Answers) -> tuple["_Run", Reply]:
        if step < run.operation.step:
            return run, run.repeated(step, answers)
        if step > run.operation.step:
            raise OperationError("step_out_of_order", expected=run.operation.step, given=step)
        run.lapse_if_over()
        if self._actor.suspended:
            run.stop_before_anything_new()
        if run.operation.state == OperationState.CARD or run.takes_late_answers():
            run.take(answers, partial=False)
            run.proceed()
        if self._actor.suspended:
            run.stop_before_anything_new()
        return run, run.reply()

    def abandon(self, operation_id: str, step: int, answers: Answers, reason: str, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.abandon. Answers that are complete after all are taken as answers first."""
        return self._engine.store.transact(
            lambda uow: self._abandon(self._run(uow, operation_id, reader), step, answers, reason)
        )

    @staticmethod
    def _abandon(run: "_Run", step: int, answers: Answers, reason: str) -> Reply:
        if run.operation.state == OperationState.CARD:
            if step == run.operation.step and answers:
                run.take_what_came(answers)
            if run.operation.state == OperationState.CARD:
                run.note_exchanges(step, answers)
                run.break_off(reason)
        return run.reply()

    def status(self, operation_id: str) -> Reply:
        """See OperationPort.status."""

        def look(uow: UnitOfWork) -> Reply:
            run = self._run(uow, operation_id)
            run.lapse_if_over()
            return run.reply()

        return self._engine.store.transact(look)

    def _kind(self, kind: str) -> OperationKind:
        found = self._engine.kinds.get(kind)
        if found is None:
            raise RequestError("operation_kind_unknown", kind=kind[:32])
        allowed = self._actor.operations is None or kind in self._actor.operations
        if self._actor.role not in found.roles or not allowed:
            raise RequestError("operation_not_permitted", kind=kind)
        return found

    def _run(self, uow: UnitOfWork, operation_id: str, reader: ReaderFacts | None = None) -> "_Run":
        """The operation and its card, locked, if it is this party's; others' look as if they did not exist."""
        operation = uow.operations.for_update(operation_id)
        if operation is None or (operation.actor_kind, operation.actor_id) != (self._actor.kind, self._actor.id):
            raise OperationError("operation_unknown")
        if reader is not None and operation.state == OperationState.CARD and READER not in operation.facts:
            operation = uow.operations.change(operation, facts={**operation.facts, READER: reader.to_json()})
        return _Run(self._engine, uow, operation, self._engine.clock())


class _Run:
    """One operation within one transaction."""

    def __init__(self, engine: Engine, uow: UnitOfWork, operation: Operation, now: dt.datetime) -> None:
        self.engine = engine
        self.uow = uow
        self.operation = operation
        self.now = now
        self.kind = engine.kinds[operation.kind]
        self._heard: dict[int, dict[int, list[str]]] = {}
        self._waiting: tuple[int, int, Batch] | None = None
        self._played: tuple[int, Played] | None = None
        if operation.card_no is not None:
            uow.cards.lock(operation.card_no)

    def context(self) -> Context:
        """What a phase sees now."""
        return context_of(self.engine, self.operation, self.uow)

    def proceed(self) -> None:
        """Run phases until one must hear from the card or the operation ends."""
        while self.operation.state == OperationState.CARD or self.takes_late_answers():
            try:
                outcome = self._phase()
                if isinstance(outcome, Waiting):
                    self._note_writing(outcome.batch)
                    return
                with self.uow.savepoint():
                    phase = self.kind.phases[self.operation.phase]
                    effect = phase.effect(self.context(), self.uow, outcome.value, self.now)
                    self._bind(effect)
            except TransactionLost:
                raise
            except CardsvcError as error:
                self.kind.broken_off(self.context(), self.uow, self.now)
                self._end(OperationState.FAILED, problem=problem_on_card(error, self.context().family, self.operation.facts))
                return
            self._move_on(effect)

    def _note_writing(self, batch: Batch) -> None:
        """Keep, before they leave, that commands are given out which may leave something on the card."""
        if not self.operation.facts.get(WRITES) and any(ask.leaves_something for ask in batch):
            self._change(facts={**self.operation.facts, WRITES: True})

    def _phase(self) -> Waiting | Ended:
        """Run the current phase's procedure from its start with the answers that are stored."""
        return self._run_phase(self.operation.phase, self.operation.step)

    def _run_phase(self, number: int, step: int) -> Waiting | Ended:
        """A phase's procedure as it stood at a step. The commands it waits with are kept for the reply."""
        phase = self.kind.phases[number]
        answers = [told for at, told in self._answers(number).items() if at < step]
        played, self._played = self._played or self.engine.plays.take(self.operation.operation_id), None
        if played is not None and played[0] == number and played[1].heard <= len(answers):
            current = played[1]  # it stands somewhere on the way to this point, and goes on from there
            for told in answers[current.heard :]:
                current.hear(told)
        else:
            current = play(phase.name, procedure_of(self.engine, self.context(), phase, self.uow), answers)
        self._played = number, current
        if isinstance(current.outcome, Waiting):
            self._waiting = number, step, current.outcome.batch
        return current.outcome

    def keep_play(self) -> None:
        """Keep the procedure of the current phase, all of whose answers are committed by now."""
        if self._played is not None and self.operation.state == OperationState.CARD:
            self.engine.plays.keep(self.operation.operation_id, *self._played)

    def _answers(self, phase: int) -> dict[int, list[str]]:
        """The answers of a phase by their steps, read once: the operation's row is locked, so nobody else adds any."""
        if phase not in self._heard:
            self._heard[phase] = self.uow.steps.answers_of_phase(self.operation.operation_id, phase)
        return self._heard[phase]

    def _bind(self, effect: Effect) -> None:
        """Bind the operation to a card: one live operation a card."""
        if effect.card_no is None or effect.card_no == self.operation.card_no:
            return
        self.uow.cards.lock(effect.card_no)
        other = self.uow.operations.live_on(effect.card_no)
        if other is not None:
            if other.expires_at > self.now and not in_hand_again(other, self.operation):
                raise busy(other)
            _Run(self.engine, self.uow, other, self.now).break_off("lapsed")
        self._change(card_no=effect.card_no)

    def _move_on(self, effect: Effect) -> None:
        """Keep the effect's facts, and go to the next phase or end."""
        changes: dict[str, Any] = {"facts": {**self.operation.facts, **effect.facts}}
        if effect.key_versions is not None:
            changes["key_versions"] = dict(effect.key_versions)
        if effect.failed is not None:
            self._end(
                OperationState.FAILED,
                problem=problem_on_card(effect.failed, self.context().family, self.operation.facts),
                **changes,
            )
        elif effect.done is not None:
            self._end(OperationState.DONE, result=dict(effect.done), **changes)
        else:
            self._change(phase=self._following(changes), phase_step=self.operation.step, **changes)
            self._heard[self.operation.phase] = {}

    def _following(self, changes: Mapping[str, Any]) -> int:
        """The next phase that is needed, by what is known after these changes."""
        context = replace(self.context(), operation=replace(self.operation, **changes))
        later = range(self.operation.phase + 1, len(self.kind.phases))
        return next(number for number in later if self.kind.phases[number].needed(context))

    def take(self, answers: Answers, *, partial: bool) -> None:
        """Store the answers of the current step. Raises RequestError when they cannot be its answers."""
        operation = self.operation
        waiting = self._phase()
        if not isinstance(waiting, Waiting):
            raise OperationError("procedure_not_deterministic", kind=operation.kind)
        check_answers(waiting.batch, answers)
        row = OperationStep(
            operation.operation_id,
            operation.step,
            operation.phase,
            answers_to_json(answers),
            partial,
            self.now,
            recorded_commands(waiting.batch[: len(answers)]),
            timings_of(answers),
        )
        heard = self._answers(operation.phase)
        heard[row.step] = self.uow.steps.add(row).answers
        self._change(step=operation.step + 1, expires_at=self.now + dt.timedelta(seconds=STEP_SECONDS))

    def take_what_came(self, answers: Answers) -> None:
        """The answers that came before the card left: complete ones count, others only say how far it got."""
        try:
            self.take(answers, partial=False)
        except RequestError:
            return
        self.proceed()

    def note_exchanges(self, step: int, answers: Answers) -> None:
        """Keep what was said in the step that breaks off."""
        waiting = self._phase() if step == self.operation.step else None
        if isinstance(waiting, Waiting) and len(answers) < len(waiting.batch):
            exchanges = recorded_exchanges(waiting.batch, answers, self.operation.phase, step)
            self._change(facts={**self.operation.facts, BROKEN_AT: exchanges})

    def repeated(self, step: int, answers: Answers) -> Reply:
        """The reply to a step that was taken before: the same for the same answers."""
        row = self.uow.steps.get(self.operation.operation_id, step)
        if row is None or row.answers != answers_to_json(answers):
            raise OperationError("step_already_passed", step=step)
        if step == self.operation.step - 1:
            return replace(self.reply(), replayed=True)
        following = self.uow.steps.get(self.operation.operation_id, step + 1)
        if following is None:
            raise OperationError("step_already_passed", step=step)
        return replace(self._waiting_reply(following.phase, step + 1), replayed=True)

    def takes_late_answers(self) -> bool:
        """Whether an abandoned operation still wants the answers of its current step."""
        if self.operation.state != OperationState.ABANDONED or self.operation.phase >= len(self.kind.phases):
            return False
        return self.kind.phases[self.operation.phase].late

    def lapse_if_over(self) -> None:
        """End an operation whose time is over."""
        if self.operation.state == OperationState.CARD and self.operation.expires_at <= self.now:
            self.break_off("lapsed")

    def stop_before_anything_new(self) -> None:
        """A suspended terminal may deliver evidence of what the card was already told; whatever else it had under way ends."""
        if self.operation.state == OperationState.CARD and not self.kind.phases[self.operation.phase].late:
            self.break_off("terminal_suspended")

    def break_off(self, reason: str) -> None:
        """The card left, the customer went, or time ran out. What is open is settled at the card's next contact."""
        self.kind.broken_off(self.context(), self.uow, self.now)
        self._end(OperationState.ABANDONED, facts={**self.operation.facts, "broken_off": reason[:64]})

    def _end(self, state: OperationState, **values: Any) -> None:
        self._change(state=state, ended_at=self.operation.ended_at or self.now, **values)

    def _change(self, **values: Any) -> None:
        self.operation = self.uow.operations.change(self.operation, **values)

    def reply(self) -> Reply:
        """Where the operation stands now."""
        operation = self.operation
        if operation.state == OperationState.CARD:
            return self._waiting_reply(operation.phase, operation.step)
        state, step = OperationState(operation.state), operation.step
        problem = abandoned_problem(self.uow, operation) if state is OperationState.ABANDONED else operation.problem
        return Reply(operation.operation_id, state, step=step, result=operation.result, problem=problem)

    def _waiting_reply(self, phase_number: int, step: int) -> Reply:
        commands, until = self._batch(phase_number, step), self.operation.expires_at.isoformat()
        return Reply(self.operation.operation_id, OperationState.CARD, step=step, commands=commands, expires_at=until)

    def _batch(self, phase_number: int, step: int) -> Batch:
        """The commands of a step, made again from the answers before it."""
        if self._waiting is not None and self._waiting[:2] == (phase_number, step):
            return self._waiting[2]
        waiting = self._run_phase(phase_number, step)
        if not isinstance(waiting, Waiting):
            raise OperationError("procedure_not_deterministic", kind=self.operation.kind)
        return waiting.batch
