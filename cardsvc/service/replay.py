"""Running a procedure again from its start with answers that were stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cardsvc.errors import OperationError
from cardsvc.iso7816.exchange import Batch, Procedure
from cardsvc.wire import answers_from_json


@dataclass(frozen=True, slots=True)
class Waiting:
    """The procedure wants the answers to these commands."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Ended:
    """The procedure has ended with this value."""

    value: Any


def run_phase(name: str, procedure: Procedure[Any], stored: Sequence[list[str]]) -> Waiting | Ended:
    """Feed the stored answers, one list a step. Errors that the procedure raises come out.

    Raises OperationError ``procedure_not_deterministic`` when it ends before all stored answers were used: a defect.
    """
    try:
        batch = next(procedure)
        for used, answers in enumerate(stored):
            try:
                batch = procedure.send(answers_from_json(answers))
            except StopIteration as end:
                if used != len(stored) - 1:
                    raise OperationError("procedure_not_deterministic", kind=name) from None
                return Ended(end.value)
    except StopIteration as end:
        return Ended(end.value)
    procedure.close()
    return Waiting(batch)
