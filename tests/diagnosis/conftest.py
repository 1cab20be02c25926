"""Fixtures of the tests of diagnosis and repair."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.diagnosis.patients import NewPatient, Patient, in_use
from tests.world import Snapshot, World

Snapshots = Callable[[str], Snapshot]


def kept(folder: Path) -> Snapshots:
    """A card in use of each family, with money and applications, made once."""
    made: dict[str, Snapshot] = {}

    def snapshot(family: str) -> Snapshot:
        if family not in made:
            (place := folder / family).mkdir()
            made[family] = Snapshot(*in_use(place, family), place)
        return made[family]

    return snapshot


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> Snapshots:
    """A card in use of each family."""
    return kept(tmp_path_factory.mktemp("patients"))


@pytest.fixture
def new_patient(request: pytest.FixtureRequest, snapshots: Snapshots) -> Iterator[NewPatient]:
    """The card in use of a family, as often as it is asked for."""
    worlds: list[World] = []

    def again() -> Patient:
        while worlds:
            worlds.pop().close()
        world, card = snapshots(request.param).again()
        worlds.append(world)
        return Patient(world, card, card.channel)

    yield again
    while worlds:
        worlds.pop().close()
