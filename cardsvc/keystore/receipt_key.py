"""The key that signs receipts and requests to other systems: Ed25519, in a file beside the key store, with its passphrase.

Its public half is printed on posters and in the app: with it anybody can check a receipt, without asking the service.
"""

import datetime as dt
import os
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from cardsvc.errors import KeystoreError
from cardsvc.signature import sign

SERVICE_KEY_ID: Final = "cardsvc"
"""Key id of what the service itself signs."""


class ReceiptKey:
    """The private key; it never leaves this object but sealed."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def create(cls, path: Path, passphrase: bytes) -> "ReceiptKey":
        """A new key in a new file for its owner alone. Raises KeystoreError ``receipt_key_exists``, ``keystore_unwritable``."""
        key = Ed25519PrivateKey.generate()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(pem)
        except FileExistsError:
            raise KeystoreError("receipt_key_exists", file=path) from None
        except OSError as error:
            raise KeystoreError("keystore_unwritable", file=path, reason=error.strerror or type(error).__name__) from None
        return cls(key)

    @classmethod
    def open(cls, path: Path, passphrase: bytes) -> "ReceiptKey":
        """Open the file. Raises KeystoreError: ``receipt_key_missing``, ``receipt_key_sealed``."""
        try:
            key = load_pem_private_key(path.read_bytes(), passphrase)
        except OSError:
            raise KeystoreError("receipt_key_missing") from None
        except (ValueError, TypeError):
            raise KeystoreError("receipt_key_sealed", file=path) from None
        if not isinstance(key, Ed25519PrivateKey):
            raise KeystoreError("receipt_key_sealed", file=path)
        return cls(key)

    @property
    def public_hex(self) -> str:
        """The public half, 64 hex digits."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()

    def sign(self, message: bytes) -> bytes:
        """A 64-byte signature."""
        return self._key.sign(message)

    def sign_request(self, message: Any, body: bytes, nonce: str, now: dt.datetime) -> None:
        """Sign an HTTP request of the service in place, as signature.py says; ``message`` has method, url and headers."""
        sign(message, body, self._key, SERVICE_KEY_ID, nonce, now)


def receipt_signature_right(public_hex: str, signature: bytes, message: bytes) -> bool:
    """Whether the key with this public half signed the message."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_hex)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
