"""Making sure that a pcscd runs, for the demo and the tests: use the one that is there, else start one and stop it after."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cardsvc.errors import CardsvcError, ReaderError
from cardsvc.readers.pcsc import Context

START_SECONDS = 60.0
_ALSO_IN = "/usr/sbin"


def is_running() -> bool:
    """Whether a PC/SC service answers."""
    try:
        with Context():
            return True
    except CardsvcError:
        return False


def command() -> list[str]:
    """What starts a pcscd of our own. Raises ReaderError ``pcsc_not_running`` where none can be started."""
    program = shutil.which("pcscd") or shutil.which("pcscd", path=_ALSO_IN)
    if program is None or os.geteuid() != 0:
        raise ReaderError("pcsc_not_running")
    return [program, "--foreground", "--critical"]


def start(*, alone: bool = False) -> subprocess.Popen[bytes]:
    """Start a pcscd of our own and wait until it answers. ``alone``: no Ctrl-C of the terminal reaches it.

    Raises ReaderError ``pcsc_not_running`` where that cannot be.
    """
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command(), stdout=quiet, stderr=quiet, start_new_session=alone)
    until = time.monotonic() + START_SECONDS
    while not is_running():
        if time.monotonic() > until or process.poll() is not None:
            process.kill()
            process.wait()
            raise ReaderError("pcsc_not_running")
        time.sleep(0.05)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a pcscd that ``start`` started."""
    process.terminate()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def running() -> Iterator[bool]:
    """A PC/SC service for this block; yields whether it is one of our own."""
    if is_running():
        yield False
        return
    process = start()
    try:
        yield True
    finally:
        stop(process)
