"""The terminal's own key: Ed25519, a PEM file that only its owner can read."""

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cardsvc.errors import KeystoreError


def create_key(path: Path) -> Ed25519PrivateKey:
    """A new key in a new file, or the key that is in it. Raises KeystoreError ``keystore_unwritable``, or as ``load_key``."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
    except FileExistsError:
        return load_key(path)
    except OSError as error:
        raise KeystoreError("keystore_unwritable", file=path, reason=error.strerror or type(error).__name__) from None
    return key


def load_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file. Raises KeystoreError ``terminal_key_missing`` or ``terminal_key_damaged``."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError:
        raise KeystoreError("terminal_key_missing", file=path) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeystoreError("terminal_key_damaged", file=path) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeystoreError("terminal_key_damaged", file=path)
    return key
