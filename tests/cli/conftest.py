"""Fixtures of the command-line tests."""

import os
from pathlib import Path

import pytest

from cardsvc.bootstrap import now
from tests.databases import with_tables
from tests.day.outlet import PASSWORD, open_hall
from tests.world import World


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment of its own for one test."""
    return environment(tmp_path)


def environment(folder: Path) -> dict[str, str]:
    """Database, key store and passphrase in a fresh folder, English."""
    (folder / "passphrase").write_text("correct horse\n")
    with_tables(folder / "cards.db")
    return {
        **os.environ,
        "CARDSVC_DATABASE_URL": f"sqlite:///{folder / 'cards.db'}",
        "CARDSVC_KEYSTORE": str(folder / "keys.sealed"),
        "CARDSVC_PASSPHRASE_FILE": str(folder / "passphrase"),
        "CARDSVC_LANG": "en",
    }


@pytest.fixture
def hall(home: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The outlet of the other tests in the database of the command line, under the password of all tests."""
    world = World(tmp_path / "cards.db", now(), url=home["CARDSVC_DATABASE_URL"])
    open_hall(world)
    world.close()
    (tmp_path / "password").write_text(PASSWORD)
    return {**home, "CARDSVC_STAFF_PASSWORD_FILE": str(tmp_path / "password")}
