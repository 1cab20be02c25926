"""The event stream: tells each page that something on its desk changed. One look at the database for all pages of a process."""

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask import Flask, Response

from cardsvc.bootstrap import Services, now
from cardsvc.errors import StoreError
from cardsvc.service.desk.work_place import desk_marks
from cardsvc.web.desk.guard import workstation

LOOK_SECONDS = 0.2
BUSY_LOOK_SECONDS, BUSY_SECONDS = 0.05, 3.0
"""A desk where something changed is about to change again: a card came in, is looked at, is written. It is looked at more
often for so long, and a card's holder stands on the page some 150 ms earlier."""
HEARTBEAT_SECONDS = 2.0
"""A page that hears nothing for three of these asks whether the service is there: a cable that is out makes no error. A page
that was left is noticed at the next word to it, and holds a thread of the server until then: fifteen seconds let a
clerk who is quick with the keys use up all of them, and the next page did not come."""
RETRY_MILLISECONDS = 1000


class Watch:
    """Follows the workstations that pages look at. A thread reads them while there are any, and wakes their pages."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._changed = threading.Condition()
        self._pages: dict[str, int] = {}
        self._seen: dict[str, str] = {}
        self._thread: threading.Thread | None = None

    def stream(self, place: str) -> Iterator[str]:
        """The events of one page: its desk's mark now, and again at every change."""
        self._join(place)
        try:
            yield f"retry: {RETRY_MILLISECONDS}\n\n"
            told = None
            while True:
                with self._changed:
                    if self._seen.get(place) == told:
                        self._changed.wait(HEARTBEAT_SECONDS)
                    mark = self._seen.get(place)
                yield f"event: desk\ndata: {mark or '-'}\n\n" if mark != told else "event: beat\ndata:\n\n"
                told = mark
        finally:
            self._leave(place)

    def _join(self, place: str) -> None:
        with self._changed:
            self._pages[place] = self._pages.get(place, 0) + 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._follow, name="desk-watch", daemon=True)
                self._thread.start()

    def _leave(self, place: str) -> None:
        with self._changed:
            self._pages[place] -= 1
            if not self._pages[place]:
                del self._pages[place]
                self._seen.pop(place, None)

    def _follow(self) -> None:
        """Each desk has its own pace: one that is busy does not have the others looked at more often."""
        pause, due, busy_until = threading.Event(), dict[str, float](), dict[str, float]()
        while True:
            began = time.monotonic()
            with self._changed:
                if not self._pages:
                    self._thread = None
                    return
                places = list(self._pages)
            marks = self._marks([place for place in places if due.get(place, 0.0) <= began])
            with self._changed:
                changed = [place for place, mark in marks.items() if place in self._pages and self._seen.get(place) != mark]
                self._seen.update((place, marks[place]) for place in changed)
                if changed:
                    self._changed.notify_all()
            ended = time.monotonic()
            busy_until.update((place, ended + BUSY_SECONDS) for place in changed)
            for place in marks:
                busy = busy_until.get(place, 0.0) > ended
                due[place] = ended + (min(LOOK_SECONDS, BUSY_LOOK_SECONDS) if busy else LOOK_SECONDS)
            due = {place: due.get(place, 0.0) for place in places}
            pause.wait(max(0.0, min(min(due.values()) - ended, BUSY_LOOK_SECONDS)))

    def _marks(self, places: Sequence[str]) -> Mapping[str, str]:
        """A database that is away is a change of the desk too: the page says so."""
        try:
            return desk_marks(self._services.store, places, now()) if places else {}
        except StoreError as error:
            return dict.fromkeys(places, error.code)


def install(app: Flask, services: Services) -> None:
    """Add the route."""
    watch = Watch(services)

    @app.get("/desk/events")
    def events() -> Any:
        return Response(watch.stream(workstation()), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
