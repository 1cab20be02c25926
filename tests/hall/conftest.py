"""A hall with its people, for the tests of queue, appraisals, complaints and notes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.rules import RuleSet, load_rule_set
from tests.databases import copy
from tests.day.outlet import Hall, open_hall
from tests.world import World


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Hall]:
    """The hall, built once: hashing passwords takes its time."""
    path = tmp_path_factory.mktemp("hall") / "city.db"
    world = World(path)
    hall = open_hall(world)
    world.close()
    return path, hall


@pytest.fixture
def hall(built: tuple[Path, Hall], tmp_path: Path) -> Iterator[Hall]:
    """A copy of the hall."""
    source, first = built
    copy(source, tmp_path / "city.db")
    world = World(tmp_path / "city.db")
    yield Hall(world, first.people)
    world.close()


@pytest.fixture(scope="session")
def rules() -> RuleSet:
    """The packaged rules."""
    return load_rule_set()
