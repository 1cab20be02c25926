"""A city behind its HTTP door."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from tests.databases import copy
from tests.serving import Served, serving
from tests.web.desk_office import Office, furnish, open_office
from tests.world import World


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """A fresh city behind its HTTP door."""
    with serving(World(tmp_path / "city.db", now())) as city:
        yield city


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> Path:
    """The database of an outlet with its people."""
    path = tmp_path_factory.mktemp("furnished") / "city.db"
    furnish(path)
    return path


@pytest.fixture
def office(furnished: Path, tmp_path: Path) -> Iterator[Office]:
    """An outlet with its people behind the desk page."""
    copy(furnished, tmp_path / "city.db")
    made = open_office(tmp_path / "city.db")
    yield made
    made.world.close()
