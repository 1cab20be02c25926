"""Healthy cards of all kinds and ages: nothing is found, nothing changes, and few commands are needed."""

import copy
import datetime as dt
import random
import struct
from pathlib import Path

import pytest

from cardsvc.vcard import VirtualCard
from tests.diagnosis.patients import Patient
from tests.world import FAMILIES, World, key_ring

EACH = 250
FULL, QUICK = 40, 12


def ride(card: VirtualCard, card_no: str, fen: int, moment: dt.datetime, number: int) -> None:
    """A bus takes money offline: the books hear of it days later, or never. Written with the card's own cryptography."""
    from cardsvc.crypto.des import des_ecb_encrypt
    from cardsvc.crypto.epurse import diversify
    from cardsvc.vcard.crypto import purse_mac

    entry = next(e for e in key_ring().entries if e.name == "purse.purchase")
    key = diversify(entry.value, bytes.fromhex(card_no))
    terminal, stamp = bytes.fromhex("310000009999"), bytes.fromhex(f"{moment:%Y%m%d%H%M%S}")
    card.power_on()
    card.transmit(bytes.fromhex("00A4040009A00000000386980701"))
    init = card.transmit(bytes.fromhex("805001020B01") + struct.pack(">I", fen) + terminal + b"\x0f")
    session = des_ecb_encrypt(key, init[11:15] + init[4:6] + struct.pack(">I", number)[2:])
    mac1 = purse_mac(session, struct.pack(">IB6s", fen, 6, terminal) + stamp)
    answer = card.transmit(bytes.fromhex("805401000F") + struct.pack(">I", number) + stamp + mac1 + b"\x08")
    assert answer[-2:] == b"\x90\x00"
    card.power_off()


class Counting:
    """A channel that counts commands."""

    def __init__(self, card: VirtualCard, counts: list[int]) -> None:
        self._channel, self._counts, self.atr = card.channel(), counts, card.atr

    def transmit(self, command: bytes) -> bytes:
        self._counts[0] += 1
        return self._channel.transmit(command)

    def close(self) -> None:
        self._channel.close()


@pytest.mark.parametrize("family", FAMILIES)
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
        patient = Patient(world, card, lambda card=card, counts=counts: Counting(card, counts))  # type: ignore[misc]
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
    from tests.world import balance_on

    return balance_on(card)[0]


class Asking(Counting):
    """Counts what the host asks for: neither GET RESPONSE nor the same command again with the length that 6Cxx names."""

    def transmit(self, command: bytes) -> bytes:
        answer = super().transmit(command)
        if command[1] == 0xC0 or answer[-2] == 0x6C:
            self._counts[0] -= 1
        return answer


def test_a_card_with_pins_is_found_healthy_within_the_same_commands(tmp_path: Path) -> None:
    """Its three try counters are read, and none of them moves."""
    world = World(tmp_path / "city.db")
    card = world.issue("watchdata")
    world.topup(card, 10000)
    counts, before = [0], copy.copy(card._eeprom.image)
    report = Patient(world, card, lambda: Asking(card, counts)).examine()
    tries = [report["evidence"][f"application.{name}.pin_tries"] for name in ("purse", "bus", "parking")]
    assert (report["findings"], tries) == ([], [3, 3, 3])
    assert counts[0] <= FULL
    assert card._eeprom.image == before
    world.close()
