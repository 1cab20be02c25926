"""Fixtures of the tests of shifts, day-ends, reports and receipts. Cities are built once and copied for every test."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardsvc.service.books.day_end import end_day
from tests.databases import copy
from tests.day.outlet import Hall, open_hall
from tests.world import FAMILIES, World

HallAt = Callable[[Path], Hall]


def _kept(path: Path, build: Callable[[World], Hall]) -> HallAt:
    """A city that is built once; what is returned opens a copy of it."""
    world = World(path)
    hall = build(world)
    world.close()

    def again(target: Path) -> Hall:
        copy(path, target)
        return Hall(World(target, world.now), hall.people)

    return again


def _sealed(world: World) -> Hall:
    """Two days with loads of one card each, both ended, and one load after that."""
    hall = open_hall(world)
    card = world.issue(FAMILIES[0])
    for _ in range(2):
        world.topup(card)
        end_day(world.store, "hall", world.now.date(), by=hall["boss"], now=world.now)
        world.now += dt.timedelta(days=1)
    world.topup(card)
    return hall


@pytest.fixture(scope="session")
def _halls(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> HallAt:
    return _kept(tmp_path_factory.mktemp("hall") / "city.db", open_hall)


@pytest.fixture(scope="session")
def _sealed_halls(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> HallAt:
    return _kept(tmp_path_factory.mktemp("sealed") / "city.db", _sealed)


@pytest.fixture
def hall(_halls: HallAt, tmp_path: Path) -> Iterator[Hall]:
    """An outlet at noon."""
    made = _halls(tmp_path / "city.db")
    yield made
    made.world.close()


@pytest.fixture
def sealed(_sealed_halls: HallAt, tmp_path: Path) -> Iterator[Hall]:
    """An outlet with two days behind it, both ended, and a load since."""
    made = _sealed_halls(tmp_path / "city.db")
    yield made
    made.world.close()
