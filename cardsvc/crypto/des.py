"""DES and Triple-DES as cards use them: 8-byte (single), 16-byte (two-key) and 24-byte keys, no padding.

Smart cards of this generation know nothing else. The library has moved Triple-DES to its "decrepit" module and wants 24-byte
keys, so shorter ones are expanded here and nowhere else: K to K K K (which is single DES), K1 K2 to K1 K2 K1.
"""

from typing import TypeVar

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

M = TypeVar("M", ECB, CBC)

BLOCK = 8
ZERO_IV = bytes(BLOCK)


def _cipher(key: bytes, mode: M) -> Cipher[M]:
    if len(key) not in (8, 16, 24):
        raise ValueError(f"a DES key has 8, 16 or 24 bytes, not {len(key)}")
    return Cipher(TripleDES((key * 3)[:24]), mode)


def des_ecb_encrypt(key: bytes, data: bytes) -> bytes:
    """ECB encryption of whole blocks."""
    encryptor = _cipher(key, ECB()).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def des_ecb_decrypt(key: bytes, data: bytes) -> bytes:
    """ECB decryption of whole blocks."""
    decryptor = _cipher(key, ECB()).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def des_cbc_encrypt(key: bytes, iv: bytes, data: bytes) -> bytes:
    """CBC encryption of whole blocks with an 8-byte IV."""
    encryptor = _cipher(key, CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()
