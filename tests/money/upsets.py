"""What goes wrong between card and service: replies are lost, clients die, terminals are suspended, time passes.

Every call goes to another worker. The upset strikes at one call of an operation, counted from 1.

upset      what happens at that call
lost       the service did it, its reply was lost, the client sends the same again
gone       the service did it, its reply was lost, and the client never comes back
suspended  the terminal is suspended from that call on
slow       two minutes pass before that call: the operation's time is over
month      the month ends before that call
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cardsvc.iso7816.exchange import Answers
from cardsvc.service.operations.kinds import Actor
from cardsvc.units import LOCAL
from cardsvc.wire import ReaderFacts, Reply
from tests.world import World

UPSETS = ("lost", "gone", "suspended", "slow", "month")


class ClientGone(Exception):
    """The client died."""


@dataclass(frozen=True)
class Upset:
    """Which upset, at which call."""

    kind: str = "none"
    call: int = 0


class UpsetPort:
    """wire.OperationPort of one party for one operation, with one upset."""

    def __init__(self, world: World, actor: Actor, upset: Upset) -> None:
        self._world = world
        self._actor = actor
        self._upset = upset
        self._calls = 0

    def start(self, kind: str, params: Mapping[str, Any], *, atr: bytes, idempotency_key: str) -> Reply:
        """See OperationPort.start."""
        return self._call(lambda port: port.start(kind, params, atr=atr, idempotency_key=idempotency_key))

    def answer(self, operation_id: str, step: int, answers: Answers, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.answer."""
        return self._call(lambda port: port.answer(operation_id, step, answers, reader))

    def abandon(self, operation_id: str, step: int, answers: Answers, reason: str, reader: ReaderFacts | None = None) -> Reply:
        """See OperationPort.abandon."""
        return self._call(lambda port: port.abandon(operation_id, step, answers, reason, reader))

    def status(self, operation_id: str) -> Reply:
        """See OperationPort.status."""
        return self._call(lambda port: port.status(operation_id))

    def _call(self, asked: Callable[[Any], Reply]) -> Reply:
        self._calls += 1
        strikes = self._calls == self._upset.call
        if strikes and self._upset.kind == "suspended":
            self._actor = dataclasses.replace(self._actor, suspended=True)
        if strikes and self._upset.kind == "slow":
            self._world.now += dt.timedelta(minutes=2)
        if strikes and self._upset.kind == "month":
            self._world.now = next_month(self._world.now)
        reply = asked(self._world.new_engine().port(self._actor))
        if strikes and self._upset.kind == "gone":
            raise ClientGone
        if strikes and self._upset.kind == "lost":
            return asked(self._world.new_engine().port(self._actor))
        return reply


def next_month(now: dt.datetime) -> dt.datetime:
    """The first moment of the next month in Hangzhou."""
    first = now.astimezone(LOCAL).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + dt.timedelta(days=32)).replace(day=1)
