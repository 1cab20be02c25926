"""The two sides of a dual-interface card: one chip behind contacts and behind an antenna.

Both sides' ATRs carry the chip's serial number where the family says so (AtrPattern), and the issue record has it: so the card
is the same card on both, whichever it was issued through. A fault on one side alone is not the chip's: what the other side said
in the same visit to a desk, or what the person at the desk tells, says which part is broken.
"""

import datetime as dt

from cardsvc.card.profile import Profile
from cardsvc.diagnosis.evidence import Value
from cardsvc.iso7816.atr import CONTACT, CONTACTLESS, side_of
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Diagnosis

SAME_VISIT = dt.timedelta(hours=1)
"""Looks at a card within this time belong together: its holder stands at the desk."""
SILENT = frozenset({"card_unresponsive", "card_mute", "no_card_in_time"})
"""Failures of a card that gives no sign of life in a reader that works."""


def has_two_sides(profile: Profile) -> bool:
    """Whether the family's cards are read through contacts and through the air."""
    return len({side_of(bytes.fromhex(pattern.pattern.replace("x", "0"))) for pattern in profile.atr}) == 2


def side_evidence(
    uow: UnitOfWork,
    profile: Profile,
    atr: bytes,
    card_no: str | None,
    reader: str,
    now: dt.datetime,
    *,
    told_silent: bool = False,
) -> dict[str, Value]:
    """Which side answers now (``side.this``), and, where only one works, which does (``side.good``) and which not
    (``side.dead``). ``atr`` is empty for a card that is silent; ``told_silent``: somebody tried the other side without success.
    """
    this = side_of(atr) if atr else None
    found: dict[str, Value] = {"side.this": this} if this else {}
    if not has_two_sides(profile):
        return found
    before = of_this_visit(uow, card_no, now) if card_no else []
    if this is None:
        good = next((_side(look) for look in before if _side(look) and elsewhere(look, reader)), None)
        return found | _one_sided(good) if good else found
    other_worked = any(_side(look) == _other(this) for look in before)
    was_silent = any(_was_silent(look) and elsewhere(look, reader) for look in before)
    if told_silent or (was_silent and not other_worked):
        return found | _one_sided(this)
    return found


def of_this_visit(uow: UnitOfWork, card_no: str, now: dt.datetime) -> list[Diagnosis]:
    """The looks at a card while its holder stood at the desk, newest first."""
    return [look for look in uow.diagnoses.of_card(card_no) if look.diagnosed_at > now - SAME_VISIT]


def _other(side: str) -> str:
    return CONTACT if side == CONTACTLESS else CONTACTLESS


def _one_sided(good: str) -> dict[str, Value]:
    return {"side.good": good, "side.dead": _other(good)}


def _side(look: Diagnosis) -> str | None:
    """The side that answered in this look, None when none did."""
    return look.evidence.get("side.this")


def _was_silent(look: Diagnosis) -> bool:
    """Whether the card gave no ATR; a reader that was missing or taken says nothing about it."""
    return _side(look) is None and look.evidence.get("reader.failure") in SILENT


def elsewhere(look: Diagnosis, reader: str) -> bool:
    """Whether that was another reader; where one of both was not named it may have been the same."""
    before = look.evidence.get("reader.name")
    return bool(reader and before and before != reader)
