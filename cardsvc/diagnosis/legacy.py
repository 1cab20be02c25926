"""Old bus cards: what one is asked, and what its blocks say beside the books of those that were taken over."""

from dataclasses import replace

from cardsvc.card import classic
from cardsvc.card.profile import LegacyCard
from cardsvc.diagnosis.evidence import Value
from cardsvc.diagnosis.probes import Readings
from cardsvc.iso7816.exchange import Ask, Procedure

_ANY = ("xxxx",)


def look_at_old_card(layout: LegacyCard, read_key: bytes) -> Procedure[Readings]:
    """UID, product, both copies of the balance, and the mark; of a card with other keys the UID only. Reads only."""
    opening = {
        "legacy.uid": classic.get_uid(),
        "legacy.key": classic.load_key(read_key),
        "legacy.open": classic.authenticate(layout.product_block, classic.KEY_A),
    }
    seen = yield from _asked(opening)
    if not seen.ok("legacy.open"):
        return seen
    blocks = {
        "legacy.product": classic.read_block(layout.product_block),
        "legacy.value": classic.read_block(layout.value_block),
        "legacy.backup": classic.read_block(layout.backup_block),
        "legacy.open_mark": classic.authenticate(layout.mark_block, classic.KEY_A),
        "legacy.mark": classic.read_block(layout.mark_block),
    }
    return seen.with_more((yield from _asked(blocks)))


def nothing_more() -> Procedure[Readings]:
    """An old card has told everything at the first look."""
    return Readings({})
    yield


def _asked(asks: dict[str, Ask]) -> Procedure[Readings]:
    answers = yield tuple(replace(ask, expect=_ANY) for ask in asks.values())
    return Readings(dict(zip(asks, answers, strict=True)))


def uid_of(readings: Readings) -> str:
    """The card's UID in hex, as the books keep it; empty where it gave none."""
    return readings.data("legacy.uid").hex().upper()


def legacy_evidence(layout: LegacyCard, readings: Readings, booked: str | None) -> dict[str, Value]:
    """``booked``: how the books have it: taken (its balance was promised to a card), moved, or None.

    ``legacy.state``: whole, empty, half (taken, and not read back empty yet), moved, refilled (moved, and there is money on it
    without the mark), damaged, other (its keys are not this city's), or unread (it does not even tell its UID: the reader does
    not speak to such cards, or the chip is broken).
    """
    if not readings.ok("legacy.uid"):
        return {"legacy.state": "unread"}
    if not readings.ok("legacy.open"):
        return {"legacy.state": "other"}
    values = [classic.value_of(readings.data(f"legacy.{block}")) for block in ("value", "backup")]
    told = readings.ok("legacy.mark")
    marked = classic.Mark.parse(readings.data("legacy.mark")) is not None if told else None
    balance = values[0] if values[0] is not None else values[1]
    product = readings.data("legacy.product")[layout.product_offset : layout.product_offset + 1]
    found: dict[str, Value] = {"legacy.state": _state(values, booked, marked=marked)}
    if balance is not None:
        found["legacy.balance"] = balance
    if product:
        found["legacy.product"] = product.decode("ascii", "replace")
    return found


def _state(values: list[int | None], booked: str | None, *, marked: bool | None) -> str:
    """``marked``: None where the block of the mark was not read, so that nobody knows."""
    if booked == "taken":
        return "half"
    if booked == "moved" and not marked and any(values):
        return "refilled"
    if marked or booked == "moved":
        return "moved"
    if values[0] is None or values[0] != values[1] or values[0] < 0 or marked is None:
        return "damaged"
    return "whole" if values[0] else "empty"
