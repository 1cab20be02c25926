"""A reader in a process of its own, with a deadline for every exchange.

A silent card blocks SCardTransmit for ever, and nothing but the card leaving frees it. So the blocking call lives in a child
process; when the deadline passes, the child is killed, the outcome is unknown, and the user is told to take the card out.

The two talk over pipes, each message a 4-byte length and a body. To the child: a command APDU; empty ends it. From the child:
one byte, 00 and data (first how the card was powered up, see OPENED, and its ATR, then answers) or 01 and JSON {family, code,
outcome, details}.
"""

import json
import os
import platform
import select
import struct
import subprocess
import sys
import time
from typing import BinaryIO

from cardsvc import errors
from cardsvc.errors import CardsvcError, Outcome, ReaderError
from cardsvc.wire import ReaderFacts

GOOD, BAD = b"\x00", b"\x01"
OPENED = struct.Struct(">HI")
"""Tries and resets before the connection, and the milliseconds that it took."""
FRESH = "fresh"
MACHINE = platform.node()[:64]
EXCHANGE_SECONDS = 10.0
OPEN_SECONDS = 15.0


class WorkerChannel:
    """A card in a PC/SC reader, behind a worker process (iso7816.channel.Channel)."""

    def __init__(
        self,
        reader: str,
        *,
        deadline: float = EXCHANGE_SECONDS,
        opening: float = OPEN_SECONDS,
        fresh: bool = False,
        reconnects: int = 0,
    ) -> None:
        """Deadlines in seconds; ``fresh``: the card's power is taken away and given again; ``reconnects``: of before."""
        self._name = reader
        self._deadline = deadline
        self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
            [sys.executable, "-m", "cardsvc.readers.worker", reader, *([FRESH] if fresh else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
        )
        opened = self._receive(opening)
        tries, milliseconds = OPENED.unpack_from(opened)
        self._atr = opened[OPENED.size :]
        self._facts = ReaderFacts(reader, MACHINE, float(milliseconds), reconnects + tries)

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._atr

    @property
    def reader(self) -> ReaderFacts:
        """The reader, and how the card was powered up (wire.KnowsReader)."""
        return self._facts

    def transmit(self, command: bytes) -> bytes:
        """Send one command. Raises ReaderError ``reader_stuck`` when the deadline passes."""
        process = self._process
        if process is None or process.stdin is None:
            raise errors.CardGone("card_gone", outcome=Outcome.NOT_DONE)
        try:
            process.stdin.write(_framed(command))
        except BrokenPipeError:
            self._kill()
            raise ReaderError("reader_failed", outcome=Outcome.UNKNOWN, result="worker ended") from None
        return self._receive(self._deadline)

    def _receive(self, seconds: float) -> bytes:
        process = self._process
        if process is None or process.stdout is None:
            raise errors.CardGone("card_gone", outcome=Outcome.NOT_DONE)
        until = time.monotonic() + seconds
        try:
            (length,) = struct.unpack(">I", _exactly(process.stdout.fileno(), 4, until))
            body = _exactly(process.stdout.fileno(), length, until)
        except TimeoutError:
            self._kill()
            raise ReaderError("reader_stuck", outcome=Outcome.UNKNOWN, reader=self._name) from None
        except EOFError:
            self._kill()
            raise ReaderError("reader_failed", outcome=Outcome.UNKNOWN, result="worker ended") from None
        if body[:1] == GOOD:
            return body[1:]
        self.close()
        raise _error(body[1:], self._name)

    def close(self) -> None:
        """Let the child power the card off and end."""
        process = self._process
        if process is None:
            return
        try:
            if process.stdin is not None:
                process.stdin.write(_framed(b""))
            process.wait(timeout=2)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            pass
        self._kill()

    def _kill(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _framed(body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + body


def _exactly(descriptor: int, length: int, until: float) -> bytes:
    """Exactly this many bytes from a pipe before a moment. Raises TimeoutError or EOFError."""
    data = b""
    while len(data) < length:
        ready, _, _ = select.select([descriptor], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError
        part = os.read(descriptor, length - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def _error(body: bytes, reader: str) -> CardsvcError:
    """The error that a worker met, raised again on this side; its details name the reader."""
    told = json.loads(body)
    family: type[CardsvcError] = getattr(errors, told["family"])
    return family(told["code"], outcome=Outcome(told["outcome"]), **{**told["details"], "reader": reader})


def _told(error: CardsvcError) -> bytes:
    details = {name: str(value) for name, value in error.details.items()}
    told = {"family": type(error).__name__, "code": error.code, "outcome": error.outcome, "details": details}
    return BAD + json.dumps(told).encode()


def _read_frame(stream: BinaryIO) -> bytes:
    head = stream.read(4)
    return stream.read(struct.unpack(">I", head)[0]) if len(head) == 4 else b""


def main(reader: str, *how: str) -> None:
    """The child: connect, report the ATR, then answer commands until told to end or the parent is gone."""
    from cardsvc.readers.pcsc import PcscChannel  # noqa: PLC0415 - only the child may load pyscard

    source, sink = sys.stdin.buffer, sys.stdout.buffer

    def say(body: bytes) -> None:
        sink.write(_framed(body))
        sink.flush()

    try:
        channel = PcscChannel(reader, fresh=FRESH in how)
    except CardsvcError as error:
        say(_told(error))
        return
    try:
        say(GOOD + OPENED.pack(min(channel.reconnects, 0xFFFF), channel.power_up_milliseconds) + channel.atr)
        while command := _read_frame(source):
            try:
                say(GOOD + channel.transmit(command))
            except CardsvcError as error:
                say(_told(error))
                return
    except BrokenPipeError:
        return
    finally:
        channel.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
