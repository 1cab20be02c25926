"""Inputs for the fuzzer: what virtual cards answered, changed in every way that bytes can be; and cards that mean harm."""

import random
from collections.abc import Callable
from pathlib import Path

from cardsvc.iso7816.channel import Channel
from cardsvc.vcard import VirtualCard
from tests.world import ISSUABLE, World

EDGES = (0x00, 0x01, 0x7F, 0x80, 0x81, 0x82, 0x84, 0x9F, 0xFE, 0xFF)
STATUS = [
    "9000",
    "6A82",
    "6A83",
    "6283",
    "6A81",
    "6985",
    "9303",
    "9408",
    "63C0",
    "6983",
    "6281",
    "6D00",
    "6F00",
    "9401",
    "9402",
]
ENDLESS = tuple(bytes.fromhex(raw) for raw in ("6110", "6100", "6C10", "6C00", "", "90", "FF"))
BIG = bytes(65536) + b"\x90\x00"
MORE = bytes(255) + b"\x61\xff"


class Recorder:
    """A channel that keeps what the card answers."""

    def __init__(self, card: VirtualCard, heard: list[bytes]) -> None:
        self._channel, self._heard, self.atr = card.channel(), heard, card.atr

    def transmit(self, command: bytes) -> bytes:
        self._heard.append(self._channel.transmit(command))
        return self._heard[-1]

    def close(self) -> None:
        self._channel.close()


def city(folder: Path) -> tuple[World, dict[str, VirtualCard], list[bytes]]:
    """A used card of every family, and everything that these cards ever answered to a look at them."""
    world, cards, heard = World(folder / "fuzz.db"), {}, []
    for number, family in enumerate(ISSUABLE, start=1):
        card = cards[family] = world.issue(family, number)
        world.topup(card, 10000)
        world.do(card, "open", application="bus", product="T")
        world.do(card, "purchase", amount=200, merchant="bus")
        for kind in ("diagnose", "inspect"):
            world.carry(Recorder(card, heard), kind)
    return world, cards, sorted(set(heard))


def mutated(rng: random.Random, seeds: list[bytes]) -> bytes:
    """A seed with a few changes, or bytes of no origin."""
    if rng.random() < 0.1:
        return rng.randbytes(rng.choice((0, 1, 2, 4, 8, 16, 23, 30, 32, 48, 60, 255, 600)))
    raw = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, 4)):
        place = rng.randrange(len(raw) + 1)
        match rng.randrange(6):
            case 0:
                raw[place : place + 1] = bytes((rng.choice(EDGES),))
            case 1:
                raw[place : place + 1] = rng.randbytes(1)
            case 2:
                del raw[place:]
            case 3:
                del raw[place : place + rng.randint(1, 8)]
            case 4:
                raw[place:place] = rng.randbytes(rng.randint(1, 8))
            case _:
                other = rng.choice(seeds)
                raw[place:] = other[rng.randrange(len(other) + 1) :]
    return bytes(raw)


class Hostile:
    """A card that answers what ``answer`` says; it counts what it is asked, and gives up on a host that never ends."""

    LIMIT = 20_000

    def __init__(self, atr: bytes, answer: Callable[[bytes], bytes]) -> None:
        self.atr, self._answer, self.asked = atr, answer, 0

    def transmit(self, command: bytes) -> bytes:
        self.asked += 1
        if self.asked > self.LIMIT:
            raise EndlessError(f"{self.asked} commands")
        return self._answer(command)

    def close(self) -> None:
        """Nothing is held."""


class EndlessError(Exception):
    """The host asks for ever."""


def hostile(rng: random.Random, card: VirtualCard, seeds: list[bytes]) -> Channel:
    """One of many kinds of malice, on the ATR of a real family."""
    kind = rng.randrange(8)
    if kind == 0:
        forever = rng.choice((*ENDLESS, MORE) if rng.random() < 0.98 else (BIG,))
        return Hostile(card.atr, lambda _: forever)
    if kind == 1:
        return Hostile(card.atr, lambda _: rng.randbytes(rng.randrange(40)))
    if kind == 2:
        return Hostile(card.atr, lambda _: rng.choice(seeds)[:-2] + bytes.fromhex(rng.choice(STATUS)))
    share, inner = rng.random() ** 2, card
    card.power_on()
    if kind == 3:
        return Hostile(card.atr, lambda command: _or(rng, share, inner.transmit(command), lambda: rng.choice(ENDLESS)))
    if kind == 4:
        return Hostile(card.atr, lambda command: _or(rng, share, inner.transmit(command), lambda: rng.choice(seeds)))
    return Hostile(card.atr, lambda command: _changed(rng, share, inner.transmit(command)))


def _or(rng: random.Random, share: float, answer: bytes, other: Callable[[], bytes]) -> bytes:
    return other() if rng.random() < share else answer


def _changed(rng: random.Random, share: float, answer: bytes) -> bytes:
    return mutated(rng, [answer]) if rng.random() < share else answer
