"""Loads that want the PIN: VERIFY goes out before each INITIALIZE FOR LOAD. Source: JR/T 0025.2-2010 5.5.2, 5.5.9.7.

It is put around a procedure, which stays the same for all families: it never sees the VERIFY, except that a refused one is its
answer to INITIALIZE. The PIN is verified just before, because another SELECT forgets it.
"""

from cardsvc.card.commands import verify
from cardsvc.iso7816.exchange import Answers, Ask, Batch, Procedure, T

INITIALIZE_FOR_LOAD = bytes((0x80, 0x50, 0x00))


def with_pin(procedure: Procedure[T], pin: bytes, key_id: int = 0) -> Procedure[T]:
    """The same procedure on a card whose loads want this PIN (3 bytes BCD)."""
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


def _with_verify(batch: Batch, pin: bytes, key_id: int) -> tuple[Batch, set[int]]:
    """The batch with a VERIFY before each INITIALIZE FOR LOAD, and where these stand."""
    asks: list[Ask] = []
    added: set[int] = set()
    for ask in batch:
        if ask.command.header[:3] == INITIALIZE_FOR_LOAD:
            added.add(len(asks))
            asks.append(verify(key_id, pin))
        asks.append(ask)
    return tuple(asks), added


def _without(answers: Answers, added: set[int], sent: int) -> Answers:
    """The answers without those to VERIFY; a refused VERIFY, which ended the batch, stays."""
    last = len(answers) - 1
    stopped_at_verify = last in added and len(answers) < sent
    return tuple(a for place, a in enumerate(answers) if place not in added or (stopped_at_verify and place == last))
