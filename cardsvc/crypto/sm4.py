"""SM4 (GB/T 32907-2016), one block. The seam for cards of the third generation: no purse formula of theirs is public."""

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB


def sm4_block(key: bytes, block: bytes) -> bytes:
    """Encrypt one 16-byte block with a 16-byte key."""
    if len(key) != 16 or len(block) != 16:
        raise ValueError("SM4 takes a 16-byte key and a 16-byte block")
    encryptor = Cipher(SM4(key), ECB()).encryptor()
    return encryptor.update(block) + encryptor.finalize()
