"""A small file system for a part of a cluster's data, and what fills it."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.postgres import Cluster, as_postgres


@contextmanager
def small_disk(cluster: Cluster, size: str, name: str) -> Iterator[Path]:
    """A folder of this name on a file system of this size, for a cluster that is not made yet; the cluster goes with it.

    Fails where nobody may mount: a full disk that was not tested is no test that passed.
    """
    place = cluster.folder / "small"
    place.mkdir()
    try:
        _root("mount", "-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(place))
        try:
            folder, owner = place / name, as_postgres()
            folder.mkdir()
            if owner:
                os.chown(folder, owner["user"], owner["group"])
            yield folder
        finally:
            cluster.halt()
            _root("umount", str(place))
    finally:
        cluster.remove()


def _root(*command: str) -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    done = subprocess.run([*sudo, *command], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]} needs root, or sudo without a password: {done.stderr}"


class Ballast:
    """A file that takes the room that is left."""

    def __init__(self, place: Path) -> None:
        self._file = place / "ballast"

    def fill(self) -> None:
        """From now on there is no room for another page."""
        with self._file.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Somebody made room."""
        self._file.unlink(missing_ok=True)
