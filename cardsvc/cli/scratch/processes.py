"""``cardsvc serve`` in processes of its own, for the demo and the simulation."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from cardsvc.cli.scratch.settings import environment
from cardsvc.config import Settings
from cardsvc.errors import ReaderError

START_SECONDS = 120.0
"""A machine with much other work needs a while; a service that ended before it was ready is not waited for."""
STOP_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def service_processes(settings: Settings) -> Iterator[None]:
    """``cardsvc serve`` in processes of its own, with the demo's settings."""
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main(['serve'])"]
    with Path(settings.keystore.parent / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **environment(settings)}, stdout=log, stderr=log)
        try:
            _until_ready(settings, process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=STOP_SECONDS)


def _until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    url, until = f"http://{settings.host}:{settings.port}/readyz", time.monotonic() + START_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < until and process.poll() is None:
            try:
                if session.get(url, timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
    raise ReaderError("service_unreachable", url=url)
