"""A city behind its HTTP door."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from tests.serving import Served, serving
from tests.world import World


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A fresh city behind its HTTP door."""
    with serving(World(tmp_path / "city.db", now())) as city:
        yield city
