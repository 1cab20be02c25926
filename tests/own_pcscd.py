"""A real pcscd for each test process, so that tests with readers need not wait for each other.

pcscd has its socket at a fixed place and a machine has one vpcd port. So it runs in a mount namespace with a folder of ours in
that place, and with a reader.conf that gives its vpcd ports of its own. Clients find it by ``PCSCLITE_CSOCK_NAME``: a link that
leads to the machine's pcscd until a test wants this one, for a process reads it once.  Source: pcsclite(3), unshare(1).
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from itertools import count
from pathlib import Path

from cardsvc.readers import pcscd
from tests.waiting import until

THEIRS = Path("/run/pcscd")
SOCKET = "pcscd.comm"
READER = """FRIENDLYNAME "Virtual PCD"
DEVICENAME /dev/null:{port:#x}
LIBPATH {driver}
CHANNELID {port:#x}
"""
FIRST_PORT = 20000
"""Below those that the system gives away."""
DRIVERS = ("pcsc/drivers/serial", "*/pcsc/drivers/serial", "*")
"""Where distributions keep the vpcd driver, under /usr/lib."""


@cache
def may_have_its_own() -> bool:
    """Whether this system gives us a mount namespace."""
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode == 0


class OwnPcscd:
    """The pcscd of this test process, started when it is first wanted."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="cardsvc-tests-pcscd-"))
        self._link = self._folder / "socket"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0
        self._lead_to(THEIRS)
        os.environ["PCSCLITE_CSOCK_NAME"] = str(self._link)

    @contextmanager
    def used(self) -> Iterator[int]:
        """Clients of this process, and of those that it starts, find it; yields the port of its first slot."""
        if self._process is None:
            self._start()
        self._lead_to(self._folder / "run")
        try:
            until(pcscd.is_running)
            yield self.port
        finally:
            self._lead_to(THEIRS)

    def close(self) -> None:
        """Stop it, and delete everything."""
        if self._process is not None:
            pcscd.stop(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _lead_to(self, place: Path) -> None:
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(place / SOCKET)

    def _start(self) -> None:
        run, readers = self._folder / "run", self._folder / "readers"
        for made in (run, readers):
            made.mkdir()
        self.port = two_free_ports()
        (readers / "vpcd").write_text(READER.format(port=self.port, driver=driver()))
        THEIRS.mkdir(exist_ok=True)
        inside = f'mount --bind "$0" {THEIRS} && exec "$@"'
        command = ["unshare", "--mount", "sh", "-c", inside, str(run), *pcscd.command(), "--config", str(readers)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def driver() -> Path:
    """The vpcd driver. Fails loudly where it is not installed."""
    found = [path for place in DRIVERS for path in Path("/usr/lib").glob(f"{place}/libifdvpcd.so")]
    assert found, "vsmartcard-vpcd is not installed: scripts/setup installs it"
    return found[0]


def two_free_ports() -> int:
    """A port that nobody listens on, nor on the one after it: a vpcd has two slots. Others look from elsewhere on."""
    for port in count(FIRST_PORT + os.getpid() % 3000 * 4, 2):
        with suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("", port))
            second.bind(("", port + 1))
            return port
    raise AssertionError("the loop returns")
