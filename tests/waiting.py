"""Waiting for what has to come: as long as a machine with much other work needs, and no longer than it takes."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 120.0
"""Seconds after which something does not come any more. A test that passes never waits so long: it costs nothing."""


def until(found: Callable[[], Any], told: Callable[[], object] = lambda: "it did not come") -> Any:
    """What is found, once it is true. ``told``: what is said if that never happens."""
    end = time.monotonic() + PATIENCE
    while not (value := found()):
        assert time.monotonic() < end, told()
        time.sleep(0.02)
    return value
