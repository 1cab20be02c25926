"""What the keys gave for the cards that are being made and for those that come next: in this process's memory and nowhere else.

A card is made in a dozen steps, and each step goes through the making again from its start: a token would derive every key of
the card a dozen times. So what a key gave once is kept until the card is made. ``ahead`` has it given before the card is there,
by a thread of its own. Nothing stays longer than KEPT_SECONDS after its last use, and nothing outlives the process.

A key store never changes (protocol.ManagedKeyStore) and has a memory of its own, so no key that was rolled or retired since
is in it.
"""

import atexit
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field

from cardsvc.errors import KeystoreError

KEPT_SECONDS = 60.0
"""As long as somebody needs at most for putting the next blank in."""
MOST_CARDS = 64
LOOK_SECONDS = 1.0
WORK_SECONDS = 10.0
"""How long the end waits for what is made ahead at that moment: a token that hangs holds nobody up for ever."""


@dataclass(slots=True)
class _Card:
    """What was given for one card, and when it was last asked for."""

    given: dict[Hashable, bytes] = field(default_factory=dict, repr=False)
    used: float = field(default_factory=time.monotonic)


class InMaking:
    """The memory of one key store. Any thread may call it."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._cards: dict[str, _Card] = {}
        self._waiting: deque[tuple[str, Callable[[], object]]] = deque()
        self._thread: threading.Thread | None = None
        self._at_work = False

    def once(self, card_no: str, asked: Hashable, give: Callable[[], bytes]) -> bytes:
        """What ``give`` gave when this was first asked for this card."""
        with self._changed:
            card = self._cards.get(card_no)
            given = card.given.get(asked) if card else None
        made = give() if given is None else given
        with self._changed:
            card = self._cards.setdefault(card_no, _Card())
            card.given[asked], card.used = made, time.monotonic()
            self._begin_work()
        return made

    def ahead(self, card_no: str, make: Callable[[], object]) -> None:
        """Have ``make`` called soon by another thread: it asks ``once`` for what this card will need. Where the key store fails
        then, nothing was made ahead, and the making itself tells of it."""
        with self._changed:
            if card_no not in self._cards and all(card_no != waits for waits, _ in self._waiting):
                self._waiting.append((card_no, make))
                self._begin_work()
                self._changed.notify_all()

    def forget(self, card_no: str) -> None:
        """The card is made."""
        with self._changed:
            self._cards.pop(card_no, None)

    def forget_all(self) -> None:
        """Nobody makes cards any more. What is made ahead at this moment is waited for."""
        with self._changed:
            self._waiting.clear()
            self._changed.wait_for(lambda: not self._at_work, WORK_SECONDS)
            self._cards.clear()

    def _begin_work(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="keys ahead", daemon=True)
            atexit.register(self.forget_all)  # a thread must not end in the middle of a token's library
            self._thread.start()

    def _work(self) -> None:
        """Make ahead what waits, and let go of what is old, as long as there is anything."""
        while make := self._next():
            try:
                with suppress(KeystoreError):
                    make()
            finally:
                with self._changed:
                    self._at_work = False
                    self._changed.notify_all()

    def _next(self) -> Callable[[], object] | None:
        with self._changed:
            self._tidy()
            while not self._waiting:
                if not self._cards:
                    self._thread = None
                    atexit.unregister(self.forget_all)
                    return None
                self._changed.wait(LOOK_SECONDS)
                self._tidy()
            self._at_work = True
            return self._waiting.popleft()[1]

    def _tidy(self) -> None:
        """Let go of what is old, and make nothing ahead for a card that was begun meanwhile."""
        latest = sorted(self._cards.items(), key=lambda item: item[1].used)[-MOST_CARDS:]
        self._cards = {card_no: card for card_no, card in latest if card.used + KEPT_SECONDS > time.monotonic()}
        self._waiting = deque(waits for waits in self._waiting if waits[0] not in self._cards)
