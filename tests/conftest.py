"""Fixtures that all tests share."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from cardsvc.readers import pcscd
from cardsvc.service.staff import accounts as staff
from cardsvc.vcard.vpcd import DEFAULT_PORT
from tests import clock, examples, postgres
from tests.databases import forget_under, on_postgresql, start_cluster
from tests.keystore.softhsm import SoftHsm
from tests.keystore.softhsm import start as start_softhsm
from tests.own_pcscd import OwnPcscd, may_have_its_own
from tests.world import World

# Tests send in a minute what a terminal sends in a day; what holds back a flood is in web/test_floods.py.
os.environ["CARDSVC_REQUESTS_PER_MINUTE"] = os.environ["CARDSVC_REFUSED_PER_MINUTE"] = "1000000"

MEMORY = Path("/dev/shm")
ROOM = 2 << 30


def pytest_configure(config: pytest.Config) -> None:
    """Tests keep their files in memory where there is room: a third of their time went by waiting for the disk.

    What a killed process leaves behind is the same there. The failover and full-disk tests make disks of their own.
    """
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault(postgres.MEMORY, str(MEMORY))
    # A hash that is slow to guess is slow to make, and tests hire somebody a thousand times; commands and served processes
    # of the tests make the real one (tests/cli/test_cli.py looks at it).
    staff.HASHER = PasswordHasher.from_parameters(CHEAPEST)
    examples.everywhere(config.getoption("--database"))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which database the cities of the tests live in."""
    parser.addoption("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.addoption(
        "--topups", default="22", help="how many top-ups the kill test goes through; 22 meet three kills of the database"
    )
    parser.addoption("--fuzz-inputs", default="6000", help="how many inputs the fuzzer makes")
    parser.addoption("--repair-tears", default="1", help="at how many points each repair is torn, or: all")
    parser.addoption("--money-runs", default="0", help="how many cities the money machine goes through; 0: a few small ones")


class _OneReader(LoadScopeScheduling):
    """A file's tests stay with one test process; so do all files that want the machine's only pcscd, or they wait."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "pcscd" if _wants_pcscd(file) else file


@cache
def _wants_pcscd(file: str) -> bool:
    """The machine's. Where nobody may have one of their own, all who want readers want that one."""
    path = Path(__file__).parent.parent / file
    text = path.read_text("utf-8") if path.is_file() else ""
    return "real_pcscd" in text or (("own_pcscd" in text or "tests/page/" in file) and not may_have_its_own())


LONG = ("cli", "kills", "certify", "postgresql", "procedures", "service", "web", "diagnosis", "money")
"""Folders whose files take long."""


def _turn(file: str) -> int:
    folder = file.split("/")[1]
    if _wants_pcscd(file) or folder == "page":
        return 0
    return 1 + (LONG.index(folder) if folder in LONG else len(LONG))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, the browsers before all: in the end no test process waits long for another."""
    items.sort(key=lambda item: _turn(item.nodeid.partition("::")[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Who runs what when there are several test processes."""
    config.option.loadscopereorder = False  # the order is _turn's, not that of the number of tests
    return _OneReader(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before a test's fixtures, also those of its module: they have its clock."""
    clock.set_for(item.path)


@pytest.fixture(scope="session", autouse=True)
def cluster(request: pytest.FixtureRequest) -> Iterator[None]:
    """With --database postgresql: a real cluster for each test process."""
    if request.config.getoption("--database") == "sqlite":
        yield
        return
    made = start_cluster()
    yield
    made.remove()


@pytest.fixture(autouse=True)
def forgotten(request: pytest.FixtureRequest, cluster: None) -> Iterator[None]:
    """A test's databases go with it."""
    folder = request.getfixturevalue("tmp_path") if on_postgresql() and "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        forget_under(folder)


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> SoftHsm:
    """SoftHSM2 with fresh tokens, once for each test process that asks for it."""
    return start_softhsm(tmp_path_factory.mktemp("softhsm"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A fresh small city."""
    made = World(tmp_path / "city.db")
    yield made
    made.close()


@pytest.fixture(scope="session", autouse=True)
def pcscd_of_this_process() -> Iterator[OwnPcscd]:
    """Before anything asks for readers: where it finds them is read once."""
    made = OwnPcscd()
    yield made
    made.close()


@pytest.fixture(scope="module")
def own_pcscd(pcscd_of_this_process: OwnPcscd) -> Iterator[int]:
    """A real pcscd with the vpcd driver, of this test process alone; gives the port of its first slot. Where the system gives
    nobody a mount namespace (containers), the machine's, and one process waits for the other."""
    if may_have_its_own():
        with pcscd_of_this_process.used() as port:
            yield port
    else:
        with the_machines_pcscd():
            yield DEFAULT_PORT


@pytest.fixture(scope="module")
def real_pcscd() -> Iterator[None]:
    """The machine's pcscd with the vpcd driver, for one module of one test process at a time: for what starts it or stops it,
    and for commands that know only its port.
    """
    with the_machines_pcscd():
        yield


@contextmanager
def the_machines_pcscd() -> Iterator[None]:
    """Nobody else's meanwhile."""
    with (Path(tempfile.gettempdir()) / "cardsvc-tests-pcscd.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pcscd.running():
            yield
