"""Healthy cards of all kinds and ages: nothing is found, nothing changes, and few commands are needed."""

import copy
import datetime as dt
import random
import struct
from pathlib import Path

import pytest

from cardsvc.iso7816.links import ResponseLink
from cardsvc.vcard import VirtualCard
from tests.diagnosis.patients import Patient
from tests.examples import TIMES
from tests.world import ISSUABLE, World, area_on, key_ring

EACH = 48 * TIMES
"""Examinations of a family's five cards; in a long run they grow old."""
FULL, QUICK = 40, 12


def ride(card: VirtualCard, card_no: str, fen: int, moment: dt.datetime, number: int) -> None:
    """A bus takes money offline: the books hear of it days later, or never. Written with the card's own cryptography."""
    from cardsvc.crypto.des import des_ecb_encrypt
    from cardsvc.crypto.epurse import diversify
    from cardsvc.vcard.crypto import purse_mac

    entry = next(e for e in key_ring().entries if e.name == "purse.purchase")
    key, card_id = diversify(entry.value, bytes.fromhex(card_no)), b""
    terminal, stamp = bytes.fromhex("310000009999"), bytes.fromhex(f"{moment:%Y%m%d%H%M%S}")
    channel = ResponseLink(card.channel())
    if card.dialect.name == "huada-city":
        card_id = channel.transmit(bytes.fromhex("80CA000009"))[:-2]
    channel.transmit(bytes.fromhex("00A4040009A0000000038698070100"))
    init = channel.transmit(bytes.fromhex("805001020B01") + struct.pack(">I", fen) + terminal + b"\x0f")
    session = des_ecb_encrypt(key, init[11:15] + init[4:6] + struct.pack(">I", number)[2:])
    mac1 = purse_mac(session, struct.pack(">IB6s", fen, 6, terminal) + stamp + card_id)
    answer = channel.transmit(bytes.fromhex("805401000F") + struct.pack(">I", number) + stamp + mac1 + b"\x08")
    assert answer[-2:] == b"\x90\x00"
    channel.close()


class Asking:
    """Counts what the host asks for: neither GET RESPONSE nor the same command again with the length that 6Cxx names."""

    def __init__(self, card: VirtualCard, counts: list[int]) -> None:
        self._channel, self._counts, self.atr = card.channel(), counts, card.atr

    def transmit(self, command: bytes) -> bytes:
        answer = self._channel.transmit(command)
        self._counts[0] += command[1] != 0xC0 and answer[-2] != 0x6C
        return answer

    def close(self) -> None:
        self._channel.close()


@pytest.mark.parametrize("family", ISSUABLE)
def test_nothing_is_found_on_healthy_cards(family: str, tmp_path: Path) -> None:
    """Cards grow older by loads, purchases, rides that the books never heard of, openings and months."""
    world = World(tmp_path / "city.db")
    rng = random.Random(family)
    cards = [world.issue(family, number) for number in range(1, 6)]
    numbers = [f"31000101{number:08d}" for number in range(1, 6)]
    for turn in range(EACH):
        place = turn % len(cards)
        grow(world, cards[place], numbers[place], rng, turn)
        counts, quick = [0], turn % 2 == 0
        card = cards[place]
        # misc: the loop's values are bound as defaults, which mypy gives no type.
        patient = Patient(world, card, lambda card=card, counts=counts: Asking(card, counts))  # type: ignore[misc]
        before = copy.copy(card._eeprom.image)
        report = patient.examine(quick=quick)
        assert report["findings"] == [], (turn, report["findings"])
        assert report["healthy"]
        assert report["card_no"] == numbers[place]
        assert counts[0] <= (QUICK if quick else FULL)
        assert card._eeprom.image == before
    world.close()


def grow(world: World, card: VirtualCard, card_no: str, rng: random.Random, turn: int) -> None:
    """One event in a card's life, or none."""
    match rng.randrange(9):
        case 0:
            if world.purse_total(card_no) <= 50000:
                world.topup(card, 5000)
        case 1 | 2:
            if card_balance(card) >= 400:
                ride(card, card_no, 200, world.now, turn)
        case 3:
            if card_balance(card) >= 400:
                world.do(card, "purchase", amount=200, merchant="bus")
        case 4:
            world.now += dt.timedelta(days=rng.randrange(4))
        case 5:
            with world.store.read() as uow:
                opened = {row.application for row in uow.applications.of_card(card_no)}
            if "library" not in opened:
                world.do(card, "open", application="library", product="1")


def card_balance(card: VirtualCard) -> int:
    """Balance as it stands in the card."""
    return area_on(card, "purse")
