"""Two cards beside each other, or a card beside its record: what of the evidence differs. Reads what a diagnosis has read."""

from collections.abc import Mapping
from typing import NamedTuple

from cardsvc.diagnosis.evidence import Evidence, Value

UNSTEADY = ("reader.", "atr.stable", "proof.", "open.")
"""What is different each time, or says something about the moment and not about the card."""


class Difference(NamedTuple):
    """A name of evidence (diagnosis/probes.py) and its value on either side; None where a side has none."""

    name: str
    first: Value | None
    second: Value | None


def two_cards(first: Evidence, second: Evidence) -> list[Difference]:
    """Everything that is not the same on both."""
    names = sorted(name for name in {*first, *second} if not name.startswith(UNSTEADY))
    return [Difference(name, first.get(name), second.get(name)) for name in names if first.get(name) != second.get(name)]


def card_and_record(seen: Evidence) -> list[Difference]:
    """Where the card is not what issue record and books say: files, the holder's fields, applications, chip, purse."""
    found = [Difference(name, value, "ok") for name, value in seen.items() if name.startswith("file.") and value != "ok"]
    fields = seen.get("holder.differs", [])
    found += [Difference("holder.differs", field, None) for field in (fields if isinstance(fields, list) else [])]
    found += [Difference(name, seen[name], right) for name, right in _RIGHT.items() if name in seen and seen[name] != right]
    for name, recorded in _BOOKED.items():
        if name in seen and recorded in seen and seen[name] != seen[recorded]:
            found.append(Difference(name, seen[name], seen[recorded]))
    return found + _applications(seen) + _state(seen)


def _state(seen: Evidence) -> list[Difference]:
    """What the card is, beside what it was made, or was being made: what cannot be read is not as recorded."""
    making = seen.get("books.state") == "personalising"
    state, recorded = seen.get("card.state"), ("partial", "blank") if making else ("citizen",)
    return [] if state in recorded else [Difference("card.state", state, recorded[0])]


_RIGHT: Mapping[str, Value] = {
    "chip.differs": False,
    "serials.differ": False,
    "atr.as_issued": True,
    "purse.online_behind": 0,
    "purse.offline_behind": 0,
}
_BOOKED: Mapping[str, str] = {"purse.balance": "purse.books"}
_SAME_IN_BOOKS = {("not_opened", "none"), ("open", "open"), ("closed", "closed")}


def _applications(seen: Evidence) -> list[Difference]:
    """The record of each application beside what was last booked of it."""
    found = []
    for name in seen:
        if name.startswith("application.") and name.endswith(".record"):
            on_card, booked = seen[name], seen.get(name.removesuffix("record") + "books")
            if booked is not None and (on_card, booked) not in _SAME_IN_BOOKS:
                found.append(Difference(name, on_card, booked))
        if name.startswith("application.") and name.endswith(".state") and seen[name] != "usable":
            booked = seen.get(name.removesuffix("state") + "books")
            found += [Difference(name, seen[name], "usable")] if booked != seen[name] else []
    return found
