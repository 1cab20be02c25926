"""How a property is tried: on so many examples by default, on many more in a long run before a release (``make soak``).

By default on the same examples each time: a run that fails is one that fails again. The long run draws new ones.
"""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("CARDSVC_EXAMPLES_TIMES", "1"))
USUAL = 100


def examples(usual: int = USUAL) -> settings:
    """A property on ``usual`` examples, so many times that in a long run. An example may be a whole city, and the machine may
    have other work: none is too slow.
    """
    return settings(max_examples=usual * TIMES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=TIMES == 1)


def everywhere() -> None:
    """So also where a property says nothing: hypothesis by itself gives up on an example that took a fifth of a second."""
    settings.register_profile("cardsvc", examples())
    settings.load_profile("cardsvc")
