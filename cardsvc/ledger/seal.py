"""Day seals: one root over the heads of all chains that grew since the seal before, with that seal's root inside.

A chain shows what was changed within it, but its last lines can be cut off, or all of it written anew, unseen. A seal keeps
each head where it stood. The root of a seal stands on the printed day sheet: whoever has the paper can tell whether the
seals themselves were exchanged.

leaf = SHA-256(00, chain, number, hash of the head's line; each on a line of its own)
node = SHA-256(01, left, right); a node without a neighbour goes up as it is
root = SHA-256(previous root, number, outlet, business day, sealed by, sealed at, top of the tree; each on a line of its own)

The prefixes keep a leaf from being taken for a node (RFC 6962, 2.1).
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from cardsvc.ledger.chain import FIRST, Break, link

STAFF = "staff:"
"""Before a staff id: the name of the chain of what was changed about that person."""
EMPTY = hashlib.sha256(b"\x00").hexdigest()
"""The top of a tree without leaves: a day on which nothing was booked."""


class Head(NamedTuple):
    """The last line of a chain when it was sealed."""

    chain: str
    number: int
    hash: str


class Seal(NamedTuple):
    """A seal as its root covers it."""

    number: int
    outlet_id: str
    business_day: dt.date
    sealed_by: str
    sealed_at: dt.datetime
    previous_root: str
    root: str


def top(heads: Iterable[Head]) -> str:
    """The top of the tree over these heads, in the order of their chains."""
    level = [_leaf(head) for head in sorted(heads)]
    while len(level) > 1:
        pairs = [_node(*level[place : place + 2]) for place in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0].hex() if level else EMPTY


def _leaf(head: Head) -> bytes:
    return hashlib.sha256(b"\x00" + "\n".join(map(str, head)).encode()).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(seal: Seal, heads: Iterable[Head]) -> str:
    """The root that a seal over these heads has."""
    content = (seal.number, seal.outlet_id, seal.business_day, seal.sealed_by, seal.sealed_at, top(heads))
    return link(seal.previous_root, content)


def seal_breaks(seals: Iterable[tuple[Seal, list[Head]]]) -> list[Break]:
    """Every place where the seals, in order of their numbers, do not hold."""
    found: list[Break] = []
    previous, expected = FIRST, 1
    for seal, heads in seals:
        if seal.number != expected:
            found.append(Break(expected, "missing"))
        elif seal.previous_root != previous:
            found.append(Break(seal.number, "inserted"))
        if root_of(seal, heads) != seal.root:
            found.append(Break(seal.number, "changed"))
        previous, expected = seal.root, seal.number + 1
    return found
