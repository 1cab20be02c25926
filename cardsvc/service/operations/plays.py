"""Procedures that stand where their operation waits, kept by the worker that ran them.

Asked again, it goes on from there, and need not play all steps of the phase from its start: that was a third of making a card.
Any other worker plays them, and so does this one after a call that did not end in a commit. So nothing depends on what is kept
here; and a procedure must not ask the database once it runs, for its transaction is over by then.
"""

import threading
from collections import OrderedDict

from cardsvc.service.operations.replay import Played

MOST = 64
"""Operations that one worker keeps; a card that never comes back is forgotten by those that come after it."""


class Plays:
    """What one worker keeps, by operation."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, Played]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, operation_id: str) -> tuple[int, Played] | None:
        """The phase and its procedure, for one caller: who takes it and does not bring it back has used it up."""
        with self._lock:
            return self._kept.pop(operation_id, None)

    def keep(self, operation_id: str, phase: int, played: Played) -> None:
        """Keep a procedure whose answers are all committed."""
        with self._lock:
            self._kept[operation_id] = phase, played
            while len(self._kept) > MOST:
                self._kept.popitem(last=False)
