"""Who comes and goes: our own status-change loop (pyscard's monitor dies silently when pcscd restarts).

It has a context of its own, waits in short turns, starts again with a new context after any error, and tells a card that was
swapped between two looks by the reader's event counter. Observers get events from a queue and never talk to a card here.
"""

import queue
import threading
from dataclasses import dataclass
from enum import StrEnum, unique

from cardsvc.errors import CardsvcError
from cardsvc.readers.pcsc import Context, ReaderState

TURN_MILLISECONDS = 300
RETRY_SECONDS = 0.5
SETTLE_SECONDS = 0.2


@unique
class What(StrEnum):
    """Kinds of events."""

    SERVICE_BACK = "service_back"
    SERVICE_LOST = "service_lost"
    READER_ADDED = "reader_added"
    READER_REMOVED = "reader_removed"
    CARD_IN = "card_in"
    CARD_OUT = "card_out"


@dataclass(frozen=True, slots=True)
class Event:
    """Something came or went. ``atr`` only with a card that came in."""

    what: What
    reader: str = ""
    atr: bytes = b""


class PresenceLoop:
    """Watches all readers in a thread of its own until closed; ``events`` is the queue."""

    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._cards: dict[str, tuple[bytes, int]] = {}
        self._readers: set[str] = set()
        self._service: bool | None = None
        self._thread = threading.Thread(target=self._run, name="presence", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with Context() as context:
                    self._say_service(running=True)
                    self._watch(context)
            except CardsvcError:
                self._say_service(running=False)
                self._readers_are(set())
                self._stop.wait(RETRY_SECONDS)

    def _watch(self, context: Context) -> None:
        known: dict[str, int] = {}
        while not self._stop.is_set():
            names = context.readers()
            self._readers_are(set(names))
            known = {name: known.get(name, 0) for name in names}
            if not names:
                self._stop.wait(TURN_MILLISECONDS / 1000)
                continue
            for state in context.states(known, TURN_MILLISECONDS) or ():
                self._look(self._settled(context, state))

    def _settled(self, context: Context, state: ReaderState) -> ReaderState:
        """A new card, once it had a moment: pcscd tells of it with the ATR of the last one at first."""
        if state.state == "empty" or state.name in self._cards:
            return state
        self._stop.wait(SETTLE_SECONDS)
        return (context.states({state.name: 0}, 0) or [state])[0]

    def _say_service(self, *, running: bool) -> None:
        if self._service is not running:
            self._service = running
            self.events.put(Event(What.SERVICE_BACK if running else What.SERVICE_LOST))

    def _readers_are(self, names: set[str]) -> None:
        for gone in sorted(self._readers - names):
            self._card_out(gone)
            self.events.put(Event(What.READER_REMOVED, gone))
        for new in sorted(names - self._readers):
            self.events.put(Event(What.READER_ADDED, new))
        self._readers = names

    def _look(self, state: ReaderState) -> None:
        before = self._cards.get(state.name)
        if state.state == "empty":
            self._card_out(state.name)
        elif before is None:
            self._card_in(state)
        elif (state.events != before[1] and state.events - before[1] >= 2) or state.atr != before[0]:
            self._card_out(state.name)
            self._card_in(state)

    def _card_in(self, state: ReaderState) -> None:
        self._cards[state.name] = (state.atr, state.events)
        self.events.put(Event(What.CARD_IN, state.name, state.atr))

    def _card_out(self, reader: str) -> None:
        if self._cards.pop(reader, None) is not None:
            self.events.put(Event(What.CARD_OUT, reader))
