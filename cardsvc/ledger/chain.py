"""The hash chain of a card's transfers: a line that is changed, taken out or put in shows, and where.

hash = SHA-256(previous hash, then card, number, kind, debit, credit, amount, reference, booked at; each on a line of its own).
A chain belongs to one card (or one shift), so no two cards wait for each other. Its last lines could be cut off unseen; what
was sealed at a day-end cannot (seal.py).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

FIRST = "0" * 64


class Line(NamedTuple):
    """One transfer as the chain sees it."""

    content: tuple[object, ...]
    number: int
    previous_hash: str
    hash: str


class Break(NamedTuple):
    """Where a chain does not hold: the number, and whether a line was changed, is missing, or was put in."""

    number: int
    what: str


def link(previous: str, content: Sequence[object]) -> str:
    """The hash of a line."""
    return hashlib.sha256("\n".join((previous, *map(_text, content))).encode()).hexdigest()


def _text(value: object) -> str:
    return value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else str(value)


def breaks(lines: Iterable[Line]) -> list[Break]:
    """Every place where a card's chain does not hold; none in an honest ledger."""
    found: list[Break] = []
    previous, expected = FIRST, 1
    for line in lines:
        if line.number != expected:
            found.append(Break(expected, "missing"))
        elif line.previous_hash != previous:
            found.append(Break(line.number, "inserted"))
        if link(line.previous_hash, line.content) != line.hash:
            found.append(Break(line.number, "changed"))
        previous, expected = line.hash, line.number + 1
    return found
