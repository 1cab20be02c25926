"""A cupsd of the tests' own, with a card printer that keeps what it prints and stops where a test wants it."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.waiting import PATIENCE, until

CONFIG = """Listen 127.0.0.1:{port}
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
ServerBin {root}/lib
StateDir {root}/state
RequestRoot {root}/spool
CacheDir {root}/cache
TempDir {root}/tmp
AccessLog {root}/access
ErrorLog {root}/error
PageLog {root}/page
FileDevice Yes
"""
PRINTER = """#!/bin/sh
# What CUPS gives: job, user, title, copies, options, and a file or stdin. No arguments: which devices there are.
[ $# -eq 0 ] && {{ echo 'direct card "Unknown" "Card printer of the tests"'; exit 0; }}
echo "$3" >> {out}/begun
while [ -e {out}/hold ]; do sleep 0.05; done
cat ${{6:+"$6"}} > {out}/face-$1.pdf
echo "$3" >> {out}/printed
"""


def did(*command: str) -> None:
    """A command of CUPS that has to work."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, f"{command}: {done.stderr}"


class Cups:
    """The running cupsd; CUPS_SERVER leads there. ``hold``: while this file exists the card printer does not end a job."""

    def __init__(self, root: Path, process: "subprocess.Popen[bytes]") -> None:
        self.process, self.out = process, root / "out"
        self.hold = self.out / "hold"

    def add(self, name: str) -> None:
        """A queue whose printer is the card printer."""
        did("lpadmin", "-p", name, "-v", "card:/desk", "-E")

    def titles(self, what: str = "printed") -> list[str]:
        """The titles of the jobs that the printer began or printed, in order."""
        file = self.out / what
        return file.read_text().split() if file.exists() else []

    def stop(self) -> None:
        """End cupsd."""
        self.process.terminate()
        self.process.wait(PATIENCE)


@contextmanager
def running_cups(patch: pytest.MonkeyPatch) -> Iterator[Cups]:
    """A cupsd, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="cups") as folder:
        root = Path(folder)
        root.chmod(0o755)
        for name in ("state", "spool", "cache", "tmp", "out", "lib", "lib/backend"):
            (root / name).mkdir()
        (root / "out").chmod(0o777)
        (root / "lib" / "daemon").symlink_to("/usr/lib/cups/daemon")
        printer = root / "lib" / "backend" / "card"
        printer.write_text(PRINTER.format(out=root / "out"))
        printer.chmod(0o755)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        (root / "cupsd.conf").write_text(CONFIG.format(port=port))
        (root / "cups-files.conf").write_text(FILES.format(root=root))
        patch.setenv("CUPS_SERVER", f"127.0.0.1:{port}")
        process = subprocess.Popen(("/usr/sbin/cupsd", "-f", "-c", root / "cupsd.conf", "-s", root / "cups-files.conf"))
        try:
            until(lambda: process.poll() is not None or _runs())
            assert process.poll() is None, (root / "error").read_text()
            yield Cups(root, process)
        finally:
            (root / "out" / "hold").unlink(missing_ok=True)
            process.terminate()
            process.wait(PATIENCE)


def _runs() -> bool:
    told = subprocess.run(("lpstat", "-r"), capture_output=True, text=True, timeout=PATIENCE, check=False).stdout
    return "is running" in told


def server() -> str:
    """Where the running cupsd is."""
    return os.environ["CUPS_SERVER"]
