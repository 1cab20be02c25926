"""The words that the side with the card and the side with the keys use with each other.

A *port* takes a job and hands out batches of commands until the job has ended. The operations engine is one; the HTTP
client is another, so a job runs the same way through a local reader, the desk agent and a terminal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum, unique
from typing import Any, Protocol, runtime_checkable

from cardsvc.iso7816.apdu import Answer, Command
from cardsvc.iso7816.exchange import Answers, Ask, Batch


@unique
class OperationState(StrEnum):
    """Where an operation stands.

    card       it waits for the card's answers to the commands of the current step
    done       it ended well; ``result`` says with what
    failed     it ended without its effect, or with an effect that ``problem`` explains
    abandoned  the card left or nobody answered in time; what is open is settled at the card's next contact
    """

    CARD = "card"
    DONE = "done"
    FAILED = "failed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a port says: the next commands, or how the operation ended.

    ``problem`` is an RFC 9457 problem details object with the members code, outcome, title, detail, next_step (zh and en);
    ``replayed`` marks an answer that was given before to the same request; times are ISO 8601 with offset.
    """

    id: str
    state: OperationState
    step: int = 0
    commands: Batch = ()
    expires_at: str | None = None
    result: Mapping[str, Any] | None = None
    problem: Mapping[str, Any] | None = None
    replayed: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class ReaderFacts:
    """What the side with the card knows of its reader, for the diagnosis and for the reader's health.

    ``name``: as PC/SC has it; ``machine``: the host it hangs on, where that is not the terminal itself;
    ``power_up_milliseconds``: from the request for a connection to the ATR; ``reconnects``: tries and resets before that one.
    """

    name: str = ""
    machine: str = ""
    power_up_milliseconds: float | None = None
    reconnects: int = 0

    def to_json(self) -> dict[str, Any]:
        """As it goes over HTTP and into the facts of an operation."""
        return asdict(self)


@runtime_checkable
class KnowsReader(Protocol):
    """A channel that can tell about the reader its card is in."""

    @property
    def reader(self) -> ReaderFacts:
        """What is known of the reader."""


def reader_of(channel: object) -> ReaderFacts | None:
    """What this channel tells about its reader, None when it cannot tell anything."""
    return channel.reader if isinstance(channel, KnowsReader) else None


class OperationPort(Protocol):
    """A place where one party (a desk, a terminal) has its operations carried out."""

    def start(self, kind: str, params: Mapping[str, Any], *, atr: bytes, idempotency_key: str) -> Reply:
        """Begin an operation on the card with this ATR. The same key with the same input gives the same operation."""

    def answer(self, operation_id: str, step: int, answers: Answers, reader: ReaderFacts | None = None) -> Reply:
        """The card's answers to the commands of a step. The same step with the same answers gives the same reply.

        ``reader``: told once, with the first answers.
        """

    def abandon(self, operation_id: str, step: int, answers: Answers, reason: str, reader: ReaderFacts | None = None) -> Reply:
        """The card left or the customer went: with the answers of this step that did come."""

    def status(self, operation_id: str) -> Reply:
        """Where an operation stands, for a client that lost the last reply."""


def ask_to_json(ask: Ask) -> dict[str, Any]:
    """A command as it goes over HTTP."""
    return {
        "command": ask.command.encode().hex().upper(),
        "name": ask.name,
        "expect": list(ask.expect),
        "changes": ask.changes,
        "secret": ask.secret,
    }


def reply_to_json(reply: Reply) -> dict[str, Any]:
    """A reply as it goes over HTTP."""
    return {
        "id": reply.id,
        "state": str(reply.state),
        "step": reply.step,
        "commands": [ask_to_json(ask) for ask in reply.commands],
        "expires_at": reply.expires_at,
        "result": reply.result,
        "problem": reply.problem,
    }


def ask_from_json(value: Mapping[str, Any]) -> Ask:
    """A command as it came over HTTP."""
    return Ask(
        command=Command.parse(bytes.fromhex(value["command"])),
        name=value["name"],
        expect=tuple(value["expect"]),
        changes=value["changes"],
        secret=value["secret"],
    )


def answers_to_json(answers: Answers) -> list[str]:
    """Answers as hex, data then status word."""
    return [answer.encode().hex().upper() for answer in answers]


def timings_of(answers: Answers) -> list[float | None]:
    """Milliseconds that the card took for each answer, None where nobody measured."""
    return [answer.milliseconds for answer in answers]


def answers_from_json(values: list[str], timings: Sequence[float | None] | None = None) -> Answers:
    """Answers from hex. Raises ValueError for what is not hex or timings of another number, CardError ``answer_malformed``."""
    answers = tuple(Answer.parse(bytes.fromhex(value)) for value in values)
    if timings is None:
        return answers
    return tuple(replace(answer, milliseconds=time) for answer, time in zip(answers, timings, strict=True))


def hot_list_text(kind: str, since: int, version: int, lines: list[tuple[str, str, int]]) -> bytes:
    """What the signature of a snapshot is over: a head line, then a line for each entry, each ended by a line feed."""
    head = f"cardsvc hotlist {kind} {since} {version}\n"
    return (head + "".join(f"{card_no} {action} {number}\n" for card_no, action, number in lines)).encode("ascii")
