"""What can go wrong with a virtual card, in words first.

The card sits in a field or slot that gives it power. Power can fail

- before the N-th command reaches it: the command has no effect;
- after the N-th command was carried out, before its answer leaves: the effect stands, nobody heard of it;
- the same before and after the N-th command that writes (a load has one: CREDIT FOR LOAD);
- at the K-th byte written to the EEPROM: that byte is written, no later one is.

After a power failure the card answers nothing until it is powered on again; at power-on it recovers by itself to the state
before or after the interrupted command, never between (JR/T 0025.2-2010 5.6). Besides power: the card may be mute (no answer at
all, as a cracked chip), give a wrong ATR, answer late, lose one answer and stay powered (a contact bounce), fail to write
its EEPROM (6581, worn cells), book transactions without moving its counters (a stuck counter), or begin none until a terminal
elsewhere releases it (a grey lock, 9408). Its contacts may bounce: at
every N-th command power is gone for a moment, and the next power-up is as good as ever. A card with two sides may have lost
one: an antenna that is broken, or contacts that give no answer to reset. The EEPROM never loses a byte that was written, and
one byte is written whole or not at all.

These faults strike while the card runs. What is wrong with a card before anybody touches it (a damaged file, a locked key,
another chip's files) is a condition of its memory: conditions.py. Both have names, for people and for files: catalog.py.

Faults are data: the same plan on the same card gives the same run.
"""

from dataclasses import dataclass
from typing import Literal

Side = Literal["contactless", "contact"]
"""How a card reaches a reader: through the air, or through its contacts."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Which faults strike, counted from the moment the plan is set. Commands and bytes count from 1; None, or 0, is never."""

    tear_before_command: int | None = None
    tear_after_command: int | None = None
    bounce_every: int = 0
    tear_before_write: int | None = None
    tear_after_write: int | None = None
    tear_at_eeprom_byte: int | None = None
    lose_answer_to_command: int | None = None
    lose_answer_to_write: int | None = None
    mute: bool = False
    bad_atr: bool = False
    delay_milliseconds: int = 0
    worn_from_eeprom_byte: int | None = None
    stuck_counter: bool = False
    grey_lock: bool = False
    dead_side: Side | None = None


class PowerLost(Exception):
    """Power failed inside the card. Never leaves the package: the reader side sees CardGone."""


class WornOut(Exception):
    """An EEPROM cell could not be written."""
