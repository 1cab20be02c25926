"""How a property is tried: on so many examples by default, on many more in a long run before a release (``make soak``).

By default on the same examples each time: a run that fails is one that fails again. The long run draws new ones. On PostgreSQL,
which comes after SQLite, a third of them: they are about what is done, and the database hears the same statements each time.
"""

import os

from hypothesis import HealthCheck, settings

TIMES = int(os.environ.get("CARDSVC_EXAMPLES_TIMES", "1"))
USUAL = 100
ON_POSTGRESQL = 3
"""One in so many."""
_one_in = 1


def examples(usual: int = USUAL) -> settings:
    """A property on ``usual`` examples, so many times that in a long run. An example may be a whole city, and the machine may
    have other work: none is too slow.
    """
    return settings(
        max_examples=-(-usual * TIMES // _one_in),
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=TIMES == 1,
    )


def everywhere(database: str) -> None:
    """So also where a property says nothing: hypothesis by itself gives up on an example that took a fifth of a second.

    Called before any test is loaded: a property asks for its examples then.
    """
    global _one_in  # noqa: PLW0603 - chosen once, as the command line says
    _one_in = ON_POSTGRESQL if database == "postgresql" else 1
    settings.register_profile("cardsvc", examples())
    settings.load_profile("cardsvc")
