"""Doing the same thing again and again until SIGTERM or Ctrl-C; what is under way is finished."""

import signal
import threading
from collections.abc import Callable


def until_stopped(work: Callable[[threading.Event], None], interval: float) -> None:
    """Call ``work`` at once and then every ``interval`` seconds; it may look between its parts whether to stop."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        while not stop.is_set():
            work(stop)
            stop.wait(interval)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
