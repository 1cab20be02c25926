"""Which 32 bytes may be registered as somebody's Ed25519 public key.  Source: RFC 8032 5.1 (curve) and 5.1.3 (decoding).

OpenSSL, and so ``cryptography``, takes any 32 bytes. Two kinds are no key. Bytes that are no point: nothing ever verifies, the
key was mistyped. And the eight points of small order: whoever knows no secret at all can sign for them.
"""

_P = 2**255 - 19
_D = -121665 * pow(121666, -1, _P) % _P
_ORDER_8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
_SMALL = (1, _P - 1, 0, _ORDER_8, _P - _ORDER_8)
"""y of the points of order 1, 2, 4 and 8; each stands for one point or, by the sign of x, two."""


def is_public_key(encoded: bytes) -> bool:
    """Whether this is a point of the curve, written as RFC 8032 asks (y below p), and of no small order."""
    if len(encoded) != 32:
        return False
    y = int.from_bytes(encoded, "little") & (2**255 - 1)
    x_squared = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    return y < _P and y not in _SMALL and pow(x_squared, (_P - 1) // 2, _P) == 1
