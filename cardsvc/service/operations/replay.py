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


@dataclass(slots=True)
class Played:
    """A procedure as far as the answers go that it has heard; how many, and where it stands."""

    name: str
    procedure: Procedure[Any]
    outcome: Waiting | Ended
    heard: int = 0

    def hear(self, answers: list[str]) -> None:
        """Go on with the answers of one step. Errors that the procedure raises come out.

        Raises OperationError ``procedure_not_deterministic`` when it has ended before: a defect.
        """
        if isinstance(self.outcome, Ended):
            raise OperationError("procedure_not_deterministic", kind=self.name)
        self.heard += 1
        try:
            self.outcome = Waiting(self.procedure.send(answers_from_json(answers)))
        except StopIteration as end:
            self.outcome = Ended(end.value)


def play(name: str, procedure: Procedure[Any], stored: Sequence[list[str]]) -> Played:
    """A procedure from its start with the stored answers, one list a step. Raises as ``Played.hear``."""
    try:
        played = Played(name, procedure, Waiting(next(procedure)))
    except StopIteration as end:
        played = Played(name, procedure, Ended(end.value))
    for answers in stored:
        played.hear(answers)
    return played
