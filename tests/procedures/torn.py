"""Power that fails before and after every command and inside EEPROM writes of an operation."""

import os
import uuid
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from cardsvc.errors import CardGone
from cardsvc.readers.carry import carry_out
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.databases import on_postgresql
from tests.world import DESK, World

BYTE_STRIDE_ON_POSTGRESQL = 29
LONG_RUN = 97
"""From this stride on a run has so many commands that a tear after each says what one before the next would."""


BYTE_STRIDE = 3
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
    commands, written = counted(card)
    for number in range(1, commands + 1):
        yield FaultPlan(tear_after_command=number)
        if stride < LONG_RUN:
            yield FaultPlan(tear_before_command=number)
    offset = zlib.crc32(os.environ.get("PYTEST_CURRENT_TEST", "").encode()) % stride
    for byte in sorted({1, written, *range(1 + offset, written + 1, stride)}):
        yield FaultPlan(tear_at_eeprom_byte=byte)


_COUNTS: dict[int, tuple[int, int]] = {}


def counted(card: VirtualCard) -> tuple[int, int]:
    """Commands and EEPROM bytes of the run before, noted by ``carried``."""
    return _COUNTS[id(card)]


def carried(world: World, card: VirtualCard, kind: str, params: Mapping[str, Any], actor: Any = DESK) -> Any:
    """An operation that the card may leave; notes how much it did."""
    channel = card.channel()
    try:
        with suppress(CardGone):
            return carry_out(world.port(actor), channel, kind, params, idempotency_key=str(uuid.uuid4()))
        return None
    finally:
        _COUNTS[id(card)] = (card.commands, card.eeprom_writes)
        channel.close()
        card.plan = FaultPlan()
