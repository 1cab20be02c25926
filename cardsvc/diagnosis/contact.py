"""Evidence of reader and contact: the ATR, whether it stays the same, how long the card takes, what went wrong on the way."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median_low

from cardsvc.card.profile import Profile
from cardsvc.diagnosis.evidence import Value
from cardsvc.errors import CardError
from cardsvc.iso7816.atr import Atr
from cardsvc.procedures.strangers import Kind, by_atr

LATE_MILLISECONDS = 100
"""Below this an answer is quick however much it varies."""

ENOUGH_TIMES = 2
"""Two late answers are the card's; a single one may be the computer's, which was busy elsewhere, and says nothing."""

BAD_CARDS, BAD_FAMILIES = 3, 2
"""So many of a reader's last five cards failed, of so many families: then the reader is to blame."""


@dataclass(frozen=True, slots=True)
class Contact:
    """What the side with the reader measured: the ATR of each power-up, the time of each first answer, codes of failures.

    ``stranger``: what a card of no known family turned out to be (strangers.py); ``power_ups``: the time of each power-up in
    milliseconds; ``reconnects``: connections that needed another try.
    """

    atrs: tuple[str, ...] = ()
    milliseconds: tuple[float, ...] = ()
    failures: tuple[str, ...] = ()
    stranger: Kind | None = None
    power_ups: tuple[float, ...] = ()
    reconnects: int = 0


@dataclass(frozen=True, slots=True)
class LastCards:
    """The last cards of a reader before the present one: how many, how many of them failed, and of how many families."""

    cards: int = 0
    failed: int = 0
    families: int = 0

    @property
    def reader_to_blame(self) -> bool:
        """One card may be bad, and a family may have a fault; cards of several families do not go bad together."""
        return self.failed >= BAD_CARDS and self.families >= BAD_FAMILIES


def history_evidence(reader: str, last: LastCards) -> dict[str, Value]:
    """What is known of the reader from the cards before."""
    found: dict[str, Value] = {"reader.name": reader} if reader else {}
    if last.cards:
        found |= {
            "reader.last_cards": last.cards,
            "reader.last_failed": last.failed,
            "reader.last_families": last.families,
            "reader.to_blame": last.reader_to_blame,
        }
    return found


def contact_evidence(contact: Contact) -> dict[str, Value]:
    """Failures, times and drift."""
    found: dict[str, Value] = {"reader.failures": len(contact.failures)}
    if contact.power_ups:
        found["reader.power_up"] = round(max(contact.power_ups))
        found["reader.reconnects"] = contact.reconnects
    if contact.failures:
        found["reader.failure"] = contact.failures[-1]
    if len(contact.milliseconds) >= ENOUGH_TIMES:
        found["reader.milliseconds"] = round(median_low(contact.milliseconds))
        found["reader.drift"] = _drift(contact.milliseconds)
    return found


def _drift(milliseconds: Sequence[float]) -> int:
    """Slow by fast, of the second slowest."""
    fastest, slow = min(milliseconds), sorted(milliseconds)[-2]
    return int(slow / max(fastest, 1.0)) if slow >= LATE_MILLISECONDS else 1


def atr_evidence(atr: str, others: Sequence[str], profile: Profile | None, issued: str | None) -> dict[str, Value]:
    """The ATR in hex, empty when the card gave none; ``others`` of the other power-ups; ``issued`` at personalisation."""
    if not atr:
        return {"atr.known": False}
    found: dict[str, Value] = {
        "atr.raw": atr,
        "atr.known": profile is not None,
        "atr.stable": all(other == atr for other in others),
    }
    try:
        found["profile.historical"] = Atr.parse(bytes.fromhex(atr)).historical.hex().upper()
    except CardError as error:
        found["atr.problem"] = str(error.details.get("reason", error.code))
    except ValueError:
        found["atr.problem"] = "not hex"
    if profile is not None:
        found["profile.id"] = profile.id
    if issued is not None:
        found["atr.as_issued"] = atr == issued
    return found


def stranger_evidence(atr: bytes, contact: Contact, *, face_is_ours: bool) -> dict[str, Value]:
    """What a card of no known family is: by its ATR, else as it was asked. A card with a number of ours on its face may have
    lost its names: that it has none makes it nobody else's."""
    kind = by_atr(atr) or contact.stranger
    return {} if kind is None or (kind == "nameless" and face_is_ours) else {"stranger.kind": kind}
