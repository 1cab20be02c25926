"""A reader of its own for a virtual card, behind a local socket: the client that uses it may be killed, the card stays.

One line a message, in hex: the ATR when somebody connects, then an answer for each command. Power ends with the connection.
"""

import socket
import threading
from typing import BinaryIO, cast

from cardsvc.errors import CardGone
from cardsvc.vcard import VirtualCard


class Reader:
    """One card on one port. ``close`` takes the card out for good."""

    def __init__(self, card: VirtualCard) -> None:
        self.card = card
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as lines:
                self._session(cast(BinaryIO, lines))

    def _session(self, lines: BinaryIO) -> None:
        channel = self.card.channel()
        try:
            self._say(lines, channel.atr)
            for line in lines:
                self._say(lines, channel.transmit(bytes.fromhex(line.decode("ascii"))))
        except (OSError, CardGone):
            pass  # the client was killed
        finally:
            channel.close()

    @staticmethod
    def _say(lines: BinaryIO, message: bytes) -> None:
        lines.write(message.hex().encode("ascii") + b"\n")
        lines.flush()

    def close(self) -> None:
        """Stop serving; the client must be gone."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


class ReaderChannel:
    """The other end: a channel to the card behind a port."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._lines = self._socket.makefile("rwb")
        self.atr = self._hear()

    def _hear(self) -> bytes:
        line = self._lines.readline()
        if not line:
            raise CardGone("card_gone")
        return bytes.fromhex(line.decode("ascii"))

    def transmit(self, command: bytes) -> bytes:
        """Send a command, return the answer."""
        self._lines.write(command.hex().encode("ascii") + b"\n")
        self._lines.flush()
        return self._hear()

    def close(self) -> None:
        """Take the power away."""
        self._lines.close()
        self._socket.close()
