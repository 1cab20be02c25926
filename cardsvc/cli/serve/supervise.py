"""Several processes of one service under one parent: the API, the desk page, the agent, a pcscd for training. One that dies is
started again."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cardsvc.cli.shared.output import say

PAUSE_SECONDS = 0.2
SHORT_LIFE_SECONDS = 5.0
MAX_SHORT_LIVES = 5
STOP_SECONDS = 15.0


@dataclass
class Child:
    """A ``cardsvc`` command that runs for as long as the parent does; with ``program`` another one, which tells nothing.
    ``process``: where it was started already."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    short_lives: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    program: Sequence[str] = ()

    def start(self) -> None:
        """Start it."""
        command: Sequence[str] = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", *self.arguments]
        command, quiet = (self.program, subprocess.DEVNULL) if self.program else (command, None)
        variables = {**os.environ, **self.environment}
        self.process = subprocess.Popen(command, env=variables, stdout=quiet, stderr=quiet, start_new_session=True)
        self.began = time.monotonic()

    def ended(self) -> int | None:
        """Its exit code, once it has ended."""
        return None if self.process is None else self.process.poll()

    def kill_all(self) -> None:
        """Kill it and whatever it started. A server that is killed leaves workers behind that would keep a reader or a port."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def supervise(children: Sequence[Child], ready: Callable[[], None] = lambda: None) -> int:
    """Run until stopped by SIGTERM or Ctrl-C, then stop all children. Exit code: of a child that cannot live, or 0.

    A signal is noted and seen between two steps: raised in the middle of a start, it would leave a process that nobody knows.
    """
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    try:
        for child in children:
            if child.process is None:
                child.start()
        ready()
        return _watch(children, stopped)
    finally:
        _stop(children)


def _watch(children: Sequence[Child], stopped: threading.Event) -> int:
    while not stopped.wait(PAUSE_SECONDS):
        for child in children:
            code = child.ended()
            if code is None:
                continue
            child.kill_all()
            short = time.monotonic() - child.began < SHORT_LIFE_SECONDS
            child.short_lives = child.short_lives + 1 if short else 0
            if child.short_lives >= MAX_SHORT_LIVES:
                say(f"{child.name} 启动不了，全部停止", f"{child.name} cannot be started: stopping everything")
                return code or 1
            say(f"{child.name} 退出（{code}），重新启动", f"{child.name} ended ({code}), starting it again")
            if stopped.wait(PAUSE_SECONDS * 5):
                return 0
            child.start()
    return 0


def _stop(children: Sequence[Child]) -> None:
    """Ask, wait, then insist."""
    for child in children:
        if child.process is not None and child.ended() is None:
            child.process.terminate()
    until = time.monotonic() + STOP_SECONDS
    for child in children:
        if child.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, until - time.monotonic()))
        child.kill_all()
