"""The same jobs over T=0, where answers to commands with data are fetched and wrong lengths are refused."""

import uuid

import pytest

from cardsvc.iso7816.apdu import Command
from cardsvc.readers.carry import carry_out
from cardsvc.vcard import VirtualCard
from tests.world import DESK, FAMILIES, World


class OverT0:
    """A card as a T=0 reader shows it: 61xx after commands with data, 6Cxx for reads that ask for too much."""

    def __init__(self, card: VirtualCard) -> None:
        self._channel = card.channel()
        self._waiting = b""
        self.fetched = 0
        self.atr = card.atr

    def transmit(self, command: bytes) -> bytes:
        """ISO/IEC 7816-3:2006, 12.2."""
        parsed = Command.parse(command)
        if parsed.ins == 0xC0:
            self.fetched += 1
            assert parsed.le == len(self._waiting)
            return self._waiting + b"\x90\x00"
        answer = self._channel.transmit(command[:-1] if parsed.case == 4 else command)
        data = answer[:-2]
        if parsed.data and data and answer[-2:] == b"\x90\x00":
            self._waiting = data
            return bytes((0x61, len(data)))
        if parsed.case == 2 and data and parsed.le is not None and parsed.le != len(data):
            return bytes((0x6C, len(data)))
        return answer

    def close(self) -> None:
        """Take the card off power."""
        self._channel.close()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_whole_story_over_t0(world: World, family: str) -> None:
    """Personalise, open, top up, spend, inspect."""
    card = VirtualCard.blank(family, seed=1)
    channel = OverT0(card)
    jobs = (
        ("personalise", {"citizen_id": world.citizen()}),
        ("open", {"application": "bus", "product": "T"}),
        ("topup", {"amount": 10000, "payment": {"method": "cash"}}),
        ("purchase", {"amount": 200, "merchant": "bus"}),
    )
    for kind, params in jobs:
        carry_out(world.port(DESK), channel, kind, params, idempotency_key=str(uuid.uuid4()))
    seen = carry_out(world.port(DESK), channel, "inspect", {}, idempotency_key=str(uuid.uuid4()))
    assert seen["purse"]["balance"] == 9800 == world.purse_total(seen["card_no"])
    assert channel.fetched > 10
