"""What the demo and the benchmarks make for themselves goes with them: keys, databases, cards."""

import os
import subprocess
import sys
from pathlib import Path

MAKE = "from cardsvc.cli.scratch.settings import scratch_folder; print(scratch_folder({how}))"
FORK = "\nimport os, sys\nif os.fork() == 0: sys.exit()\nos.wait(); print(len(os.listdir(os.environ['TMPDIR'])))"


def made(folder: Path, how: str = "", then: str = "") -> list[str]:
    """The lines of a process that makes a scratch folder in ``folder``."""
    ran = subprocess.run(
        [sys.executable, "-c", MAKE.format(how=how) + then],
        env={**os.environ, "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.split()


def test_a_scratch_folder_goes_with_its_process_and_with_no_other(tmp_path: Path) -> None:
    """A process that was forked from the owner ends first, and takes nothing along."""
    *_, there = made(tmp_path, then=FORK)
    assert there == "1"
    assert not list(tmp_path.iterdir())


def test_one_that_is_kept_stays(tmp_path: Path) -> None:
    """The demo's: it says where its data are."""
    (folder,) = made(tmp_path, "keep=True")
    assert [str(path) for path in tmp_path.iterdir()] == [folder]
