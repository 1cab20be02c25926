"""Evidence of the keys: the load key of every purse proves itself in MAC1 of INITIALIZE FOR LOAD, and names its version.

A load that is begun and not gone on with changes nothing and costs no try, whatever comes of it (JR/T 0025.2-2010 5.5.2.2); the
next SELECT drops it. Source of MAC1: 5.5.2.3.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cardsvc.card.layout import KeyPurpose, key_name
from cardsvc.card.profile import Profile
from cardsvc.card.purse import InitializeForLoadAnswer
from cardsvc.diagnosis.books import Books
from cardsvc.diagnosis.evidence import Value
from cardsvc.diagnosis.probes import FULL_RUN, Readings
from cardsvc.iso7816.status import SW
from cardsvc.keystore.protocol import MacSession
from cardsvc.procedures.purse import LOOK_TERMINAL, PurseRef, look_is_genuine
from cardsvc.procedures.roll_keys import CHANGED

INITIALIZE_FOR_LOAD_LENGTH = 16
PURSE = "purse"
LOAD: KeyPurpose = "load"


@dataclass(frozen=True, slots=True)
class KeyQuestions:
    """The key store narrowed to questions about this card. ``active``: the version of every key for new cards; ``session``: the
    load of an application, by its name, as the card began it; ``tac_verifies``: of the city purse, over data."""

    active: Mapping[str, int]
    session: Callable[[str, InitializeForLoadAnswer], MacSession | None]
    tac_verifies: Callable[[bytes, bytes], bool | None]


def load_answer(readings: Readings, application: str) -> InitializeForLoadAnswer | None:
    """The answer to INITIALIZE FOR LOAD of an application's EP, where it is one."""
    raw = readings.data(f"{application}.load")
    return InitializeForLoadAnswer.parse(raw) if len(raw) == INITIALIZE_FOR_LOAD_LENGTH else None


def key_evidence(profile: Profile, readings: Readings, books: Books | None, keys: KeyQuestions | None) -> dict[str, Value]:
    """Keys ``key.*`` and ``application.*.load_key``: which load keys are right, and which keys are older than the current
    version, by the books and by what the load keys show. ``key.broken``: load keys that are not right on a card that proved
    itself by the load key of its city purse; ``key.unproven``: applications whose load key a full run did not see;
    ``key.locked``: what a repair met, as the books say."""
    with_load = [application.name for application in profile.layout.application if application.has_key(LOAD)]
    found: dict[str, Value] = {}
    if FULL_RUN in readings:
        asked = (name for name in with_load if readings.ok(f"{name}.select"))
        found["key.unproven"] = [name for name in asked if f"{name}.load" not in readings]
    if keys is None:
        return found
    proofs = {name: proof for name in with_load if (proof := _proof(readings, name, keys))}
    found |= _of_city_purse(readings, proofs.pop(PURSE, None), keys)
    found |= {f"application.{name}.load_key": proof for name, proof in proofs.items()}
    if books is None:
        return found
    wrong = [key_name(name, LOAD) for name, proof in proofs.items() if proof in ("wrong", "no_key")]
    genuine = found.get("key.mac1") == "right"
    proven = [name for name, proof in proofs.items() if proof == "right"] + [PURSE] * genuine
    return {
        **found,
        "key.locked": books.master_key_locked,
        "key.behind": _behind(profile, readings, books, keys, proven),
        "key.broken": [f"{name}@{keys.active[name]}" for name in wrong if genuine and name in keys.active],
        "key.changeable": profile.dialect.key_change is not None,
    }


def _of_city_purse(readings: Readings, proof: str | None, keys: KeyQuestions) -> dict[str, Value]:
    load = load_answer(readings, PURSE)
    if load is None or proof is None:
        return {}
    if proof == "no_key":
        return {"key.mac1": proof}
    old = proof == "right" and load.key_version != keys.active.get(key_name(PURSE, LOAD))
    return {"key.mac1": proof, "key.algorithm": load.algorithm, "key.old": old}


def _proof(readings: Readings, application: str, keys: KeyQuestions) -> str | None:
    """right, wrong, no_key (of a version that is not in the key store), missing (not on the card), or None: not seen."""
    if readings.sw(f"{application}.load") in (SW.KEY_INDEX_NOT_SUPPORTED, SW.KEY_NOT_FOUND):
        return "missing"
    load = load_answer(readings, application)
    if load is None:
        return None
    session = keys.session(application, load)
    if session is None:
        return "no_key"
    return "right" if look_is_genuine(load, PurseRef(application, "ep"), session, LOOK_TERMINAL) else "wrong"


def _behind(profile: Profile, readings: Readings, books: Books, keys: KeyQuestions, proven: Iterable[str]) -> list[str]:
    """Keys that have a newer version, as name@version: by the books, or as a proven load key shows. A key that is new on the
    card alone stays in this list, until the roll that broke off is done again and booked."""
    shown = dict(books.key_versions)
    slots = [key_name(a.name, slot.purpose) for a in profile.layout.application for slot in a.keys if slot.purpose in CHANGED]
    for name in proven:
        load, key = load_answer(readings, name), key_name(name, LOAD)
        if load is not None and load.key_version != keys.active.get(key):
            shown[key] = load.key_version
    return [
        f"{name}@{keys.active[name]}" for name in slots if name in shown and shown[name] != keys.active.get(name, shown[name])
    ]
