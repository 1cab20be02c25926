"""What the side with the reader can measure of a card by itself: ATRs of several power-ups, times, failures. Reads only."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cardsvc.errors import CardError, ReaderError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.worker import MACHINE
from cardsvc.wire import ReaderFacts, reader_of

SELECT_MF = bytes.fromhex("00A40000023F00")
QUICK_POWER_UPS, POWER_UPS = 1, 3
TIMED = 2
STUCK = "reader_stuck"


@dataclass(slots=True)
class Measured:
    """``atr`` is the last one seen, empty when the card gave none; times in milliseconds, of first answers and of power-ups;
    failures as error codes; ``reader``: of the last power-up, where the channel knew it."""

    atr: bytes = b""
    atrs: list[str] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    power_ups: list[float] = field(default_factory=list)
    reconnects: int = 0
    reader: ReaderFacts | None = None

    @property
    def stuck(self) -> bool:
        """Whether a command got no answer: it keeps the reader until the card leaves, and every try after it would fail with
        ``reader_in_use``, which is not what is wrong."""
        return STUCK in self.failures

    def facts(self) -> dict[str, Any]:
        """As a parameter of the operation ``diagnose``."""
        return {
            "atrs": self.atrs,
            "milliseconds": self.milliseconds,
            "failures": self.failures,
            "power_ups": self.power_ups,
            "reconnects": self.reconnects,
        }


def measure(connect: Callable[[], Channel], power_ups: int = POWER_UPS) -> Measured:
    """Power the card up again and again. The first times also take one SELECT, whose answer does not matter.

    Errors of card and reader are what is measured; none comes out.
    """
    measured = Measured()
    for number in range(power_ups):
        try:
            _once(connect, measured, timed=number < TIMED)
        except (CardError, ReaderError) as error:
            measured.failures.append(error.code)
            if measured.reader is None and "reader" in error.details:
                measured.reader = ReaderFacts(error.details["reader"], MACHINE)
        if measured.stuck:
            break
    return measured


def _once(connect: Callable[[], Channel], measured: Measured, *, timed: bool) -> None:
    channel = connect()
    try:
        measured.reader = reader_of(channel)
        if measured.reader is not None:
            measured.reconnects += measured.reader.reconnects
            measured.power_ups.append(measured.reader.power_up_milliseconds or 0.0)
        measured.atr = channel.atr
        measured.atrs.append(channel.atr.hex().upper())
        if timed:
            started = time.perf_counter()
            channel.transmit(SELECT_MF)
            measured.milliseconds.append(round((time.perf_counter() - started) * 1000, 3))
    finally:
        channel.close()
