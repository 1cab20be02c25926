"""A queue of CUPS, by its own programs: lp(1) sends, ipptool(1) looks, cancel(1) cancels. No shell, no library.

A job is known by its title. ipptool asks the scheduler over IPP (RFC 8011), where lp goes: at CUPS_SERVER, or on this machine.
"""

import os
import plistlib
import subprocess
import tempfile
from collections.abc import Mapping
from enum import IntEnum, unique
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.parsers.expat import ExpatError

from cardsvc.errors import Outcome, ReaderError

TIMEOUT_S = 15
PORT = 631
GET_JOBS = Path(__file__).with_name("cups_jobs.ipp")
MOST_NOTE = 120
PRINTER_STOPPED = 5
"""printer-state of RFC 8011, 5.4.11."""
Groups = list[Mapping[str, Any]]


@unique
class JobState(IntEnum):
    """job-state of RFC 8011, 5.3.7."""

    PENDING = 3
    HELD = 4
    PROCESSING = 5
    STOPPED = 6
    CANCELLED = 7
    ABORTED = 8
    COMPLETED = 9


class Job(NamedTuple):
    """A job as CUPS has it. ``begun``: whether it ever was processed, so that the card may have been printed on; ``note``: what
    the printer or CUPS says."""

    job_id: int
    state: JobState
    begun: bool
    note: str

    @property
    def ended(self) -> bool:
        """Whether CUPS will do no more with it."""
        return self.state >= JobState.CANCELLED

    @property
    def broke_off(self) -> bool:
        """Begun and not going on: CUPS would begin it again from its start, on whatever card lies there then."""
        return self.begun and not self.ended and self.state != JobState.PROCESSING


class CupsQueue:
    """One queue of the CUPS on this machine. Everything raises ReaderError ``face_queue_silent`` where CUPS does not answer."""

    def __init__(self, name: str) -> None:
        self.name = name

    def send(self, title: str, pdf: bytes) -> None:
        """Print a PDF once. Raises ReaderError ``face_refused`` where CUPS did not take it."""
        with tempfile.NamedTemporaryFile(prefix="cardsvc-face-", suffix=".pdf") as file:  # readable by this user alone
            file.write(pdf)
            file.flush()
            done = _run("lp", "-d", self.name, "-t", title, "-o", "job-sheets=none", "-n", "1", "--", file.name)
        if done.returncode:
            raise ReaderError("face_refused", note=_said(done))

    def find(self, title: str) -> Job | None:
        """The job of this title, also one that has ended, as long as CUPS remembers it."""
        uri = f"ipp://{_server()}/printers/{quote(self.name, safe='')}"
        done = _run("ipptool", "-T", f"{TIMEOUT_S - 5}", "-X", uri, f"{GET_JOBS}")
        jobs, printer = _answers(done)
        found = [job for job in jobs if "job-id" in job and job.get("job-name") == title]
        return _job(max(found, key=lambda job: int(job["job-id"])), printer[-1]) if found else None

    def cancel(self, job: Job) -> None:
        """Cancel a job; one that has just ended stays as it ended."""
        _run("cancel", f"{self.name}-{job.job_id}")


def _server() -> str:
    """Host and port of the scheduler. ipptool knows no sockets of files: CUPS listens on this machine's port beside them."""
    given = os.environ.get("CUPS_SERVER", "").partition("/")[0]
    host, _, port = given.partition(":")
    return f"{host or 'localhost'}:{port if port.isdecimal() else PORT}"


def _run(*command: str) -> "subprocess.CompletedProcess[bytes]":
    try:
        return subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False, env={**os.environ, "LC_ALL": "C"})
    except (OSError, subprocess.TimeoutExpired):
        raise ReaderError("face_queue_silent", outcome=Outcome.UNKNOWN, note=command[0]) from None


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    return " ".join((done.stdout + done.stderr).decode(errors="replace").split())[:MOST_NOTE]


def _answers(done: "subprocess.CompletedProcess[bytes]") -> tuple[Groups, Groups]:
    """Groups of attributes in ipptool's XML: of the jobs, and of the printer. The first group of each is about the answer."""
    try:
        xml, end, _summary = done.stdout.partition(b"</plist>")
        answer = plistlib.loads(xml + end)
        jobs, printer = (test["ResponseAttributes"] for test in answer["Tests"])
    except (plistlib.InvalidFileException, ExpatError, ValueError, KeyError, TypeError):
        raise ReaderError("face_queue_silent", outcome=Outcome.UNKNOWN, note="ipptool") from None
    if not answer["Successful"] or not printer:
        raise ReaderError("face_queue_silent", outcome=Outcome.UNKNOWN, note="ipptool")
    return jobs, printer


def _job(job: Mapping[str, Any], printer: Mapping[str, Any]) -> Job:
    state = JobState(int(job["job-state"]))
    note = str(job.get("job-printer-state-message") or "")
    if state < JobState.CANCELLED and printer.get("printer-state") == PRINTER_STOPPED:
        note = f"printer stopped: {printer.get('printer-state-message') or '-'}"
    return Job(int(job["job-id"]), state, isinstance(job.get("time-at-processing"), int), note[:MOST_NOTE])
