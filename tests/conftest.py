"""Fixtures that all tests share."""

import fcntl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardsvc.readers import pcscd
from tests.databases import start_cluster
from tests.world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which database the cities of the tests live in."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.addoption("--topups", default="40", help="how many top-ups the kill test goes through")
    parser.addoption("--money-runs", default="0", help="how many cities the money machine goes through; 0: a few small ones")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file's tests stay with one test process; so do all that want the machine's only pcscd, or the others would wait."""
    for item in items:
        wants = "real_pcscd" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("pcscd" if wants else item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session", autouse=True)
def cluster(request: pytest.FixtureRequest) -> Iterator[None]:
    """With --database postgresql: a real cluster for each test process."""
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    made = start_cluster()
    yield
    made.remove()


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
