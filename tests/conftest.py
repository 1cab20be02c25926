"""Fixtures that all tests share."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.readers import pcscd
from tests.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh small city."""
    made = World(tmp_path / "city.db")
    yield made
    made.close()


@pytest.fixture(scope="module")
def real_pcscd() -> Iterator[None]:
    """The real pcscd with the vpcd driver, for one module of one test process at a time: there is one vpcd on a machine."""
    with (Path(tempfile.gettempdir()) / "cardsvc-tests-pcscd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pcscd.running():
            yield
