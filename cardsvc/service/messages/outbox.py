"""Messages that leave the service: queued with what they tell, in one transaction, and sent until they are taken.

Who gets them gets each at least once and knows it again by its id. An attempt that fails is made again after a pause that
doubles; after the last one a person has to see to it (a dead letter).
"""

import datetime as dt
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from cardsvc.errors import RequestError
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import LibraryNotice, Notice
from cardsvc.store.rows import Rows
from cardsvc.store.states import NoticeState

MAX_ATTEMPTS = 12
"""With the pauses below: about a day."""
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)
LEASE = dt.timedelta(minutes=5)
"""For so long an attempt belongs to one sender; a sender that died meanwhile is followed by another."""
AT_ONCE = 100

Transport = Callable[[Mapping[str, Any]], str | None]
"""Sends a message; gives None when it was taken, else why not."""
M = TypeVar("M", Notice, LibraryNotice)


@dataclass(frozen=True, slots=True)
class Outbox(Generic[M]):
    """One kind of messages. ``rows``: their table; ``due``: what is to be sent at a moment, so many at most; ``key``: of a
    message; ``told``: what goes out."""

    rows: Callable[[UnitOfWork], Rows[M]]
    due: Callable[[UnitOfWork, dt.datetime, int], list[M]]
    key: Callable[[M], tuple[object, ...]]
    told: Callable[[M], Mapping[str, Any]]

    def send_due(
        self, store: Store, transport: Transport, clock: Callable[[], dt.datetime], stop: threading.Event
    ) -> dict[str, int]:
        """Send what is due; gives how many were sent, and how many were not. Ends between two when ``stop`` is set."""
        with store.read() as uow:
            due = self.due(uow, clock(), AT_ONCE)
        counts = {"sent": 0, "not_sent": 0}
        for one in due:
            if stop.is_set():
                break
            message = store.transact(partial(self._claim, self.key(one), clock()))
            if message is not None:
                error = transport(self.told(message))
                store.transact(partial(self._settle, self.key(one), error, clock()))
                counts["not_sent" if error else "sent"] += 1
        return counts

    def _claim(self, key: tuple[object, ...], now: dt.datetime, uow: UnitOfWork) -> M | None:
        """Take a message for one attempt; None when somebody else has it."""
        message = self.rows(uow).for_update(*key)
        if message is None or message.state != NoticeState.WAITING or message.next_at > now:
            return None
        return self.rows(uow).change(message, attempts=message.attempts + 1, next_at=now + LEASE)

    def _settle(self, key: tuple[object, ...], error: str | None, now: dt.datetime, uow: UnitOfWork) -> None:
        rows = self.rows(uow)
        message = rows.for_update(*key)
        if message is None or message.state != NoticeState.WAITING:
            return
        if error is None:
            rows.change(message, state=NoticeState.SENT, ended_at=now, error=None)
        elif message.attempts >= MAX_ATTEMPTS:
            rows.change(message, state=NoticeState.FAILED, ended_at=now, error=error[:100])
        else:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (message.attempts - 1))
            rows.change(message, next_at=now + pause, error=error[:100])

    def try_again(self, uow: UnitOfWork, key: tuple[object, ...], now: dt.datetime) -> None:
        """A message that failed is tried anew. Raises RequestError ``notice_not_failed``."""
        message = self.rows(uow).for_update(*key)
        if message is None or message.state != NoticeState.FAILED:
            raise RequestError("notice_not_failed")
        self.rows(uow).change(message, state=NoticeState.WAITING, attempts=0, next_at=now, ended_at=None)
