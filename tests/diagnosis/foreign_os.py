"""Starting the foreign card of vicc.py."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PYTHON, PROGRAM = "/usr/bin/python3", str(Path(__file__).with_name("vicc.py"))
ATR_OF_VICC = bytes.fromhex("3B951381018073FF01000B")


@contextmanager
def vicc(kind: str, port: int) -> Iterator[None]:
    """The foreign card, as long as it is wanted."""
    process = subprocess.Popen([PYTHON, PROGRAM, kind, str(port)], stderr=subprocess.PIPE, text=True)
    try:
        yield
    finally:
        process.kill()
        _, told = process.communicate()
        if "ModuleNotFoundError" in told:
            pytest.fail(f"no foreign card: apt-get install vsmartcard-vpicc python3-pycryptodome, or scripts/setup\n{told}")
