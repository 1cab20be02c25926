"""``cardsvc doctor --face-queue`` on a real cupsd of its own: each state of the queue is told with its cure."""

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.test_doctor_cli import looked

CHECK = "queue for card faces"
CONFIG = """Listen {root}/s
DefaultAuthType None
WebInterface No
Browsing Off
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
FILES = """ServerRoot {root}
StateDir {root}/state
RequestRoot {root}/spool
CacheDir {root}/cache
TempDir {root}/tmp
AccessLog {root}/access
ErrorLog {root}/error
PageLog {root}/page
FileDevice Yes
"""


def told(*command: str) -> str:
    """What a command of CUPS says."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def cups(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A private cupsd; CUPS_SERVER leads there. In a folder with a short name: a socket's path has 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="cups") as folder:
        root = Path(folder)
        for name in ("state", "spool", "cache", "tmp"):
            (root / name).mkdir()
        (root / "cupsd.conf").write_text(CONFIG.format(root=root))
        (root / "cups-files.conf").write_text(FILES.format(root=root))
        monkeypatch.setenv("CUPS_SERVER", f"{root}/s")
        process = subprocess.Popen(("/usr/sbin/cupsd", "-f", "-c", root / "cupsd.conf", "-s", root / "cups-files.conf"))
        try:
            deadline = time.monotonic() + 20
            while "is running" not in told("lpstat", "-r"):
                assert process.poll() is None, (root / "error").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            process.wait(20)


def test_each_state_of_the_queue_is_told_with_its_cure(home: dict[str, str], cups: subprocess.Popen[bytes]) -> None:
    """Unknown, then well, stopped with its reason, not accepting; and CUPS itself down."""
    desk = {**home, "CUPS_SERVER": os.environ["CUPS_SERVER"]}

    def seen() -> tuple[bool, str, str]:
        found = looked(desk, "--face-queue", "cards")[CHECK]
        return found["ok"], found["note"], found["cure"]

    ok, _note, cure = seen()
    assert (ok, "lpadmin" in cure) == (False, True)
    told("lpadmin", "-p", "cards", "-v", "file:///dev/null", "-E")
    assert seen()[0]
    told("cupsdisable", "-r", "ribbon is out", "cards")
    ok, note, cure = seen()
    assert (ok, note.endswith(" ribbon is out"), "sudo cupsenable cards" in cure) == (False, True, True)
    told("cupsenable", "cards")
    told("cupsreject", "cards")
    assert (seen()[0], seen()[2]) == (False, "sudo cupsaccept cards")
    told("cupsaccept", "cards")
    assert seen()[0]
    cups.terminate()
    cups.wait(20)
    ok, _note, cure = seen()
    assert (ok, "systemctl start cups" in cure) == (False, True)


def test_without_a_named_queue_nothing_is_asked(home: dict[str, str]) -> None:
    """An outlet without a card printer is not told that it lacks one."""
    assert CHECK not in looked(home)
