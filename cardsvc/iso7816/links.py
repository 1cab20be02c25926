"""Links around a channel: each adds one thing and is itself a channel."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from cardsvc.errors import CardError
from cardsvc.iso7816.apdu import Answer, Command
from cardsvc.iso7816.channel import Channel

GET_RESPONSE_INS = 0xC0
RESPONSE_LIMIT = 4096
"""Response bytes collected over 61xx at the most: a hostile card must not keep us for ever (OpenSC 1731)."""

FETCH_LIMIT = 64
"""GET RESPONSEs in a row at the most: a card may announce more for ever and send nothing."""


class Link:
    """A channel around a channel that passes everything through."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    @property
    def atr(self) -> bytes:
        """The ATR of the card at the far end."""
        return self._channel.atr

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on."""
        return self._channel.transmit(command)

    def close(self) -> None:
        """Close the far end."""
        self._channel.close()


class ResponseLink(Link):
    """Fetches what 61xx announces and repeats once, with the right Le, what 6Cxx refuses.

    6Cxx is repeated only for a command that expects data: one real card answers a wrong PIN with 6C0x, and repeating
    a VERIFY would burn the tries. Once GET RESPONSE is refused the command is not repeated: it has been executed. GET RESPONSE
    itself is, with the length that 6Cxx names, and the data are still there (ISO/IEC 7816-3:2006, 10.3.3).
    """

    def transmit(self, command: bytes) -> bytes:
        """Send a command; return the whole response and the last status word."""
        answer = self._exactly(command)
        data = answer.data
        fetched = 0
        while answer.sw >> 8 == 0x61 and len(data) <= RESPONSE_LIMIT and fetched < FETCH_LIMIT:
            answer = self._exactly(self._get_response(command[0], answer.sw & 0xFF))
            data += answer.data
            fetched += 1
        if len(data) > RESPONSE_LIMIT or answer.sw >> 8 == 0x61:
            raise CardError("response_too_long", limit=RESPONSE_LIMIT)
        return Answer(data, answer.sw).encode()

    def _exactly(self, command: bytes) -> Answer:
        """The answer to a command, after the right Le where the card names one."""
        answer = Answer.parse(super().transmit(command))
        if answer.sw >> 8 == 0x6C and (exact := _with_le(command, answer.sw & 0xFF)):
            answer = Answer.parse(super().transmit(exact))
        return answer

    @staticmethod
    def _get_response(cla: int, available: int) -> bytes:
        """GET RESPONSE keeps the class' channel bits only; 6100 announces 256 bytes or more."""
        return Command(cla & 0x03, GET_RESPONSE_INS, le=available or 256).encode()


def _with_le(command: bytes, le: int) -> bytes | None:
    """The same command with another Le, or None when it expects no data."""
    parsed = Command.parse(command)
    if parsed.le is None:
        return None
    return Command(parsed.cla, parsed.ins, parsed.p1, parsed.p2, parsed.data, le or 256).encode()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One command and its answer as a trace may show them; ``answer`` is None when none came."""

    command: str
    answer: str | None
    milliseconds: float


class TraceLink(Link):
    """Reports every exchange to a listener with the data masked: only headers, lengths and status words leave it.

    Masking is done here and not by callers, so that no caller can forget it.
    """

    def __init__(self, channel: Channel, listener: Callable[[Exchange], None]) -> None:
        super().__init__(channel)
        self._listener = listener

    def transmit(self, command: bytes) -> bytes:
        """Pass a command on and report it, also when no answer comes."""
        started = time.perf_counter()
        raw: bytes | None = None
        try:
            raw = super().transmit(command)
            return raw
        finally:
            elapsed = (time.perf_counter() - started) * 1000
            self._listener(Exchange(mask_command(command), None if raw is None else mask_answer(raw), elapsed))


def mask_command(command: bytes) -> str:
    """Header and lengths of a command, its data replaced by their number: ``80 52 00 00 [11 bytes] Le 4``."""
    parsed = Command.parse(command)
    data = f" [{len(parsed.data)} bytes]" if parsed.data else ""
    le = "" if parsed.le is None else f" Le {parsed.le}"
    return parsed.header.hex(" ").upper() + data + le


def mask_answer(answer: bytes) -> str:
    """Status word of an answer, its data replaced by their number: ``[16 bytes] 9000``."""
    data = f"[{len(answer) - 2} bytes] " if len(answer) > 2 else ""
    return data + answer[-2:].hex().upper()
