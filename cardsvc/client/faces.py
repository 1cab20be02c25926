"""The agent's third loop: it prints card faces on the queue of the card printer beside this PC.

What the service gives is sent to CUPS once, by this run alone, and then only looked at. What an earlier run had is never sent:
it is found by its title, or nobody knows (``unknown``). A job that broke off is cancelled: CUPS would print it from its start
when the queue goes on, on whatever card lies there then.
"""

import base64
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from cardsvc.client.http import ApiClient
from cardsvc.errors import ReaderError
from cardsvc.printing.cups import Job, JobState

IDLE_SECONDS, BUSY_SECONDS = 2.0, 0.5
Told = tuple[str, str | None]


class FaceQueue(Protocol):
    """Where faces are printed: a queue of CUPS (printing/cups.py), or a folder for training (printing/folder.py)."""

    name: str

    def send(self, title: str, pdf: bytes) -> None:
        """Print a PDF once. Raises ReaderError."""

    def find(self, title: str) -> Job | None:
        """The job of this title. Raises ReaderError."""

    def cancel(self, job: Job, /) -> None:
        """Cancel a job. Raises ReaderError."""


class FaceLoop:
    """The printing of one run of the agent. ``reader``: the reader inside the printer, if there is one."""

    def __init__(
        self, client: ApiClient, queue: FaceQueue, tell: Callable[[str, str], None], reader: str | None = None
    ) -> None:
        self._client, self._queue, self._tell = client, queue, tell
        self.offered = {"face_queue": queue.name, "face_reader": reader}
        self._begun: set[str] = set()
        self._refused: dict[str, str] = {}
        self._told: dict[str, Told] = {}

    def turn(self, session: str) -> bool:
        """Ask for a print and see to it once; whether there is one. Raises ReaderError, ServiceRefused."""
        last = next(reversed(self._told), None)
        face = self._client.call("POST", "/workstations/self/faces/next", {"session": session, "last": last})["face"]
        if face is None:
            return False
        told = self._see_to(face)
        if self._told.get(face["print_id"]) != told:
            body = {"session": session, "state": told[0], "note": told[1]}
            self._client.call("POST", f"/workstations/self/faces/{face['print_id']}", body)
            self._told[face["print_id"]] = told
            self._tell(f"face_{told[0]}", face["print_id"])
        return True

    def _see_to(self, face: Mapping[str, Any]) -> Told:
        print_id, title = face["print_id"], face["title"]
        if print_id not in self._begun and not face["again"]:
            if face["stop"]:
                return "failed", None
            self._begun.add(print_id)
            self._send(print_id, title, base64.b64decode(face["pdf"]))
        job = self._queue.find(title)
        if job is not None and not job.ended and (face["stop"] or job.broke_off):
            self._queue.cancel(job)
            job = self._queue.find(title)
        return _judged(job, self._refused.get(print_id))

    def _send(self, print_id: str, title: str, pdf: bytes) -> None:
        """Whatever lp says, CUPS is asked afterwards whether it has the job."""
        try:
            self._queue.send(title, pdf)
        except ReaderError as error:
            self._tell(error.code, print_id)
            if error.code == "face_refused":
                self._refused[print_id] = error.details["note"]


def _judged(job: Job | None, refused: str | None) -> Told:
    if job is None:
        return ("failed", refused) if refused is not None else ("unknown", None)
    if not job.ended:
        return "sent", job.note or None
    if job.state is JobState.COMPLETED:
        return "printed", None
    return ("unknown" if job.begun else "failed"), job.note or None


def rest(stop: threading.Event, *, busy: bool) -> None:
    """Wait before the next turn."""
    stop.wait(BUSY_SECONDS if busy else IDLE_SECONDS)
