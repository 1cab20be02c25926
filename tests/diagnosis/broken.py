"""Cards that are broken or mean harm, as nobody's program makes them: each is a few lines that answer a command.

Nothing here comes from the card layer or from the virtual cards of cardsvc. ``in_reader`` puts one into the real pcscd's vpcd
reader, whose protocol is spoken here once more: 2 bytes of length, then a command, or a control byte (00 off, 01 on, 02 reset,
04 the ATR).
"""

import itertools
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

Answer = Callable[[bytes], bytes]
OK, NOT_FOUND, NO_DIAGNOSIS = bytes.fromhex("9000"), bytes.fromhex("6A82"), bytes.fromhex("6F00")
FILES = {0x05: bytes(range(30)), 0x15: bytes(range(100, 130))}
"""Two files of a plain card, by short identifier."""


def plain(command: bytes) -> bytes:
    """A small sound card that is nobody's: an MF, two files, a challenge, a balance."""
    match command[1]:
        case 0xA4:
            return OK if command[5:7] == b"\x3f\x00" else NOT_FOUND
        case 0xB0:
            return _part(FILES.get(command[2] & 0x1F) if command[2] & 0x80 else None, command[4])
        case 0xB2:
            return bytes.fromhex("6A83")
        case 0x84:
            return bytes(range(command[4])) + OK
        case 0x5C:
            return bytes.fromhex("000004D2") + OK
    return bytes.fromhex("6D00")


def _part(content: bytes | None, le: int) -> bytes:
    if content is None:
        return NOT_FOUND
    return content[:le] + OK if 0 < le <= len(content) else bytes((0x6C, len(content)))


def always(answer: str) -> Callable[[], Answer]:
    """The same to everything."""
    return lambda: lambda _command: bytes.fromhex(answer)


def third_try() -> Answer:
    """Two commands fail, one is answered."""
    numbers = itertools.count(1)
    return lambda command: NO_DIAGNOSIS if next(numbers) % 3 else plain(command)


def stale() -> Answer:
    """Every answer belongs to the command before."""
    last = [OK]

    def answer(command: bytes) -> bytes:
        old, last[0] = last[0], plain(command)
        return old

    return answer


def shorter() -> Answer:
    """Half of what Le asked for."""
    return lambda command: _data(command, lambda data: data[: len(data) // 2])


def longer() -> Answer:
    """More than Le asked for."""
    return lambda command: _data(command, lambda data: data and data + b"\xaa" * 7)


def erased() -> Answer:
    """Every byte reads FF, those that the standards keep for later among them."""
    return lambda command: _data(command, lambda data: b"\xff" * len(data))


def _data(command: bytes, change: Callable[[bytes], bytes]) -> bytes:
    whole = plain(command)
    return change(whole[:-2]) + whole[-2:]


def chain() -> Answer:
    """T=0 to the letter, one byte at a time, and the last GET RESPONSE with a wrong length first."""
    waiting = bytearray()

    def answer(command: bytes) -> bytes:
        if command[1] != 0xC0:
            whole = plain(command)
            waiting[:] = whole[:-2]
            return whole if len(whole) == 2 else bytes.fromhex("6101")
        part = bytes((waiting.pop(0),))
        return part + (bytes.fromhex("6101") if waiting else OK)

    return answer


@dataclass(frozen=True, slots=True)
class Broken:
    """One kind. ``unknown``: the first finding where its chip is of no known family; ``ours``: where the books know the chip
    as a card that is issued; ``also``: or one of these, where the card answers now so and now so."""

    name: str
    behaviour: Callable[[], Answer]
    unknown: str
    ours: str
    also: tuple[str, ...] = ()


BROKEN = (
    Broken("nothing-found", always("6A82"), "card_unknown_family", "card_erased"),
    Broken("no-instruction", always("6D00"), "stranger_deaf", "card_dead"),
    Broken("no-class", always("6E00"), "stranger_deaf", "card_dead"),
    Broken("no-diagnosis", always("6F00"), "stranger_deaf", "card_dead"),
    Broken("wrong-length", always("6700"), "stranger_deaf", "card_dead"),
    Broken("not-satisfied", always("6985"), "card_unknown_family", "card_dead"),
    Broken("no-access", always("6982"), "card_unknown_family", "card_dead"),
    Broken("memory-failed", always("6581"), "card_unknown_family", "card_dead"),
    Broken("no-tries", always("63C0"), "card_unknown_family", "card_dead"),
    Broken("no-status-00", always("0000"), "stranger_deaf", "card_dead"),
    Broken("no-status-ff", always("FFFF"), "stranger_deaf", "card_dead"),
    Broken("null-bytes", always("60606000"), "stranger_deaf", "card_dead"),
    Broken("yes-to-all", always("9000"), "stranger_agreeing", "answers_senseless"),
    Broken("plain", lambda: plain, "card_unknown_family", "card_erased"),
    Broken("third-try", third_try, "card_unknown_family", "card_dead", ("answers_senseless",)),
    Broken("stale", stale, "stranger_agreeing", "answers_senseless", ("card_erased",)),
    Broken("shorter-than-le", shorter, "card_unknown_family", "answers_senseless", ("card_erased",)),
    Broken("longer-than-le", longer, "card_unknown_family", "answers_senseless", ("card_erased",)),
    Broken("all-ff", erased, "card_unknown_family", "card_erased"),
    Broken("byte-by-byte", chain, "card_unknown_family", "card_erased"),
)


@contextmanager
def in_reader(atr: bytes, answer: Answer, port: int) -> Iterator[list[bytes]]:
    """A card with this ATR in the vpcd reader that listens on this port; yields what it is asked."""
    asked: list[bytes] = []
    connection = socket.create_connection(("127.0.0.1", port))
    serving = threading.Thread(target=_serve, args=(connection, atr, answer, asked), daemon=True)
    serving.start()
    try:
        yield asked
    finally:
        connection.shutdown(socket.SHUT_RDWR)
        serving.join()
        connection.close()


def _serve(connection: socket.socket, atr: bytes, answer: Answer, asked: list[bytes]) -> None:
    while True:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        head = connection.recv(2, socket.MSG_WAITALL)
        if len(head) < 2:
            return
        body = connection.recv(struct.unpack(">H", head)[0], socket.MSG_WAITALL)
        if len(body) > 1:
            asked.append(body)
            reply = answer(body)
        elif body == b"\x04":
            reply = atr
        else:
            continue
        connection.sendall(struct.pack(">H", len(reply)) + reply)
