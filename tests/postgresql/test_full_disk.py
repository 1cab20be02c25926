"""PostgreSQL on a disk that fills up in the middle of top-ups: the tables lie on a small file system of their own."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.postgres import Cluster, as_postgres
from tests.store.full_disk import top_ups_on_a_disk_that_fills
from tests.world import World

SIZE = "48m"


def root(*command: str) -> bool:
    """Run a command as root, if this user may."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*sudo, *command], check=False, capture_output=True).returncode == 0


@pytest.fixture
def small() -> Iterator[tuple[Cluster, Path]]:
    """A cluster, and a small file system for its tables."""
    cluster = Cluster()
    place = cluster.folder / "small"
    place.mkdir()
    if not root("mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0777", "tmpfs", str(place)):
        cluster.remove()
        pytest.skip("only root mounts a file system")
    try:
        cluster.make()
        cluster.start()
        tables = place / "tables"
        tables.mkdir()
        owner = as_postgres()
        if owner:
            os.chown(tables, owner["user"], owner["group"])
        cluster.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
        cluster.execute("CREATE DATABASE city TABLESPACE small")
        yield cluster, place
    finally:
        if (cluster.data / "postmaster.pid").exists():
            cluster.stop()
        root("umount", str(place))
        cluster.remove()


class Ballast:
    """A file that takes the room that is left."""

    def __init__(self, place: Path) -> None:
        self._file = place / "ballast"

    def fill(self) -> None:
        with self._file.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        self._file.unlink(missing_ok=True)


@pytest.mark.parametrize("patient", [True, False])
def test_a_full_disk_loses_no_money(small: tuple[Cluster, Path], tmp_path: Path, patient: bool) -> None:
    """Whatever statement finds no room: repeated when there is some it is confirmed once; else the card settles it."""
    cluster, place = small
    world = World(tmp_path / "none", url=cluster.url("city"))
    assert top_ups_on_a_disk_that_fills(world, Ballast(place), 40, patient=patient) == {False, True}
    world.close()
