"""The loop of the side with the card: take commands from a port, send them to the card, bring the answers back.

It is the whole of what a terminal has to do. It knows no keys and no rules.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from cardsvc.errors import CardsvcError, Outcome
from cardsvc.iso7816.channel import Channel
from cardsvc.iso7816.exchange import Answers, Ask, Batch, Interrupted, run_batch
from cardsvc.iso7816.links import ResponseLink
from cardsvc.wire import OperationPort, OperationState, ReaderFacts, Reply, reader_of

Progress = Callable[[Ask], None]


class CarriedOut(Exception):
    """An operation ended in another way than well; ``reply`` holds its problem."""

    def __init__(self, reply: Reply) -> None:
        problem = reply.problem or {}
        super().__init__(f"{problem.get('code', reply.state)} ({problem.get('outcome', Outcome.UNKNOWN)})")
        self.reply = reply


class Stopped(KeyboardInterrupt):
    """Ctrl-C while a card was asked: it may have done what it was told last, so nothing is simply cancelled."""


def no_progress(_ask: Ask) -> None:
    """Nobody watches."""


def carry_out(
    port: OperationPort,
    channel: Channel,
    kind: str,
    params: Mapping[str, Any],
    *,
    idempotency_key: str,
    progress: Progress = no_progress,
) -> Mapping[str, Any]:
    """Carry one operation to the card and return its result.

    Raises CarriedOut when it ended in a problem, and the reader's own error when the card or the reader failed: the port was
    told then how far it got, and what is open is settled at the card's next contact.
    """
    reply = port.start(kind, params, atr=channel.atr, idempotency_key=idempotency_key)
    return finish(port, channel, reply, progress=progress)


def finish(port: OperationPort, channel: Channel, reply: Reply, *, progress: Progress = no_progress) -> Mapping[str, Any]:
    """Go on with an operation that waits for the card. GET RESPONSE and wrong lengths are this side's business.

    Ctrl-C breaks it off as if the card had left, and comes out as Stopped.
    """
    try:
        return _finish(port, channel, reply, progress)
    except KeyboardInterrupt:
        _break_off(port, reply.id)
        raise Stopped from None


def _break_off(port: OperationPort, operation_id: str) -> None:
    """Without this the card would count as busy until the operation lapses; where it fails, that is what happens."""
    with suppress(CardsvcError):
        stands = port.status(operation_id)
        port.abandon(operation_id, stands.step, (), "interrupted")


def _finish(port: OperationPort, channel: Channel, reply: Reply, progress: Progress) -> Mapping[str, Any]:
    card, reader = ResponseLink(channel), reader_of(channel)
    while reply.state is OperationState.CARD:
        answers = _exchange(port, card, reply, reader, progress)
        step, reply, reader = reply.step, port.answer(reply.id, reply.step, answers, reader), None
        if reply.state is OperationState.CARD and reply.step <= step:
            # An old reply came again on the way: its commands were sent to the card already and must not be once more.
            reply = port.status(reply.id)
    if reply.state is not OperationState.DONE or reply.result is None:
        raise CarriedOut(reply)
    return reply.result


def _exchange(port: OperationPort, channel: Channel, reply: Reply, reader: ReaderFacts | None, progress: Progress) -> Answers:
    try:
        return run_batch(_Watched(channel, reply.commands, progress), reply.commands)
    except Interrupted as broken:
        broken.cause.outcome = _reported(port, reply, broken, reader)
        raise broken.cause from None


def _reported(port: OperationPort, reply: Reply, broken: Interrupted, reader: ReaderFacts | None) -> Outcome:
    """Tell the port that the card left; it says what the operation came to, of which the last command is only a part. If that
    fails as well, the operation lapses by itself, and nobody knows."""
    try:
        left = port.abandon(reply.id, reply.step, broken.answers, broken.cause.code, reader)
    except CardsvcError as failure:
        failure.add_note("the port could not be told that the card left; the operation lapses by itself")
        broken.cause.__cause__ = failure
        return Outcome.UNKNOWN
    return Outcome((left.problem or {}).get("outcome", Outcome.UNKNOWN))


class _Watched:
    """A channel that reports each command before it goes out."""

    def __init__(self, channel: Channel, batch: Batch, progress: Progress) -> None:
        self._channel = channel
        self._waiting = iter(batch)
        self._progress = progress

    @property
    def atr(self) -> bytes:
        """The card's ATR."""
        return self._channel.atr

    def transmit(self, command: bytes) -> bytes:
        """Report, then send."""
        self._progress(next(self._waiting))
        return self._channel.transmit(command)

    def close(self) -> None:
        """Close the card's channel."""
        self._channel.close()
