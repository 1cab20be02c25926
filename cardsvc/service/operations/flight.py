"""The flight recorder: what was said between service and card in an operation, and saying it again to a recorded card.

Each step keeps its commands beside the answers: in the clear, or, where a command is secret, only its header and lengths; and
the milliseconds that the card took, as the side with the card measured them. Of a step that broke off the answers that came are
kept, and which command was under way.
"""

from dataclasses import dataclass
from typing import Any

from cardsvc.errors import CardsvcError, OperationError
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.exchange import Interrupted, run_batch
from cardsvc.service.operations.contexts import context_of, procedure_of
from cardsvc.service.operations.engine import Engine
from cardsvc.service.operations.recorder import BROKEN_AT
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Operation
from cardsvc.wire import OperationState


@dataclass(frozen=True, slots=True)
class Recording:
    """The exchanges of an operation in order; ``exchanges`` as recorder.py makes them."""

    operation_id: str
    kind: str
    state: str
    atr: str
    exchanges: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        """As it is printed and kept in a file."""
        return {
            "operation": self.operation_id,
            "kind": self.kind,
            "state": self.state,
            "atr": self.atr,
            "exchanges": list(self.exchanges),
        }


def recording_of(store: Store, operation_id: str) -> Recording:
    """What was said in an operation. Raises OperationError ``operation_unknown``, ``operation_not_recorded``."""
    with store.read() as uow:
        operation = _operation(uow, operation_id)
        exchanges: list[dict[str, Any]] = []
        for row in uow.steps.of_operation(operation_id):
            if row.commands is None:
                raise OperationError("operation_not_recorded", operation=operation_id)
            times = row.milliseconds or [None] * len(row.answers)
            exchanges += [
                {**command, "answer": answer, "milliseconds": time, "phase": row.phase, "step": row.step}
                for command, answer, time in zip(row.commands, row.answers, times, strict=True)
            ]
        answered = {exchange["step"] for exchange in exchanges}
        exchanges += [e for e in operation.facts.get(BROKEN_AT, []) if e["step"] not in answered]
    return Recording(operation_id, operation.kind, operation.state, operation.atr, tuple(exchanges))


def _operation(uow: UnitOfWork, operation_id: str) -> Operation:
    operation = uow.operations.get(operation_id)
    if operation is None:
        raise OperationError("operation_unknown")
    return operation


def replay(engine: Engine, operation_id: str, channel: Channel) -> None:
    """Say everything of an ended operation again, to this channel: procedures as they are today, with its own facts.

    No effect is carried out: nothing is written anywhere. Ends quietly where the operation broke off. Raises OperationError
    ``operation_under_way`` for one that still waits for its card.
    """
    with engine.store.read() as uow:
        operation = _operation(uow, operation_id)
        if operation.state == OperationState.CARD:
            raise OperationError("operation_under_way")
        context = context_of(engine, operation, uow)
        phases = engine.kinds[operation.kind].phases
        spoken = {row.phase for row in uow.steps.of_operation(operation_id)}
        spoken |= {exchange["phase"] for exchange in operation.facts.get(BROKEN_AT, [])}
        for number in sorted(spoken):
            procedure = procedure_of(engine, context, phases[number], uow)
            try:
                batch = next(procedure)
                while True:
                    batch = procedure.send(run_batch(channel, batch))
            except StopIteration:
                continue
            except (Interrupted, CardsvcError):
                return
