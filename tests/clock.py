"""The clock of the tests: ``cardsvc.bootstrap.now`` begins at noon of a working day and runs on, so that tests are the same at
any hour and on any date.

Processes that a test starts have the clock on the wall, and whoever works with them must have the same: the tests of PROCESSES.
Those must hold at any hour, on one day: a test that would begin shortly before midnight begins after it. What midnight itself
does is told by tests with a clock of their own.
"""

import datetime as dt
import time
from pathlib import Path

from cardsvc import bootstrap
from cardsvc.units import LOCAL
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
ONE_TEST = dt.timedelta(minutes=2)
"""No test of PROCESSES that counts a day's doings takes longer."""

_wall = bootstrap._read
_began = time.monotonic()


def _running(zone: dt.tzinfo) -> dt.datetime:
    return (NOON + dt.timedelta(seconds=time.monotonic() - _began)).astimezone(zone)


def set_for(file: Path) -> None:
    """The clock that the tests of a file want: one for the whole process, before any of their fixtures is made."""
    name = file.relative_to(Path(__file__).parent).as_posix()
    on_the_wall = any(name == one or name.startswith(f"{one}/") for one in PROCESSES)
    bootstrap._read = _wall if on_the_wall else _running
    if on_the_wall:
        _wait_out_midnight()


def _wait_out_midnight() -> None:
    """Until the next day of the city has begun, where it is near."""
    day = _wall(LOCAL).date()
    while (_wall(LOCAL) + ONE_TEST).date() > day >= _wall(LOCAL).date():
        time.sleep(1)
