"""A PostgreSQL server of our own for one measurement: made, started, and thrown away again.

It writes to the disk as a server in use does (fsync, every commit waits); only its room for WAL is larger, so that filling a
ledger does not stop for checkpoints.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cardsvc.errors import StoreError

OPTIONS = ("shared_buffers=256MB", "max_wal_size=4GB", "listen_addresses=127.0.0.1", "unix_socket_directories=")


def program(name: str) -> str | None:
    """Where a program of PostgreSQL is, if it is installed: on the path, or in the newest version beside it (Debian)."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parent.parent.name))
    return shutil.which(name) or (str(beside[-1]) if beside else None)


@contextmanager
def scratch_cluster() -> Iterator[str]:
    """The address of an empty database; server and data are gone afterwards. Raises StoreError ``postgresql_missing``."""
    initdb, control = program("initdb"), program("pg_ctl")
    if initdb is None or control is None:
        raise StoreError("postgresql_missing")
    folder = Path(tempfile.mkdtemp(prefix="cardsvc-bench-"))
    owner = _owner()
    if owner is not None:
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, port = folder / "data", _free_port()
    words = " ".join(f"-c {option}" for option in (*OPTIONS, f"port={port}"))
    try:
        _run(owner, initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C")
        _run(owner, control, "-D", str(data), "-s", "-w", "-l", str(folder / "log"), "-o", words, "start")
        yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
    finally:
        if (data / "postmaster.pid").exists():
            _run(owner, control, "-D", str(data), "-s", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _owner() -> pwd.struct_passwd | None:
    """Whom the server runs as: it refuses to run as root."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def _run(owner: pwd.struct_passwd | None, *words: str) -> None:
    user, group = (owner.pw_uid, owner.pw_gid) if owner else (None, None)
    done = subprocess.run(words, check=False, capture_output=True, text=True, cwd="/", user=user, group=group)
    if done.returncode:
        raise StoreError("store_unreachable", reason=f"{Path(words[0]).name}: {(done.stderr + done.stdout).strip()[-300:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
