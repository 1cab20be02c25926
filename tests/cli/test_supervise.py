"""The parent of several processes: a program of others, begun before, is started again when it dies, and ends with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.waiting import PATIENCE, until

PARENT = """
import subprocess, sys
from cardsvc.cli.serve.supervise import Child, supervise
program = ["sh", "-c", 'echo $$ >> "$1"; exec sleep 300', "sh", sys.argv[1]]
begun = subprocess.Popen(program, start_new_session=True)
sys.exit(supervise([Child("reader", (), begun, program=program)]))
"""


def lives(told: Path, number: int) -> list[int]:
    """The processes that were started so far, once there are so many."""
    until(lambda: told.exists() and len(told.read_text().split()) >= number)
    return [int(pid) for pid in told.read_text().split()]


def gone(pid: int) -> bool:
    """Whether nobody has this number any more."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_reader_service_that_dies_is_started_again_and_goes_with_its_parent(tmp_path: Path) -> None:
    """As the demo's pcscd: killed, it is there again; SIGTERM to the parent ends it."""
    told = tmp_path / "pids"
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(told)], stderr=subprocess.DEVNULL)
    try:
        (first,) = lives(told, 1)
        os.kill(first, signal.SIGKILL)
        second = lives(told, 2)[1]
        assert not gone(second)
    finally:
        parent.terminate()
    assert parent.wait(PATIENCE) == 0
    assert gone(second)
