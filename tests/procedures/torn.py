"""Power that fails before and after every command and inside EEPROM writes of an operation.

By default the two families share the points, each goes through every other one: a card OS of its own leaves at a point, and the
host's code is the same for both. With ``CARDSVC_EVERY_TEAR=1`` (`make soak`) each goes through all.
"""

import os
import uuid
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import pairwise
from typing import Any, NamedTuple

from cardsvc.errors import CardGone
from cardsvc.readers.carry import carry_out
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.vcard.card import CardChannel
from tests.databases import on_postgresql
from tests.world import DESK, FAMILIES, Snapshot, World

EVERY = "CARDSVC_EVERY_TEAR" in os.environ
BYTE_STRIDE_ON_POSTGRESQL = 29
LONG_RUN = 97
"""From this stride on a run is so long that of its commands those count that wrote something, of the others every fifth: a card
that leaves after a look is the card that leaves after the write before, and who puts it on again begins anew."""
BYTE_STRIDE = 7
"""``tests/vcard/test_tears.py`` cuts the card off at every byte; whoever reads the whole city only sees old or new."""


def tear_points(world: World, card: VirtualCard, run: Any, stride: int = BYTE_STRIDE) -> Iterator[FaultPlan]:
    """Every command of an undisturbed run, before and after it; the first and the last EEPROM byte, and every so many between.

    Where the bytes begin differs from test to test. On PostgreSQL the stride is coarser: the database hears of commands,
    not of bytes.
    """
    stride = max(stride, BYTE_STRIDE_ON_POSTGRESQL) if on_postgresql() else stride
    card.plan = FaultPlan()
    run(world, card)
    world.close()
    written_after = _WRITTEN_AFTER[id(card)]
    commands, written = len(written_after), written_after[-1]
    for number, (before, after) in enumerate(pairwise((0, *written_after)), start=1):
        if stride < LONG_RUN:
            yield FaultPlan(tear_before_command=number)
        if stride < LONG_RUN or after > before or number % 5 == 0 or number == commands:
            yield FaultPlan(tear_after_command=number)
    offset = zlib.crc32(os.environ.get("PYTEST_CURRENT_TEST", "").encode()) % stride
    for byte in sorted({1, written, *range(1 + offset, written + 1, stride)}):
        yield FaultPlan(tear_at_eeprom_byte=byte)


def shared(plans: Iterable[FaultPlan], card: VirtualCard) -> Iterator[FaultPlan]:
    """A family's half of the points: of each command that has two, one; every other byte. All of them where that is wanted."""
    half = FAMILIES.index(card.dialect.name)
    for place, plan in enumerate(plans):
        pair = place // 2 if plan.tear_at_eeprom_byte is None else 0
        if EVERY or (place + pair) % 2 == half:
            yield plan


class Torn(NamedTuple):
    """A city and its card after an operation that was cut off; ``result``: None where its end was never heard of."""

    world: World
    card: VirtualCard
    plan: FaultPlan
    result: Any


def torn(snapshot: Snapshot, run: Any, stride: int = BYTE_STRIDE) -> Iterator[Torn]:
    """The same operation cut off at each of its family's points, each time in a fresh city, which is closed after the look."""
    world, card = snapshot.again()
    for plan in shared(tear_points(world, card, run, stride=stride), card):
        world, card = snapshot.again()
        card.plan = plan
        yield Torn(world, card, plan, run(world, card))
        world.close()


_WRITTEN_AFTER: dict[int, list[int]] = {}
"""EEPROM bytes that a card had written after each command of the run before."""


def writes_of(card: VirtualCard) -> int:
    """How many commands of the run before wrote something."""
    return sum(after > before for before, after in pairwise((0, *_WRITTEN_AFTER[id(card)])))


class _NotingChannel(CardChannel):
    """Notes what the card has written after each command."""

    def __init__(self, card: VirtualCard) -> None:
        super().__init__(card)
        self._noted_card = card
        self.written_after: list[int] = []

    def transmit(self, command: bytes) -> bytes:
        """As the card answers, or leaves."""
        try:
            return super().transmit(command)
        finally:
            self.written_after.append(self._noted_card.eeprom_writes)


def carried(world: World, card: VirtualCard, kind: str, params: Mapping[str, Any], actor: Any = DESK) -> Any:
    """An operation that the card may leave; notes how much it did."""
    card.power_on()
    channel = _NotingChannel(card)
    try:
        with suppress(CardGone):
            return carry_out(world.port(actor), channel, kind, params, idempotency_key=str(uuid.uuid4()))
        return None
    finally:
        _WRITTEN_AFTER[id(card)] = channel.written_after
        channel.close()
        card.plan = FaultPlan()
