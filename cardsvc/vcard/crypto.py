"""The card's own writing of the e-purse cryptography. Deliberately not shared with the host side.

Source: JR/T 0025.2-2010 annex B; Fudan FMCOS 2.0 general manual 5.4, 9.3.
"""

from cardsvc.crypto.des import des_cbc_encrypt, des_ecb_decrypt, des_ecb_encrypt


def padded(data: bytes) -> bytes:
    """80 00.. to a multiple of eight, a whole block when it was one."""
    blocks = len(data) // 8 + 1
    return (data + b"\x80").ljust(blocks * 8, b"\x00")


def cbc_mac(key8: bytes, iv: bytes, data: bytes) -> bytes:
    """The last block of a single-DES CBC encryption."""
    return des_cbc_encrypt(key8, iv, padded(data))[-8:]


def purse_mac(session: bytes, data: bytes) -> bytes:
    """MAC1, MAC2, MAC3 of the purse: 4 bytes."""
    return cbc_mac(session, b"\0" * 8, data)[:4]


def purse_tac(dtk: bytes, data: bytes) -> bytes:
    """TAC: the purse MAC with the two halves of DTK added modulo 2."""
    half = int.from_bytes(dtk[:8], "big") ^ int.from_bytes(dtk[8:], "big")
    return purse_mac(half.to_bytes(8, "big"), data)


def line_mac(key: bytes, challenge: bytes, message: bytes) -> bytes:
    """MAC of secure messaging: DES CBC, with a 16-byte key finished by decrypting right and encrypting left."""
    block = cbc_mac(key[:8], (challenge + b"\0" * 8)[:8], message)
    if len(key) > 8:
        block = des_ecb_encrypt(key[:8], des_ecb_decrypt(key[8:16], block))
    return block[:4]


def line_plain(key: bytes, data: bytes) -> bytes | None:
    """What an encrypted data field holds, or None when its length byte cannot be right."""
    if not data or len(data) % 8:
        return None
    clear = des_ecb_decrypt(key, data)
    return clear[1 : clear[0] + 1] if clear[0] < len(clear) else None


def line_cipher(key: bytes, data: bytes) -> bytes:
    """Encryption of an answer: length, data, padding only where needed."""
    block = bytes([len(data)]) + data
    return des_ecb_encrypt(key, block if len(block) % 8 == 0 else padded(block))


def reload_pin_mac(key: bytes, pin: bytes) -> bytes:
    """MAC of RELOAD PIN: single DES under the two halves added, over the new PIN only (FMCOS manual p79)."""
    return purse_tac(key, pin)
