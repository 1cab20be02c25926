"""Bringing keys of a card that is out to their current version: WRITE KEY under a key that the card has.

Only keys that a card shows by itself are changed. A purse names the version of its load, purchase and unload keys in every
INITIALIZE, its TACs are checked against all versions that still hold, and the internal key is asked for a proof that costs no
try: so a card that is pulled between two keys, or at a moment that nobody saw, is understood at its next contact, and the
change is done again. Master and maintenance keys are never changed here: whether such a change happened could only be found
out by authentications that burn tries.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from cardsvc.card.commands import internal_authenticate
from cardsvc.card.dialect import dialect_of
from cardsvc.card.layout import ApplicationLayout, KeyPurpose, KeySlot, key_name
from cardsvc.card.purse import SAFE_AMOUNT, InitializeForLoadAnswer, InitializeForUnloadAnswer
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure, send
from cardsvc.procedures.personalise import Personalisation
from cardsvc.procedures.purse import (
    LOOK_TERMINAL,
    MacSession,
    PurseRef,
    check_mac1,
    initialize_for_load,
    initialize_for_purchase,
    initialize_for_unload,
)
from cardsvc.procedures.rewrite import enter
from cardsvc.procedures.script import Script

CHANGED: tuple[KeyPurpose, ...] = ("internal_auth", "tac", "purchase", "load", "unload")
"""What is changed, in this order."""
PROOF_CHALLENGE = b"roll key"
"""Eight bytes for the internal key; fresh ones would prove no more to whoever just wrote the key."""

Under = Literal["master", "maintenance"]
"""The key of the application under which a family takes new keys (profile: dialect.key_change)."""


@dataclass(frozen=True, slots=True)
class NewKeys:
    """What the key store does for this card with its new versions; see service/purse/card_keys.py."""

    record: Callable[[str, int, bytes, bytes, bytes, Under], bytes]
    load_session: Callable[[str, InitializeForLoadAnswer], MacSession]
    unload_session: Callable[[str, InitializeForUnloadAnswer], MacSession]
    proves_itself: Callable[[bytes, bytes], bool]


def roll_keys(job: Personalisation, name: str, versions: Mapping[str, int], keys: NewKeys) -> Procedure[None]:
    """Write the keys of an application that ``versions`` (by key name) lists, and prove them by use.

    Each is one WRITE KEY, which changes all of a key or nothing. Raises CardError ``key_change_refused`` where the card does
    not take one or does not show it afterwards, ``card_not_genuine`` where it makes another MAC1, and as
    ``rewrite.enter`` does.
    """
    application = job.profile.layout.find(name)
    under = job.profile.dialect.key_change
    if under is None:
        raise CardError("key_change_refused", application=name, sw="-")
    wanted = {p: versions[key_name(name, p)] for p in CHANGED if key_name(name, p) in versions}
    script = Script(job.profile.dialect.challenge_length)
    yield from enter(job, script, application)
    for purpose, version in wanted.items():
        yield from _write(job, script, application, application.key(purpose), version, keys, under)
    if "internal_auth" in wanted:
        yield from _prove_internal(application, keys)
    for purse in application.purses:
        ref = PurseRef(name, "ed" if purse == "ed" else "ep")
        if "purchase" in wanted:
            spend = yield from initialize_for_purchase(job.profile, ref, 0, LOOK_TERMINAL)
            _compare(name, spend.key_version, wanted["purchase"])
        if "load" in wanted:
            load = yield from initialize_for_load(job.profile, ref, SAFE_AMOUNT, LOOK_TERMINAL)
            _compare(name, load.key_version, wanted["load"])
            check_mac1(load, ref, SAFE_AMOUNT, LOOK_TERMINAL, keys.load_session(name, load))
        if "unload" in wanted and ref.purse == "ed":
            given = yield from initialize_for_unload(job.profile, ref, 0, LOOK_TERMINAL)
            _compare(name, given.key_version, wanted["unload"])
            check_mac1(given, ref, 0, LOOK_TERMINAL, keys.unload_session(name, given))


def _write(
    job: Personalisation,
    script: Script,
    application: ApplicationLayout,
    slot: KeySlot,
    version: int,
    keys: NewKeys,
    under: Under,
) -> Procedure[None]:
    dialect = dialect_of(job.profile)
    head, header = dialect.key_head(slot, version), dialect.change_key_header(slot)
    challenge = yield from script.challenge()
    record = keys.record(key_name(application.name, slot.purpose), version, head, challenge, header, under)
    answer = yield from send(dialect.change_key(slot, record))
    if not answer.ok:
        raise CardError("key_change_refused", application=application.name, sw=f"{answer.sw:04X}")


def _prove_internal(application: ApplicationLayout, keys: NewKeys) -> Procedure[None]:
    answer = yield from send(internal_authenticate(application.key("internal_auth").key_id, PROOF_CHALLENGE, ("xxxx",)))
    if not answer.ok or not keys.proves_itself(PROOF_CHALLENGE, answer.data):
        raise CardError("key_change_refused", application=application.name, sw=f"{answer.sw:04X}")


def _compare(application: str, shown: int, version: int) -> None:
    if shown != version:
        raise CardError("key_change_refused", application=application, sw="9000")
