"""Loads and unloads that want the PIN: VERIFY goes out before each INITIALIZE; and a PIN that is locked is opened again.

Source: JR/T 0025.2-2010 5.5.2, 5.5.9.7. The VERIFY is put around a procedure, which stays the same for all families: it never
sees it, except that a refused one is its answer to INITIALIZE. The PIN is verified just before, because another SELECT
forgets it.
"""

from collections.abc import Callable

from cardsvc.card.commands import PIN_UNBLOCK_HEADER, pin_unblock, select_by_name, tries_left, verify
from cardsvc.card.layout import PIN_TRIES
from cardsvc.card.profile import Profile
from cardsvc.errors import CardError
from cardsvc.iso7816 import status
from cardsvc.iso7816.exchange import Answers, Ask, Batch, Procedure, T, send
from cardsvc.iso7816.status import SW
from cardsvc.procedures.applications import unavailable
from cardsvc.procedures.script import Script

WANT_PIN = (bytes((0x80, 0x50, 0x00)), bytes((0x80, 0x50, 0x05)))
"""INITIALIZE FOR LOAD and FOR UNLOAD."""


def with_pin(procedure: Procedure[T], pin: Callable[[], bytes], key_id: int = 0) -> Procedure[T]:
    """The same procedure on a card whose loads want this PIN (3 bytes BCD). It is asked for only where a load is."""
    try:
        batch = next(procedure)
        while True:
            asks, added = _with_verify(batch, pin, key_id)
            answers = yield asks
            batch = procedure.send(_without(answers, added, len(asks)))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        procedure.close()


def _with_verify(batch: Batch, pin: Callable[[], bytes], key_id: int) -> tuple[Batch, set[int]]:
    """The batch with a VERIFY before each INITIALIZE that wants it, and where these stand."""
    asks: list[Ask] = []
    added: set[int] = set()
    for ask in batch:
        if ask.command.header[:3] in WANT_PIN:
            added.add(len(asks))
            asks.append(verify(key_id, pin()))
        asks.append(ask)
    return tuple(asks), added


def _without(answers: Answers, added: set[int], sent: int) -> Answers:
    """The answers without those to VERIFY; a refused VERIFY, which ended the batch, stays."""
    last = len(answers) - 1
    stopped_at_verify = last in added and len(answers) < sent
    return tuple(a for place, a in enumerate(answers) if place not in added or (stopped_at_verify and place == last))


ANY = ("xxxx",)
Protect = Callable[[bytes, bytes], bytes]
"""The PIN under the unblock key: (challenge, command header with final Lc) to cryptogram and MAC. Secret."""


def tries_shown(sw: int) -> int | None:
    """The tries left by the answer to an empty VERIFY; None where it tells nothing."""
    return 0 if sw == SW.BLOCKED else status.tries_left(sw)


def reset_pin(profile: Profile, application: str, protect: Protect) -> Procedure[int]:
    """Open a locked PIN again, or one that was wrong before, with the value on record; proven by reading the try
    counter. Returns the tries left.

    A PIN with all its tries is left alone, so a run that was broken off is simply done again. PIN UNBLOCK goes out once: a
    wrong MAC costs a try of its key. Raises CardError ``application_blocked``, ``application_missing``,
    ``pin_reset_refused``, ``pin_still_locked``.
    """
    layout = profile.layout.find(application)
    answer = yield from send(select_by_name(layout.aid_bytes, ANY))
    if not answer.ok:
        raise unavailable(profile, application, answer.sw)
    look = tries_left(layout.key("pin").key_id, ANY)
    tries = tries_shown((yield from send(look)).sw)
    if tries == PIN_TRIES:
        return tries
    challenge = yield from Script(profile.dialect.challenge_length).challenge()
    answer = yield from send(pin_unblock(protect(challenge, PIN_UNBLOCK_HEADER)))
    if not answer.ok:
        raise CardError("pin_reset_refused", application=application, sw=f"{answer.sw:04X}")
    tries = tries_shown((yield from send(look)).sw)
    if not tries:
        raise CardError("pin_still_locked", application=application)
    return tries
