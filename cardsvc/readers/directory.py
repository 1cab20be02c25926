"""Finding readers: by exact name or by a pattern that fits one of them; never by their place in a list."""

import re
import time
from dataclasses import replace

from cardsvc.errors import CardsvcError, ReaderError
from cardsvc.readers.pcsc import Context, ReaderState
from cardsvc.readers.worker import EXCHANGE_SECONDS, WorkerChannel
from cardsvc.wire import ReaderFacts

SETTLE_SECONDS = 0.3
POLL_SECONDS = 0.1
RECOVER_SECONDS = 5.0


def list_readers() -> list[ReaderState]:
    """All readers and what is in them. Raises ReaderError ``pcsc_not_running``."""
    with Context() as context:
        known = dict.fromkeys(context.readers(), 0)
        return context.states(known, 0) or [] if known else []


def find_reader(pattern: str | None = None) -> ReaderState:
    """The one reader that a name or regular expression means; without one, the only reader with a card, or the only one.

    Raises ReaderError ``no_reader``, ``reader_not_found`` or ``reader_ambiguous``, with the names that there are.
    """
    readers = list_readers()
    names = ", ".join(reader.name for reader in readers)
    if not readers:
        raise ReaderError("no_reader")
    if pattern is None:
        fitting = [reader for reader in readers if reader.state != "empty"] or readers
    else:
        fitting = [r for r in readers if r.name == pattern] or [r for r in readers if _fits(pattern, r.name)]
    if not fitting:
        raise ReaderError("reader_not_found", pattern=pattern, names=names)
    if len(fitting) > 1:
        raise ReaderError("reader_ambiguous", names=names)
    return fitting[0]


def _fits(pattern: str, name: str) -> bool:
    try:
        return re.search(pattern, name) is not None
    except re.error:
        return False


def wait_for_card(pattern: str | None, seconds: float) -> ReaderState:
    """The reader, once a card is in it and had a moment to settle. Raises ReaderError ``no_card_in_time``.

    Without a pattern any reader will do, as long as a card is in only one of them.
    """
    until = time.monotonic() + seconds
    while True:
        with_card = [reader for reader in _candidates(pattern) if reader.state != "empty"]
        if len(with_card) > 1:
            raise ReaderError("reader_ambiguous", names=", ".join(reader.name for reader in with_card))
        if with_card:
            time.sleep(SETTLE_SECONDS)
            return with_card[0]
        if time.monotonic() >= until:
            raise ReaderError("no_card_in_time", reader=pattern or "")
        time.sleep(POLL_SECONDS)


def _candidates(pattern: str | None) -> list[ReaderState]:
    if pattern is not None:
        return [find_reader(pattern)]
    readers = list_readers()
    if not readers:
        raise ReaderError("no_reader")
    return readers


def open_card(reader: ReaderState, *, deadline: float = EXCHANGE_SECONDS, reconnects: int = 0) -> WorkerChannel:
    """The card in a reader, behind its worker process. ``reconnects``: what it took to bring the reader back before."""
    return WorkerChannel(reader.name, deadline=deadline, reconnects=reconnects)


def recover(name: str, seconds: float = RECOVER_SECONDS) -> ReaderFacts:
    """Bring a reader back that got stuck: its card is powered off and on until it answers with an ATR.

    A reader that waits for a card that stays silent gives nobody else a hearing, and only a hand helps. Raises ReaderError
    ``reader_needs_hand`` when it is not back in time, ``no_card_in_time`` when its card is gone, ``pcsc_not_running``.
    """
    until = time.monotonic() + seconds
    tries = 0
    while True:
        try:
            channel = WorkerChannel(name, opening=max(0.5, until - time.monotonic()), fresh=True)
        except CardsvcError as error:
            if error.code == "pcsc_not_running":
                raise
            if time.monotonic() >= until:
                empty = any(reader.name == name and reader.state == "empty" for reader in list_readers())
                raise ReaderError("no_card_in_time" if empty else "reader_needs_hand", reader=name) from error
            tries += 1
            time.sleep(POLL_SECONDS)
            continue
        facts = channel.reader
        channel.close()
        return replace(facts, reconnects=facts.reconnects + tries)
