"""The event stream: tells each page that something on its desk changed. One look at the database for all pages of a process."""

import threading
import time
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response

from cardsvc.bootstrap import Services, now
from cardsvc.errors import StoreError
from cardsvc.service.desk.work_place import desk_mark
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
    """Follows the workstations that pages look at. A thread reads them in turn while there are any, and wakes their pages."""

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
        pause, busy_until = threading.Event(), 0.0
        while True:
            with self._changed:
                places = list(self._pages)
                if not places:
                    self._thread = None
                    return
            marks = {place: self._mark(place) for place in places}
            with self._changed:
                fresh = {place: mark for place, mark in marks.items() if place in self._pages}
                if any(self._seen.get(place) != mark for place, mark in fresh.items()):
                    self._seen.update(fresh)
                    self._changed.notify_all()
                    busy_until = time.monotonic() + BUSY_SECONDS
            pause.wait(min(LOOK_SECONDS, BUSY_LOOK_SECONDS) if time.monotonic() < busy_until else LOOK_SECONDS)

    def _mark(self, place: str) -> str:
        """A database that is away is a change of the desk too: the page says so."""
        try:
            return desk_mark(self._services.store, place, now())
        except StoreError as error:
            return error.code


def install(app: Flask, services: Services) -> None:
    """Add the route."""
    watch = Watch(services)

    @app.get("/desk/events")
    def events() -> Any:
        return Response(watch.stream(workstation()), mimetype="text/event-stream", headers={"X-Accel-Buffering": "no"})
