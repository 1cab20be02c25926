"""Real PostgreSQL clusters of our own, for one test process: made, started, killed and thrown away by the tests."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.waiting import PATIENCE

QUICK = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
)
"""For tests that kill no database: the disk is not what they test."""
MEMORY = "PYTEST_DEBUG_TEMPROOT"
"""Where tests/conftest.py keeps the tests' files: making a database takes ten times as long on a disk as in memory."""


def programs() -> Path:
    """The folder of PostgreSQL's own programs. Fails loudly where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    if not found:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql (scripts/setup does it)")
    return found[-1].parent


def as_postgres() -> dict[str, int]:
    """PostgreSQL does not run as root: how to start its programs then."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam("postgres")
    return {"user": user.pw_uid, "group": user.pw_gid}


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Cluster:
    """One PostgreSQL server with its data folder."""

    def __init__(self, settings: tuple[str, ...] = QUICK) -> None:
        place = os.environ.get(MEMORY) if settings == QUICK else None
        self.folder = Path(tempfile.mkdtemp(prefix="cardsvc-pg-", dir=place))
        self.port = free_port()
        self._settings = settings
        owner = as_postgres()
        if owner:
            os.chown(self.folder, owner["user"], owner["group"])

    @property
    def data(self) -> Path:
        """The data folder."""
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        """SQLAlchemy's address of a database of this cluster."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def dsn(self, database: str = "postgres") -> str:
        """Psycopg's address."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database} connect_timeout=5"

    def make(self, *options: str) -> None:
        """initdb: UTF-8, C locale, nobody asks for a password on the loopback."""
        self.run("initdb", "-D", str(self.data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", *options)

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs, as its user."""
        done = subprocess.run(
            [str(programs() / program), *arguments], check=False, capture_output=True, text=True, cwd="/", **as_postgres()
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr}{done.stdout}")

    def start(self) -> None:
        """Start and wait until it answers."""
        options = [
            "listen_addresses=127.0.0.1",
            f"port={self.port}",
            "unix_socket_directories=",
            "shared_buffers=64MB",
            "max_connections=60",
            "log_min_messages=fatal",
            *self._settings,
        ]
        words = " ".join(f"-c {option.replace(' ', chr(92) + ' ')}" for option in options)
        self._control("start", "-w", "-t", f"{PATIENCE:.0f}", "-o", words, "-l", str(self.folder / "log"))

    def stop(self, mode: str = "immediate") -> None:
        """Stop; ``immediate`` is a crash as far as the data are concerned."""
        self._control("stop", "-m", mode, "-w")

    def kill(self) -> None:
        """SIGKILL to the server and all its processes, as when the host dies."""
        postmaster = (self.data / "postmaster.pid").read_text().split()[0]
        children = subprocess.run(["pgrep", "-P", postmaster], check=False, capture_output=True, text=True).stdout.split()
        subprocess.run(["kill", "-9", postmaster, *children], check=False)

    def restart(self) -> None:
        """Start again after a kill: the shared memory and the pid file of the dead server are in the way for a moment."""
        for attempt in range(50):
            try:
                self.start()
            except RuntimeError:
                if attempt == 49:
                    raise
                time.sleep(0.2)
            else:
                return

    def promote(self) -> None:
        """A standby becomes the primary."""
        self._control("promote", "-w")

    def _control(self, *arguments: str) -> None:
        self.run("pg_ctl", "-D", str(self.data), "-s", *arguments)

    def execute(self, sql: str, database: str = "postgres") -> None:
        """One statement outside any transaction."""
        with psycopg.connect(self.dsn(database), autocommit=True) as connection:
            connection.execute(sql)  # type: ignore[arg-type] # the tests' own statements

    def halt(self) -> None:
        """Stop if it runs, however it is."""
        if (self.data / "postmaster.pid").exists():
            subprocess.run(
                [str(programs() / "pg_ctl"), "-D", str(self.data), "-s", "-m", "immediate", "stop"],
                check=False,
                capture_output=True,
                cwd="/",
                **as_postgres(),
            )

    def remove(self) -> None:
        """Stop if it runs, and delete everything."""
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)
