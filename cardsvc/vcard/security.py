"""Authentication, PINs, secure messaging, blocking. Source: JR/T 0025.2-2010 5.5.9; Fudan FMCOS 2.0 general manual p52-80."""

from cardsvc.crypto.des import des_ecb_decrypt, des_ecb_encrypt
from cardsvc.vcard import bodies
from cardsvc.vcard.crypto import cbc_mac, line_mac, line_plain, reload_pin_mac
from cardsvc.vcard.dialect import CardDialect
from cardsvc.vcard.session import Apdu, Key, KeyKind, Running, refuse


def get_challenge(card: Running, apdu: Apdu) -> bytes:
    """GET CHALLENGE, 4 or 8 bytes, good for the next command only."""
    if apdu.le not in (4, 8):
        refuse(0x6700)
    card.challenge = card.random(apdu.le)
    return card.challenge


def external_authenticate(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """EXTERNAL AUTHENTICATE: the challenge, encrypted under a master key; success sets the security state."""
    key = card.key(KeyKind.MASTER, apdu.p2) or refuse(0x6A88)
    if len(apdu.data) != 8:
        refuse(0x6700)
    if card.challenge is None:
        refuse(0x6985)
    if key.left == 0:
        refuse(0x6983)
    if not dialect.allowed(card, key.use):
        refuse(0x6982)
    if des_ecb_encrypt(key.value, card.challenge.ljust(8, b"\x00")) != apdu.data:
        refuse(0x63C0 | card.count_failure(key), keep_writes=True)
    card.restore_tries(key)
    card.set_state(key.next_state)
    return b""


def internal_authenticate(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """INTERNAL AUTHENTICATE: P1 00 encrypt, 01 decrypt, 02 MAC, under an internal key."""
    key = card.key(KeyKind.INTERNAL, apdu.p2) or refuse(0x6A88)
    if not dialect.allowed(card, key.use):
        refuse(0x6982)
    if apdu.p1 == 0x02:
        return _full_mac(key.value, apdu.data)[:4]
    if not apdu.data or len(apdu.data) % 8:
        refuse(0x6700)
    return (des_ecb_encrypt if apdu.p1 == 0 else des_ecb_decrypt)(key.value, apdu.data)


def _full_mac(key: bytes, data: bytes) -> bytes:
    block = cbc_mac(key[:8], bytes(8), data)
    return block if len(key) == 8 else des_ecb_encrypt(key[:8], des_ecb_decrypt(key[8:], block))


def verify(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """VERIFY a PIN; trailing FF of the stored PIN may be left out. Without a PIN: the tries left, or a wrong length."""
    key = card.key(KeyKind.PIN, apdu.p2) or refuse(0x9403)
    if not apdu.data:
        if not dialect.empty_verify:
            refuse(0x6700)
        refuse(0x63C0 | key.left if key.left else 0x6983)
    if key.left == 0:
        refuse(0x6983)
    if not dialect.allowed(card, key.use):
        refuse(0x6982)
    if apdu.data.rstrip(b"\xff") != key.value.rstrip(b"\xff"):
        card.pin_verified = False
        refuse(0x63C0 | card.count_failure(key), keep_writes=True)
    card.restore_tries(key)
    card.set_state(key.next_state)
    card.pin_verified = True
    return b""


def change_or_reload_pin(card: Running, apdu: Apdu) -> bytes:
    """80 5E: P1 01 changes (old FF new), P1 00 reloads (new, MAC under the reload key)."""
    pin = card.key(KeyKind.PIN, apdu.p2) or refuse(0x9403)
    if apdu.p1 == 0x01:
        old, separator, new = apdu.data.partition(b"\xff")
        if pin.left == 0:
            refuse(0x6983)
        if not separator or old != pin.value.rstrip(b"\xff"):
            refuse(0x63C0 | card.count_failure(pin), keep_writes=True)
        return _set_pin(card, pin, new)
    key = card.key(KeyKind.PIN_RELOAD) or refuse(0x9403)
    new, mac = apdu.data[:-4], apdu.data[-4:]
    if key.left == 0:
        refuse(0x6983)
    if reload_pin_mac(key.value, new) != mac:
        card.count_failure(key)
        refuse(0x9302, keep_writes=True)
    return _set_pin(card, pin, new)


def unblock_pin(card: Running, apdu: Apdu) -> bytes:
    """84 24: encrypted PIN and MAC under the unblock key."""
    key = card.key(KeyKind.PIN_UNBLOCK) or refuse(0x9403)
    pin = card.key(KeyKind.PIN) or refuse(0x9403)
    data = take_mac(card, apdu, key)
    return _set_pin(card, pin, line_plain(key.value, data) or refuse(0x6988))


def _set_pin(card: Running, pin: Key, new: bytes) -> bytes:
    if not 2 <= len(new) <= 8:
        refuse(0x6700)
    full = pin.tries >> 4
    card.memory.put(pin.node, Key.TRIES_OFFSET, bytes((full << 4 | full,)))
    card.memory.put(pin.node, 8, bytes((len(new),)) + new)
    return b""


def take_mac(card: Running, apdu: Apdu, key: Key, wrong: int = 0x6988) -> bytes:
    """The data before the MAC, if the MAC is right. Three wrong ones in a row lock the application for good (9303)."""
    if key.left == 0:
        refuse(0x9303)
    if card.challenge is None or len(apdu.data) < 4:
        refuse(0x6987 if len(apdu.data) < 4 else 0x6985)
    data, mac = apdu.data[:-4], apdu.data[-4:]
    if line_mac(key.value, card.challenge, apdu.header + data) != mac:
        if card.count_failure(key) == 0:
            card.memory.put(card.df, bodies.BLOCKED, bytes((bodies.FOR_GOOD,)))
            refuse(0x9303, keep_writes=True)
        refuse(wrong, keep_writes=True)
    card.restore_tries(key)
    return data


def line_key(card: Running) -> Key:
    """The maintenance key of the selected DF."""
    return card.key(KeyKind.LINE) or refuse(0x6A88)


def application_block(card: Running, apdu: Apdu) -> bytes:
    """84 1E: P2 00 for a time, 01 for good. The MF cannot be blocked this way."""
    take_mac(card, apdu, line_key(card))
    state = bodies.FOR_GOOD if apdu.p2 == 0x01 else bodies.FOR_A_TIME
    card.memory.put(card.df, bodies.BLOCKED, bytes((state,)))
    return b""


def application_unblock(card: Running, apdu: Apdu) -> bytes:
    """84 18: undo a temporary block."""
    if bodies.Directory(card.memory, card.df).blocked == bodies.FOR_GOOD:
        refuse(0x9303)
    take_mac(card, apdu, line_key(card))
    card.memory.put(card.df, bodies.BLOCKED, b"\x00")
    return b""


def card_block(card: Running, apdu: Apdu) -> bytes:
    """84 16: every later command answers 6A81."""
    take_mac(card, apdu, line_key(card))
    mf = card.mf or refuse(0x6A82)
    card.memory.put(mf, bodies.BLOCKED, bytes((bodies.FOR_GOOD,)))
    return b""
