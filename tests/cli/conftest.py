"""Fixtures of the command-line tests."""

import os
from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """An environment of its own: database, key store and passphrase in a fresh folder, English."""
    (tmp_path / "passphrase").write_text("correct horse\n")
    return {
        **os.environ,
        "CARDSVC_DATABASE_URL": f"sqlite:///{tmp_path / 'cards.db'}",
        "CARDSVC_KEYSTORE": str(tmp_path / "keys.sealed"),
        "CARDSVC_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        "CARDSVC_LANG": "en",
    }
