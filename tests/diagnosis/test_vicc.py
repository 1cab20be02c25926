"""A foreign card OS, Debian's vsmartcard-vpicc, told for what it is (cli/test_foreign_reader.py: in a real reader).

Needs the package (scripts/setup installs it): where it is missing this fails, for a machine that cannot try a foreign card
has not tried one.
"""

import socket
import struct

import pytest

from cardsvc.cli.card.examine import examine
from cardsvc.vcard.vpcd import ATR, POWER_ON
from tests.diagnosis.foreign_os import ATR_OF_VICC, vicc
from tests.diagnosis.wild import READING
from tests.world import DESK, World

KINDS = {"iso7816": "card_unknown_family", "passport": "stranger_id", "eid": "stranger_id", "cryptoflex": "card_unknown_family"}
ATR_OF_CRYPTOFLEX = bytes.fromhex("3BE2000040204906")


class Foreign:
    """A channel to a vicc that took this for a vpcd: 2 bytes of length, then a command or a control byte."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection, self.asked = connection, list[bytes]()
        self._send(bytes((POWER_ON,)))
        self._send(bytes((ATR,)))
        self.atr = self._receive()

    def transmit(self, command: bytes) -> bytes:
        self.asked.append(command)
        self._send(command)
        return self._receive()

    def close(self) -> None:
        """It stays for the next power-up."""

    def _send(self, body: bytes) -> None:
        self._connection.sendall(struct.pack(">H", len(body)) + body)

    def _receive(self) -> bytes:
        (length,) = struct.unpack(">H", self._connection.recv(2, socket.MSG_WAITALL))
        return self._connection.recv(length, socket.MSG_WAITALL)


def accepted(listening: socket.socket) -> socket.socket | None:
    """The card's connection; None when it does not come."""
    listening.settimeout(10)
    try:
        connection, _ = listening.accept()
    except TimeoutError:
        return None
    connection.settimeout(10)
    return connection


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_card_is_told_for_what_it_is(kind: str, world: World) -> None:
    """Quick and full, by reading alone."""
    with socket.create_server(("127.0.0.1", 0)) as listening, vicc(kind, listening.getsockname()[1]):
        connection = accepted(listening)
        if connection is not None:
            with connection:
                atr = examined(world, connection, KINDS[kind])
                assert atr == (ATR_OF_CRYPTOFLEX if kind == "cryptoflex" else ATR_OF_VICC)
    assert connection is not None


def examined(world: World, connection: socket.socket, first: str) -> bytes:
    """What a desk sees of it; returns its ATR."""
    cards: list[Foreign] = []

    def connect() -> Foreign:
        cards.append(Foreign(connection))
        return cards[-1]

    for quick in (True, False):
        report = examine(world.engine, DESK, connect, quick=quick)
        assert [finding["code"] for finding in report["findings"]] == [first]
    assert {command[1] for card in cards for command in card.asked} <= READING
    (atr,) = {card.atr for card in cards}
    return atr
