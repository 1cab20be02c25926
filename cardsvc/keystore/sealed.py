"""The sealed-file key store: for development and small sites. AES-256-GCM under a key that scrypt makes from a passphrase.

line    content
1       JSON header: format, scrypt parameters and salt, nonce, issuer factors, and of each key name, version, state,
        check value. Readable without the passphrase, authenticated by it (additional data of the cipher).
2       the encrypted keys, base64

A write replaces the file in one step, so a crash leaves the old file or the new one. The file belongs to its owner alone.
"""

import base64
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from cardsvc.errors import KeystoreError
from cardsvc.keystore.keys import KeyEntry, KeyRing
from cardsvc.keystore.protocol import KeyState

FORMAT = 1
SCRYPT_N = 2**16
KEY_LENGTH = 16


class SealedKeystore(KeyRing):
    """The keys of an opened file. Change them with ``save``; see ceremony.py for how keys come in."""

    def __init__(self, path: Path, ring: KeyRing, passphrase: bytes, scrypt_n: int) -> None:
        super().__init__(ring.entries, ring.issuer_factors)
        self._path = path
        self._passphrase = passphrase
        self._scrypt_n = scrypt_n

    @classmethod
    def create(
        cls,
        path: Path,
        passphrase: bytes,
        names: Iterable[str],
        *,
        issuer_factors: tuple[bytes, ...] = (),
        scrypt_n: int = SCRYPT_N,
    ) -> "SealedKeystore":
        """A new file with a random key for each name. Raises KeystoreError ``keystore_exists``."""
        if path.exists():
            raise KeystoreError("keystore_exists", file=path)
        entries = (KeyEntry(name, 1, KeyState.ACTIVE, secrets.token_bytes(KEY_LENGTH)) for name in names)
        store = cls(path, KeyRing(tuple(entries), issuer_factors), passphrase, scrypt_n)
        store.save(store)
        return store

    @classmethod
    def open(cls, path: Path, passphrase: bytes) -> "SealedKeystore":
        """Open a file. Raises KeystoreError: ``keystore_not_found``, ``keystore_damaged``, ``keystore_sealed``."""
        head_line, header, sealed = _read(path)
        try:
            parameters = header["scrypt"]
            key = _derive(passphrase, bytes.fromhex(parameters["salt"]), parameters["n"])
            plain = AESGCM(key).decrypt(bytes.fromhex(header["nonce"]), sealed, head_line)
        except InvalidTag:
            raise KeystoreError("keystore_sealed", file=path) from None
        except (KeyError, TypeError, ValueError, MemoryError):
            raise KeystoreError("keystore_damaged", file=path) from None
        values = json.loads(plain)
        entries = tuple(
            KeyEntry(k["name"], k["version"], KeyState(k["state"]), bytes.fromhex(values[f"{k['name']}@{k['version']}"]))
            for k in header["keys"]
        )
        factors = tuple(bytes.fromhex(factor) for factor in header["issuer_factors"])
        return cls(path, KeyRing(entries, factors), passphrase, parameters["n"])

    def save(self, ring: KeyRing) -> "SealedKeystore":
        """Write a changed ring to the file, in one step, and return the store with it."""
        salt, nonce = secrets.token_bytes(16), secrets.token_bytes(12)
        header = {
            "format": FORMAT,
            "scrypt": {"n": self._scrypt_n, "r": 8, "p": 1, "salt": salt.hex()},
            "nonce": nonce.hex(),
            "issuer_factors": [factor.hex() for factor in ring.issuer_factors],
            "keys": [
                {"name": e.name, "version": e.version, "state": e.state, "check_value": e.check_value} for e in ring.entries
            ],
        }
        head_line = json.dumps(header, separators=(",", ":")).encode("ascii")
        values = {f"{e.name}@{e.version}": e.value.hex() for e in ring.entries}
        sealed = AESGCM(_derive(self._passphrase, salt, self._scrypt_n)).encrypt(
            nonce, json.dumps(values).encode("ascii"), head_line
        )
        _replace(self._path, head_line + b"\n" + base64.b64encode(sealed) + b"\n")
        return SealedKeystore(self._path, ring, self._passphrase, self._scrypt_n)

    def renewed(self, values: Mapping[str, bytes | None]) -> "SealedKeystore":
        """See ManagedKeyStore.renewed; in one write of the file."""
        ring = KeyRing(self.entries, self.issuer_factors)
        for name, value in values.items():
            ring = ring.rolled(name, secrets.token_bytes(KEY_LENGTH) if value is None else value)
        return self.save(ring)

    def retired(self, name: str, version: int) -> "SealedKeystore":
        """See ManagedKeyStore.retired."""
        entry = next((e for e in self.entries if (e.name, e.version) == (name, version)), None)
        if entry is None:
            raise KeystoreError("key_missing", key=f"{name} {version}")
        return self.save(self.with_entry(replace(entry, state=KeyState.RETIRED)))


def _read(path: Path) -> tuple[bytes, dict[str, Any], bytes]:
    try:
        head_line, _, rest = path.read_bytes().partition(b"\n")
    except OSError:
        raise KeystoreError("keystore_not_found", file=path) from None
    try:
        header = json.loads(head_line)
        if header["format"] != FORMAT:
            raise ValueError
        sealed = base64.b64decode(rest, validate=False)
        if base64.b64encode(sealed) + b"\n" != rest:  # the last character may carry bits that decode to nothing
            raise ValueError
        return head_line, header, sealed
    except (ValueError, KeyError, TypeError):
        raise KeystoreError("keystore_damaged", file=path) from None


def _derive(passphrase: bytes, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(passphrase)


def _replace(path: Path, content: bytes) -> None:
    """Write beside, flush to the disk, then rename over: never half a file. Raises KeystoreError ``keystore_unwritable``."""
    try:
        _write_and_rename(path, content)
    except OSError as error:
        raise KeystoreError("keystore_unwritable", file=path, reason=error.strerror or type(error).__name__) from None


def _write_and_rename(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
