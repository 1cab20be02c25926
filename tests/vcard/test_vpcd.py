"""The slot's end of the conversation with vpcd, against a socket that speaks as vpcd does (vpcd.c of vsmartcard)."""

import socket
import struct

import pytest

from cardsvc.vcard import VirtualCard, vpcd
from cardsvc.vcard.vpcd import ATR, VpcdSlot

PATIENCE = 60.0


def asked_for_the_atr(connection: socket.socket) -> bytes:
    """What vpcd does when it looks whether a card is there."""
    connection.sendall(struct.pack(">HB", 1, ATR))
    (length,) = struct.unpack(">H", connection.recv(2, socket.MSG_WAITALL))
    return connection.recv(length, socket.MSG_WAITALL)


def test_a_connection_that_vpcd_lost_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that it serves stays, however long it is silent between two commands."""
    monkeypatch.setattr(vpcd, "UNHEARD_SECONDS", 0.2)
    card = VirtualCard.blank("fudan-fmcos2")
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        slot = VpcdSlot(port=server.getsockname()[1])
        slot.insert(card)
        lost, _ = server.accept()
        served, _ = server.accept()
        with lost, served:
            assert lost.recv(1) == b""
            assert asked_for_the_atr(served) == card.atr
            served.settimeout(1)
            with pytest.raises(TimeoutError):
                served.recv(1)
            assert asked_for_the_atr(served) == card.atr
            slot.remove()
