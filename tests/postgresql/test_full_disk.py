"""PostgreSQL on a disk that fills up in the middle of top-ups: the tables lie on a small file system of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import Cluster
from tests.postgresql.small_disk import Ballast, small_disk
from tests.store.full_disk import top_ups_on_a_disk_that_fills
from tests.world import World

SIZE = "48m"


@pytest.fixture
def small() -> Iterator[tuple[Cluster, Path]]:
    """A cluster, and a small file system for its tables."""
    cluster = Cluster()
    with small_disk(cluster, SIZE, "tables") as tables:
        cluster.make()
        cluster.start()
        cluster.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
        cluster.execute("CREATE DATABASE city TABLESPACE small")
        yield cluster, tables.parent


@pytest.mark.parametrize("patient", [True, False])
def test_a_full_disk_loses_no_money(small: tuple[Cluster, Path], tmp_path: Path, patient: bool) -> None:
    """Whatever statement finds no room: repeated when there is some it is confirmed once; else the card settles it."""
    cluster, place = small
    world = World(tmp_path / "none", url=cluster.url("city"))
    assert top_ups_on_a_disk_that_fills(world, Ballast(place), 40, patient=patient) == {False, True}
    world.close()
