"""A throw-away service for the demo and for practice: random keys under a random passphrase, a fresh SQLite file."""

import atexit
import os
import secrets
import shutil
import tempfile
from pathlib import Path

from cardsvc.bootstrap import create_database, create_keystore, now
from cardsvc.client import create_key
from cardsvc.config import Settings
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store import Store

QUICK_SCRYPT_N = 2**12
SIMULATED_RATE = 1_000_000
"""Requests a minute: a simulated terminal serves a day's customers in a minute."""


def scratch_folder(*, keep: bool = False) -> Path:
    """A new temporary folder that goes with this process, unless it is kept to be looked at."""
    folder = Path(tempfile.mkdtemp(prefix="cardsvc-demo-"))
    if not keep:
        atexit.register(_forget, folder, os.getpid())
    return folder


def _forget(folder: Path, owner: int) -> None:
    """A process that was forked from the owner ends earlier, and the folder stays for the owner."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def scratch_settings(folder: Path | None = None) -> Settings:
    """Settings of a fresh service in a folder (by default a scratch folder), under a random passphrase, its database empty."""
    folder = folder or scratch_folder()
    secret, secret_file = secrets.token_hex(16), folder / "passphrase"
    secret_file.touch(mode=0o600)
    secret_file.write_text(secret)
    settings = Settings(
        database_url=f"sqlite:///{folder / 'cardsvc.db'}",
        keystore=folder / "keys.sealed",
        passphrase_file=secret_file,
        pkcs11_module=None,
        requests_per_minute=SIMULATED_RATE,
    )
    create_keystore(settings, scrypt_n=QUICK_SCRYPT_N)
    create_database(settings)
    return settings


def environment(settings: Settings) -> dict[str, str]:
    """The variables that give another process these settings."""
    return {
        "CARDSVC_DATABASE_URL": settings.database_url,
        "CARDSVC_KEYSTORE": str(settings.keystore),
        "CARDSVC_PASSPHRASE_FILE": str(settings.passphrase_file),
        "CARDSVC_PKCS11_MODULE": "",
        "CARDSVC_PORT": str(settings.port),
        "CARDSVC_REQUESTS_PER_MINUTE": str(settings.requests_per_minute),
    }


def scratch_terminal(
    settings: Settings, store: Store, terminal_id: str, terminal_no: str, role: str, outlet_id: str | None = None
) -> Path:
    """Register a terminal with a fresh key; returns the key's file."""
    path = settings.keystore.parent / f"{terminal_id}.pem"
    register_terminal(
        store, terminal_id, terminal_id, terminal_no, public_hex(create_key(path)), role, now(), outlet_id=outlet_id
    )
    return path
