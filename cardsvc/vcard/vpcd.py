"""A virtual card in a slot of the real pcscd, through the vpcd driver: any PC/SC program sees it.

vpcd listens; we connect to it. Each message is a 2-byte length and a body; a body of one byte is control: 00 power off,
01 power on, 02 reset, 04 send the ATR. Closing the connection takes the card out. vpcd sends length and body in two packets, so
without TCP_QUICKACK before every receive each command costs 40 ms (measured).
"""

import contextlib
import socket
import struct
import threading
import time
from typing import Protocol

from cardsvc.errors import CardError, CardGone

POWER_OFF, POWER_ON, RESET, ATR = 0x00, 0x01, 0x02, 0x04
LOOK = bytes([ATR])
"""How pcscd looks whether a card is there."""
DEFAULT_PORT = 35963
RECONNECT_SECONDS = 0.2
AWAY_SECONDS = 0.8
"""A card stays out at least this long: pcscd looks twice a second, and a card that comes back unseen is never powered again."""
UNSEEN_LOOKS = 4
"""pcscd powers a card as soon as it sees one come. One that it looks at so often and does not power came back unseen: the one
before it left in the middle of a command, and pcscd did not look between the two. It has to be away once more."""


class Insertable(Protocol):
    """A card that a slot takes: one of our card OSes, or an old bus card behind a contactless reader.

    vpcd passes commands on as they are. So the pseudo-APDUs of PC/SC part 3 (class FF), which a real contactless reader answers
    by itself, reach the card, and a virtual old card answers them in its reader's place.
    """

    @property
    def atr(self) -> bytes:
        """Answer to reset, as the reader shows it; without one vpcd takes the slot for empty."""

    def power_on(self) -> None:
        """Give power, or reset."""

    def power_off(self) -> None:
        """Take the power away."""

    def transmit(self, command: bytes) -> bytes:
        """One command. Raises CardGone when the card leaves, another CardError when it stays silent."""


class _UnseenError(Exception):
    """pcscd did not see that this card came."""


class VpcdSlot:
    """One slot: insert a card, remove it. A thread serves the card; a card that loses its power falls out of the slot."""

    def __init__(self, host: str = "127.0.0.1", port: int = DEFAULT_PORT) -> None:
        self._address = (host, port)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._gone_at = -AWAY_SECONDS
        self._comes_back = False

    def insert(self, card: Insertable, *, comes_back: bool = False) -> None:
        """Put a card in, after taking out the one that was there. It stays until removed, through restarts of pcscd.
        ``comes_back``: losing its power it does not fall out, but is there again a moment later, as one that lies badly."""
        self.remove()
        self._comes_back = comes_back
        time.sleep(max(0.0, self._gone_at + AWAY_SECONDS - time.monotonic()))
        self._stop.clear()
        self._thread = threading.Thread(target=self._serve, args=(card,), name="vpcd", daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Take the card out."""
        self._stop.set()
        connection = self._socket
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
            self._thread = None

    close = remove

    @property
    def occupied(self) -> bool:
        """Whether a card is in the slot."""
        return self._thread is not None and self._thread.is_alive()

    def _serve(self, card: Insertable) -> None:
        while not self._stop.is_set():
            try:
                with socket.create_connection(self._address, timeout=5) as connection:
                    connection.settimeout(None)
                    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._socket = connection
                    self._talk(connection, card)
            except _UnseenError:
                self._stop.wait(AWAY_SECONDS)
            except CardGone:
                if self._comes_back:
                    self._stop.wait(AWAY_SECONDS)
                else:
                    self._stop.set()
            except OSError:
                pass
            finally:
                self._socket = None
                self._gone_at = time.monotonic()
                card.power_off()
            self._stop.wait(RECONNECT_SECONDS)

    def _talk(self, connection: socket.socket, card: Insertable) -> None:
        """Serve until the connection ends (pcscd stopped), the card loses its power, or pcscd does not see that it came."""
        looks, powered = 0, False
        while not self._stop.is_set() and (body := _receive(connection)) is not None:
            looks, powered = looks + 1, powered or body != LOOK
            if looks > UNSEEN_LOOKS and not powered:
                raise _UnseenError
            answer = _answer(card, body)
            if answer is not None:
                connection.sendall(struct.pack(">H", len(answer)) + answer)


def _answer(card: Insertable, body: bytes) -> bytes | None:
    try:
        return card.transmit(body) if len(body) > 1 else _controlled(card, body)
    except CardError as error:
        if isinstance(error, CardGone):
            raise
        return None


def _controlled(card: Insertable, body: bytes) -> bytes | None:
    control = body[0] if body else POWER_OFF
    if control in (POWER_ON, RESET):
        card.power_on()
    elif control == POWER_OFF:
        card.power_off()
    elif control == ATR:
        return card.atr
    return None


def _receive(connection: socket.socket) -> bytes | None:
    head = _exactly(connection, 2)
    return None if head is None else _exactly(connection, struct.unpack(">H", head)[0])


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    data = b""
    while len(data) < length:
        if hasattr(socket, "TCP_QUICKACK"):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = connection.recv(length - len(data))
        if not part:
            return None
        data += part
    return data
