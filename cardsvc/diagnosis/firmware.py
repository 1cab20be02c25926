"""Known faults of a card's firmware, found in the evidence of a diagnosis. The faults are data of the firmware profiles."""

from collections.abc import Iterator

from cardsvc.card.profile import KnownFault, Profile, Symptom
from cardsvc.diagnosis.evidence import KEYS, Evidence, pattern_of
from cardsvc.diagnosis.table import table
from cardsvc.errors import ProfileError


def firmware_faults(profile: Profile, atr: bytes, evidence: Evidence) -> tuple[KnownFault, ...]:
    """The known faults whose versions this card is of, and whose symptoms were all seen."""
    return tuple(
        fault
        for fault in profile.known_fault
        if fault.seen and fault.is_of(atr) and all(_was_seen(symptom, evidence) for symptom in fault.seen)
    )


def _was_seen(symptom: Symptom, evidence: Evidence) -> bool:
    """A starred key is fulfilled by any application or file."""
    values = [value for key, value in evidence.items() if symptom.key in (key, pattern_of(key))]
    return any(type(value) is type(wanted) and value == wanted for value in values for wanted in symptom.one_of)


def check_known_faults(profile: Profile) -> None:
    """Raises ProfileError ``profile_invalid`` where a known fault names evidence or a finding that does not exist."""
    wrong = list(_unknown(profile))
    if wrong:
        raise ProfileError("profile_invalid", file=profile.id, reason="; ".join(wrong))


def _unknown(profile: Profile) -> Iterator[str]:
    codes = {rule.code for rule in table().finding}
    for fault in profile.known_fault:
        yield from (f"known_fault {fault.id}: no such evidence: {s.key}" for s in fault.seen if pattern_of(s.key) not in KEYS)
        yield from (f"known_fault {fault.id}: no such finding: {code}" for code in fault.explains if code not in codes)
