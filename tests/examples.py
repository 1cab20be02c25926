"""How a property is tried: on so many examples by default, on many more in a long run before a release (``make soak``)."""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("CARDSVC_EXAMPLES_TIMES", "1"))


def examples(usual: int) -> settings:
    """A property on ``usual`` examples, so many times that in a long run. An example may be a whole city: none is too slow."""
    return settings(max_examples=usual * TIMES, deadline=None, suppress_health_check=list(HealthCheck))
