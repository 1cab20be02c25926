"""A throw-away service for the demo and for practice: random keys under a random passphrase, a fresh SQLite file."""

import secrets
import tempfile
from pathlib import Path

from pydantic import SecretStr

from cardsvc.bootstrap import key_names
from cardsvc.card.profiles import load_profiles
from cardsvc.config import Settings
from cardsvc.keystore import SealedKeystore
from cardsvc.keystore.keys import TRANSPORT, KeyEntry, KeyState

QUICK_SCRYPT_N = 2**12
FACTORY_TRANSPORT_KEY = b"\xff" * 8
"""What blank FM1208 cards are sold with; the real one of a batch comes from its maker."""


def scratch_settings(folder: Path | None = None) -> Settings:
    """Settings of a fresh service in a folder (a new temporary one by default). The passphrase is random and kept in memory."""
    folder = folder or Path(tempfile.mkdtemp(prefix="cardsvc-demo-"))
    secret = secrets.token_hex(16)
    settings = Settings(
        database_url=f"sqlite:///{folder / 'cardsvc.db'}",
        keystore=folder / "keys.sealed",
        passphrase=SecretStr(secret),
    )
    names = key_names(load_profiles(settings.profiles))
    store = SealedKeystore.create(settings.keystore, secret.encode(), names, scrypt_n=QUICK_SCRYPT_N)
    store.save(store.with_entry(KeyEntry(TRANSPORT, 1, KeyState.ACTIVE, FACTORY_TRANSPORT_KEY)))
    return settings
