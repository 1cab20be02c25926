"""The desk agent: shows the service what is in this PC's readers, and carries operations of signed-in staff to the cards.

It knows no keys of cards, no rules and no staff. Two loops, and a third where there is a card printer (faces.py): one follows
the readers and reports each change, and every few seconds, so that an agent with a long job never looks away; one waits for
work. They begin again by themselves when the service or pcscd was away. What a killed agent had under way is ended by the
service when the next one reports.
"""

import queue
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

from cardsvc.client.faces import FaceLoop, rest
from cardsvc.client.http import ApiClient, ServiceRefused, reply_of
from cardsvc.errors import CardsvcError, ReaderError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import CarriedOut, finish
from cardsvc.readers.directory import open_card, recover
from cardsvc.readers.pcsc import ReaderState
from cardsvc.readers.presence import Event, PresenceLoop, What
from cardsvc.readers.worker import EXCHANGE_SECONDS
from cardsvc.wire import Reply

AGAIN_SECONDS = 0.5
POLL_SECONDS = 5.0
STUCK = frozenset({"reader_stuck", "reader_failed"})
"""Failures after which the reader itself may need a push."""
FOR_GOOD = frozenset({"workstation_taken_over", "workstation_unknown", "terminal_unknown"})
"""Refusals that no second try changes."""


class Agent:
    """One run. ``tell`` hears what happens: a word and the reader or operation it is about; ``wait``: seconds of a poll."""

    def __init__(
        self,
        client: ApiClient,
        work_client: ApiClient,
        tell: Callable[[str, str], None],
        *,
        wait: float = POLL_SECONDS,
        deadline: float = EXCHANGE_SECONDS,
        faces: FaceLoop | None = None,
    ) -> None:
        """``deadline``: seconds that a card may take for one answer; ``faces``: prints them, where there is a card printer."""
        self._client, self._work_client, self._tell, self._wait = client, work_client, tell, wait
        self._deadline, self._faces = deadline, faces
        self._recovered: set[str] = set()
        self._brought_back: queue.SimpleQueue[tuple[str, str, str]] = queue.SimpleQueue()
        self._resets: dict[str, int] = {}
        self._session = str(uuid.uuid4())
        self._readers: dict[str, tuple[str, str] | None] = {}
        self._reported = threading.Event()
        self._stop = threading.Event()
        self._begun: set[str] = set()
        self._new = True
        self._failure: ServiceRefused | None = None

    def stop(self) -> None:
        """End the loops soon."""
        self._stop.set()

    def run(self) -> None:
        """Until stopped. Raises ServiceRefused when another agent took the workstation over or there is none."""
        presence = PresenceLoop()
        loops = [self._work] if self._faces is None else [self._work, self._print]
        workers = [threading.Thread(target=self._guarded, args=(loop,), name="agent-work", daemon=True) for loop in loops]
        for worker in workers:
            worker.start()
        try:
            self._guarded(lambda: self._follow(presence))
        finally:
            self._stop.set()
            presence.close()
            for worker in workers:
                worker.join()
        if self._failure is not None:
            raise self._failure

    def _guarded(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except ServiceRefused as refused:
            self._failure = refused
        finally:
            self._stop.set()

    def _follow(self, presence: PresenceLoop) -> None:
        told = 0.0
        while not self._stop.is_set():
            changed = self._take(presence)
            if not changed and self._reported.is_set() and time.monotonic() - told < POLL_SECONDS:
                self._stop.wait(0.05)
                continue
            try:
                self._client.call("POST", "/workstations/self/readers", self._report())
                self._new = False
                self._reported.set()
                told = time.monotonic()
            except (ReaderError, ServiceRefused) as failure:
                self._reported.clear()
                self._later(failure)

    def _take(self, presence: PresenceLoop) -> bool:
        """All events that wait; whether anything changed."""
        changed = False
        while not self._brought_back.empty():
            reader, contact, again = self._brought_back.get()
            if self._is_in(reader, contact):
                self._readers[reader] = (self._atr_in(reader), again)
                changed = True
        while not presence.events.empty():
            event: Event = presence.events.get()
            self._tell(event.what, event.reader)
            changed = True
            if event.what is What.READER_REMOVED:
                self._readers.pop(event.reader, None)
            elif event.what is What.CARD_IN:
                self._readers[event.reader] = (event.atr.hex().upper(), str(uuid.uuid4()))
            elif event.what in (What.READER_ADDED, What.CARD_OUT):
                self._readers[event.reader] = None
        return changed

    def _report(self) -> dict[str, Any]:
        readers = [
            {"name": name, "atr": card[0] if card and card[0] else None, "contact": card[1] if card else None}
            for name, card in sorted(self._readers.items())
        ]
        offered = self._faces.offered if self._faces is not None else {}
        return {"session": self._session, "new": self._new, "readers": readers, **offered}

    def _print(self) -> None:
        while self._faces is not None and not self._stop.is_set():
            if not self._reported.wait(AGAIN_SECONDS):
                continue
            try:
                rest(self._stop, busy=self._faces.turn(self._session))
            except (ReaderError, ServiceRefused) as failure:
                self._later(failure)

    def _work(self) -> None:
        last: str | None = None
        while not self._stop.is_set():
            if not self._reported.wait(AGAIN_SECONDS):
                continue
            asked_at = time.monotonic()
            try:
                asked = {"session": self._session, "last": last, "wait": self._wait}
                work = self._work_client.call("POST", "/workstations/self/work", asked)
                if work["operation"] is None:  # at once where too many agents wait there; else nobody is kept from the next
                    self._stop.wait(max(0.0, AGAIN_SECONDS - (time.monotonic() - asked_at)))
                    continue
            except (ReaderError, ServiceRefused) as failure:
                self._later(failure)
                continue
            reply = reply_of(work["operation"])
            last = reply.id
            try:
                self._carry(work["reader"], work["contact"], reply)
                self._tell("ended", reply.id)
            except CarriedOut:
                self._tell("not_done", reply.id)
            except ServiceRefused as refused:
                self._tell(str(refused.problem.get("code")), reply.id)
            except CardsvcError as error:
                self._tell(error.code, reply.id)
                if error.code in STUCK:
                    self._bring_back(work["reader"], work["contact"])

    def _bring_back(self, reader: str, contact: str) -> None:
        """Try once in a card's stay to bring its reader back. The card lost its power then, which is a new stay of it: the desk
        looks at it again, and only a card that is silent once more waits for a hand."""
        if contact in self._recovered or not self._is_in(reader, contact):
            return
        again = str(uuid.uuid4())
        self._recovered = {contact, again}
        try:
            facts = recover(reader)
        except CardsvcError as error:
            self._tell(error.code, reader)
            return
        self._resets[reader] = facts.reconnects
        self._tell("reader_back", reader)
        self._brought_back.put((reader, contact, again))

    def _later(self, failure: ReaderError | ServiceRefused) -> None:
        """Try again after a moment. Raises a refusal that is for good."""
        code = str(failure.problem.get("code")) if isinstance(failure, ServiceRefused) else failure.code
        if code in FOR_GOOD:
            raise failure
        self._tell(code, "")
        self._stop.wait(AGAIN_SECONDS)

    def _carry(self, reader: str, contact: str, reply: Reply) -> None:
        """One operation. Whatever goes wrong with the card is told to the service by the loop that carries."""
        if reply.id in self._begun:
            self._work_client.abandon(reply.id, reply.step, (), "connection_lost")
            return
        self._begun.add(reply.id)
        if not self._is_in(reader, contact):
            self._work_client.abandon(reply.id, reply.step, (), "card_changed")
            return
        try:
            state, resets = ReaderState(reader, "present", b"", 0), self._resets.pop(reader, 0)
            channel = open_card(state, deadline=self._deadline, reconnects=resets)
        except CardsvcError as error:
            self._work_client.abandon(reply.id, reply.step, (), error.code)
            return
        try:
            self._finish(channel, reader, contact, reply)
        finally:
            channel.close()

    def _finish(self, channel: Channel, reader: str, contact: str, reply: Reply) -> None:
        if not self._is_in(reader, contact):
            self._work_client.abandon(reply.id, reply.step, (), "card_changed")
            return
        finish(self._work_client, channel, reply)

    def _atr_in(self, reader: str) -> str:
        card = self._readers.get(reader)
        return card[0] if card else ""

    def _is_in(self, reader: str, contact: str) -> bool:
        card = self._readers.get(reader)
        return card is not None and card[1] == contact
