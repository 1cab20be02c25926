"""The clock of the tests: ``cardsvc.bootstrap.now`` begins at noon of a working day and runs on, so that tests are the same at
any hour and on any date.

Processes that a test starts have the clock on the wall, and whoever works with them must have the same: the tests of PROCESSES.
Those must hold at any hour.
"""

import datetime as dt
import time
from pathlib import Path

from cardsvc import bootstrap
from tests.world import NOON

PROCESSES = (
    "certify",
    "cli",
    "desk/test_faces.py",
    "docs/test_vendor_page.py",
    "keystore/test_served.py",
    "kills",
    "page/test_training.py",
    "web/test_metrics.py",
    "web/test_mtls.py",
    "web/test_nginx.py",
)
"""Folders and files under tests whose tests start processes with a clock."""

_wall = bootstrap._read
_began = time.monotonic()


def _running(zone: dt.tzinfo) -> dt.datetime:
    return (NOON + dt.timedelta(seconds=time.monotonic() - _began)).astimezone(zone)


def set_for(file: Path) -> None:
    """The clock that the tests of a file want: one for the whole process, before any of their fixtures is made."""
    name = file.relative_to(Path(__file__).parent).as_posix()
    on_the_wall = any(name == one or name.startswith(f"{one}/") for one in PROCESSES)
    bootstrap._read = _wall if on_the_wall else _running
