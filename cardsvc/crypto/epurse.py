"""The cryptography of the PBOC e-purse with DES keys.  Source: JR/T 0025.2-2010 annex B; Fudan FMCOS 2.0 general manual.

Keys are 8 bytes (single DES) or 16 bytes (two-key Triple-DES); the cipher follows from the length, not from the algorithm
byte that a card shows (real cards disagree on its meaning). Wrong lengths raise ValueError; messages never show the bytes.
"""

from cardsvc.crypto.des import BLOCK, ZERO_IV, des_cbc_encrypt, des_ecb_decrypt, des_ecb_encrypt

MAC_LENGTH = 4
KEY_LENGTHS = (8, 16)


def diversify(master: bytes, *factors: bytes) -> bytes:
    """A card key from a master key, one level for each 8-byte factor.  Source: JR/T 0025.2-2010 B.2.

    Left half: the factor encrypted under the master; right half: its complement. A further level takes the result as master.
    """
    _length("master", master, 16)
    key = master
    for factor in factors:
        key = des_ecb_encrypt(key, level(factor))
    return key


def level(factor: bytes) -> bytes:
    """What one level of diversification encrypts: the 8-byte factor and its complement."""
    _length("factor", factor, BLOCK)
    return factor + bytes(byte ^ 0xFF for byte in factor)


def session_key(key: bytes, card_random: bytes, counter: bytes | int, tail: bytes = b"\x80\x00") -> bytes:
    """The 8-byte session key of one transaction.  Source: JR/T 0025.2-2010 B.3.

    ``card_random`` 4 bytes; ``counter`` 2 bytes (or the number): online for load and unload, offline for purchase;
    ``tail`` 8000 for load and unload, the last two bytes of the terminal's transaction number for purchase.
    """
    _key(key)
    return des_ecb_encrypt(key, session_block(card_random, counter, tail))


def session_block(card_random: bytes, counter: bytes | int, tail: bytes = b"\x80\x00") -> bytes:
    """The block that makes a session key when it is encrypted; see ``session_key``."""
    number = counter.to_bytes(2, "big") if isinstance(counter, int) else counter
    _length("card_random", card_random, 4)
    _length("counter", number, 2)
    _length("tail", tail, 2)
    return card_random + number + tail


def transaction_mac(session_key: bytes, data: bytes) -> bytes:
    """MAC1, MAC2 or MAC3: single-DES CBC-MAC, IV zero, padded with 80 always, left 4 bytes.  JR/T 0025.2-2010 B.4."""
    _length("session_key", session_key, BLOCK)
    return des_cbc_encrypt(session_key, ZERO_IV, pad(data))[-BLOCK:][:MAC_LENGTH]


def tac(dtk: bytes, data: bytes) -> bytes:
    """Transaction authentication code: the transaction MAC under DTK, left half XOR right half.  JR/T 0025.2-2010 5.5.2.8."""
    _length("dtk", dtk, 16)
    return transaction_mac(bytes(left ^ right for left, right in zip(dtk[:BLOCK], dtk[BLOCK:], strict=True)), data)


def line_mac(key: bytes, challenge: bytes, message: bytes) -> bytes:
    """Secure-messaging MAC.  Source: JR/T 0025.2-2010 5.5.9.1; Fudan FMCOS 2.0 general manual 9.3.

    ``challenge`` 4 bytes (then the IV is challenge and four zero bytes) or 8; ``message`` is the header with the final Lc
    (MAC included), then the data, encrypted where it is. An 8-byte key makes a DES CBC-MAC; a 16-byte key ISO/IEC 9797-1
    algorithm 3: CBC with the left half, the last block once more through right (decrypt) and left (encrypt).
    """
    _key(key)
    last = des_cbc_encrypt(key[:BLOCK], challenge_block(challenge), pad(message))[-BLOCK:]
    if len(key) == 16:
        last = des_ecb_encrypt(key[:BLOCK], des_ecb_decrypt(key[BLOCK:], last))
    return last[:MAC_LENGTH]


def line_encrypt(key: bytes, data: bytes) -> bytes:
    """Secure-messaging encryption: length byte, data, 80 padding only when needed, ECB.  FMCOS 2.0 general manual p66."""
    _key(key)
    return des_ecb_encrypt(key, line_blocks(data))


def line_blocks(data: bytes) -> bytes:
    """What ``line_encrypt`` encrypts: length byte, data, padding."""
    if len(data) > 0xFF:
        raise ValueError("at most 255 bytes can be encrypted for the line")
    plain = bytes((len(data),)) + data
    return plain if len(plain) % BLOCK == 0 else pad(plain)


def external_auth(key: bytes, challenge: bytes) -> bytes:
    """The cryptogram of EXTERNAL AUTHENTICATE: the challenge, zero-padded to 8 bytes, encrypted.  FMCOS manual p52."""
    _key(key)
    return des_ecb_encrypt(key, challenge_block(challenge))


def challenge_block(challenge: bytes) -> bytes:
    """A challenge of 4 bytes, filled with zeros to 8, or of 8."""
    if len(challenge) not in (4, BLOCK):
        raise ValueError(f"challenge has 4 or 8 bytes, not {len(challenge)}")
    return challenge.ljust(BLOCK, b"\x00")


def internal_auth(key: bytes, challenge: bytes) -> bytes:
    """The card's answer to INTERNAL AUTHENTICATE with P1 00: the 8-byte challenge, encrypted.  FMCOS general manual."""
    _key(key)
    _length("challenge", challenge, BLOCK)
    return des_ecb_encrypt(key, challenge)


def key_check_value(key: bytes) -> bytes:
    """The first 3 bytes of eight zero bytes encrypted: shown at ceremonies instead of the key."""
    return des_ecb_encrypt(key, bytes(BLOCK))[:3]


def pad(data: bytes) -> bytes:
    """80, then zeros to the next block; a whole block where the data fill one already (ISO/IEC 9797-1 method 2)."""
    return data + b"\x80" + bytes(-(len(data) + 1) % BLOCK)


def _key(key: bytes) -> None:
    if len(key) not in KEY_LENGTHS:
        raise ValueError(f"a card key has 8 or 16 bytes, not {len(key)}")


def _length(name: str, value: bytes, length: int) -> None:
    if len(value) != length:
        raise ValueError(f"{name} has {length} bytes, not {len(value)}")
