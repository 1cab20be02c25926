"""What a procedure says to a card and hears from it.

A procedure is a generator: it yields batches of Ask and is sent the Answers. It does no I/O, reads no clock and draws
no random numbers, so running it again with the same arguments and answers gives the same bytes.

A batch holds commands that do not depend on each other's answers. The side with the card sends them in order and stops
after the first answer whose status is outside that command's ``expect``; the procedure gets the answers so far, always at
least one.
"""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cardsvc.errors import CardError, CardsvcError, Outcome, ReaderError, RequestError
from cardsvc.iso7816.apdu import Answer, Command
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.status import matches

SUCCESS = ("9000",)
AUTHENTICATIONS = ("VERIFY", "EXTERNAL AUTHENTICATE")
"""Commands that change a card only in that a wrong one costs a try."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One command to the card.

    ``expect``: status words that let the batch go on, as four hex digits, ``x`` for any digit (``63Cx``).
    ``changes``: the command may change the card, so a lost answer leaves the outcome unknown.
    ``secret``: data must not be logged (PINs, keys, personal data).
    ``name``: the standard's name of the command, for traces and messages.
    """

    command: Command
    name: str
    expect: tuple[str, ...] = SUCCESS
    changes: bool = False
    secret: bool = False

    @property
    def leaves_something(self) -> bool:
        """Whether the card may be another after it than before."""
        return self.changes and self.name not in AUTHENTICATIONS

    def accepts(self, answer: Answer) -> bool:
        """Whether this answer lets the batch go on."""
        return any(matches(answer.sw, pattern) for pattern in self.expect)


Batch = tuple[Ask, ...]
Answers = tuple[Answer, ...]

T = TypeVar("T")
Procedure = Generator[Batch, Answers, T]
"""A card procedure that ends with a T.  ``yield from`` composes them."""


def send(ask: Ask) -> Procedure[Answer]:
    """A batch of one."""
    answers = yield (ask,)
    return answers[0]


class Interrupted(Exception):
    """A batch broke off: ``answers`` came, then ``cause``. Whether ``in_flight`` took effect is not known."""

    def __init__(self, answers: Answers, in_flight: Ask, cause: CardsvcError) -> None:
        super().__init__(str(cause))
        self.answers = answers
        self.in_flight = in_flight
        self.cause = cause


def run_batch(channel: Channel, batch: Sequence[Ask]) -> Answers:
    """Send a batch to the card. Raises Interrupted when card or reader fail on the way."""
    answers: list[Answer] = []
    for ask in batch:
        try:
            answer = _timed(channel, ask)
        except (CardError, ReaderError) as cause:
            if not ask.changes:
                cause.outcome = Outcome.NOT_DONE
            raise Interrupted(tuple(answers), ask, cause) from cause
        answers.append(answer)
        if not ask.accepts(answer):
            break
    return tuple(answers)


def run_procedure(channel: Channel, procedure: Procedure[T]) -> T:
    """Carry a procedure out on a card that is at hand. Raises what stopped the card or the reader (CardError, ReaderError),
    and what the procedure raises."""
    try:
        batch = next(procedure)
        while True:
            batch = procedure.send(run_batch(channel, batch))
    except StopIteration as end:
        result: T = end.value
        return result
    except Interrupted as broken:
        raise broken.cause from None


def _timed(channel: Channel, ask: Ask) -> Answer:
    started = time.perf_counter()
    answer = Answer.parse(channel.transmit(ask.command.encode()))
    return replace(answer, milliseconds=round((time.perf_counter() - started) * 1000, 1))


def check_answers(batch: Sequence[Ask], answers: Sequence[Answer]) -> None:
    """Whether these can be the answers to this batch. Raises RequestError ``answers_do_not_fit``."""
    if not answers or len(answers) > len(batch):
        raise RequestError("answers_do_not_fit", expected=len(batch), given=len(answers))
    stopped = [not ask.accepts(answer) for ask, answer in zip(batch, answers, strict=False)]
    if any(stopped[:-1]) or (len(answers) < len(batch) and not stopped[-1]):
        raise RequestError("answers_do_not_fit", expected=len(batch), given=len(answers))
