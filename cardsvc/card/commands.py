"""Commands that all card-OS families share, as Asks for a procedure.

Source: ISO/IEC 7816-4:2013 (SELECT, READ, UPDATE, APPEND, GET CHALLENGE, EXTERNAL AUTHENTICATE);
JR/T 0025.2-2010 5.5 (APPLICATION BLOCK, UNBLOCK). Purse commands stand in purse.py.
"""

from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import SUCCESS, Ask

CLA_ISO = 0x00
CLA_ISO_SM = 0x04
CLA_PBOC = 0x80
CLA_PBOC_SM = 0x84
MAC_LENGTH = 4
ANY_STATUS = ("xxxx",)


def select_by_id(file_id: bytes, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """SELECT by file identifier (2 bytes). Without Le: the FCI is not used, and no family minds."""
    return Ask(Command(CLA_ISO, 0xA4, 0x00, 0x00, file_id), "SELECT", expect)


def select_by_name(name: bytes, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """SELECT by DF name (5 to 16 bytes). Without Le, as above."""
    return Ask(Command(CLA_ISO, 0xA4, 0x04, 0x00, name), "SELECT", expect)


def read_binary(sfi: int, length: int, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """READ BINARY of ``length`` bytes from the start of the file with this short identifier."""
    return Ask(Command(CLA_ISO, 0xB0, 0x80 | sfi, 0x00, le=length), "READ BINARY", expect)


def update_binary(sfi: int, data: bytes, *, secret: bool = False) -> Ask:
    """UPDATE BINARY from the start of a file."""
    return Ask(Command(CLA_ISO, 0xD6, 0x80 | sfi, 0x00, data), "UPDATE BINARY", changes=True, secret=secret)


def update_binary_header(sfi: int, length: int) -> bytes:
    """CLA INS P1 P2 and the final Lc of a protected UPDATE BINARY of ``length`` data bytes."""
    return bytes((CLA_ISO_SM, 0xD6, 0x80 | sfi, 0x00, length + MAC_LENGTH))


def protected_update_binary(sfi: int, data: bytes, mac: bytes, *, secret: bool = False) -> Ask:
    """UPDATE BINARY with a secure-messaging MAC. Source: Fudan FMCOS 2.0 general manual 9.3."""
    command = Command(CLA_ISO_SM, 0xD6, 0x80 | sfi, 0x00, data + mac)
    return Ask(command, "UPDATE BINARY", changes=True, secret=secret)


def read_record(number: int, sfi: int, length: int = 256, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """READ RECORD by number; in a cyclic file number 1 is the newest."""
    return Ask(Command(CLA_ISO, 0xB2, number, sfi << 3 | 0x04, le=length), "READ RECORD", expect)


def read_record_by_tag(tag: int, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """READ RECORD of the selected file by its tag: tag, length, value."""
    return Ask(Command(CLA_ISO, 0xB2, tag, 0x00, le=256), "READ RECORD", expect)


def update_record(number: int, sfi: int, record: bytes, *, secret: bool = False) -> Ask:
    """UPDATE RECORD by number. Source: ISO/IEC 7816-4:2013 11.4.5; Fudan FMCOS 2.0 general manual, UPDATE RECORD."""
    return Ask(Command(CLA_ISO, 0xDC, number, sfi << 3 | 0x04, record), "UPDATE RECORD", changes=True, secret=secret)


def append_record(sfi: int, record: bytes, p2_low: int, *, secret: bool = False) -> Ask:
    """APPEND RECORD; families disagree on the low three bits of P2 (profile: append_record_p2_low)."""
    return Ask(Command(CLA_ISO, 0xE2, 0x00, sfi << 3 | p2_low, record), "APPEND RECORD", changes=True, secret=secret)


def record_header(number: int, sfi: int, length: int, append_p2_low: int | None = None) -> bytes:
    """CLA INS P1 P2 and the final Lc of a protected UPDATE RECORD, or, with the family's low bits of P2, APPEND RECORD."""
    if append_p2_low is None:
        return bytes((CLA_ISO_SM, 0xDC, number, sfi << 3 | 0x04, length + MAC_LENGTH))
    return bytes((CLA_ISO_SM, 0xE2, 0x00, sfi << 3 | append_p2_low, length + MAC_LENGTH))


def protected_write_record(header: bytes, data: bytes) -> Ask:
    """UPDATE or APPEND RECORD with a secure-messaging MAC: ``header`` as ``record_header`` gives it, data and MAC. Any status
    will do. Source: ISO/IEC 7816-4:2013 11.4; Fudan FMCOS 2.0 general manual 9.3."""
    cla, ins, p1, p2, _final_lc = header
    name = "APPEND RECORD" if ins == 0xE2 else "UPDATE RECORD"
    return Ask(Command(cla, ins, p1, p2, data), name, ANY_STATUS, changes=True)


def get_challenge(length: int, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """GET CHALLENGE. The number is good for the next command only (Fudan FMCOS 2.0 general manual p53)."""
    return Ask(Command(CLA_ISO, 0x84, 0x00, 0x00, le=length), "GET CHALLENGE", expect)


def external_authenticate(key_id: int, cryptogram: bytes, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """EXTERNAL AUTHENTICATE. A wrong cryptogram costs a try, so the command changes the card."""
    return Ask(Command(CLA_ISO, 0x82, 0x00, key_id, cryptogram), "EXTERNAL AUTHENTICATE", expect, changes=True)


def internal_authenticate(key_id: int, challenge: bytes, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """INTERNAL AUTHENTICATE, P1 00: the card encrypts the 8-byte challenge and so shows that it has the key."""
    return Ask(Command(CLA_ISO, 0x88, 0x00, key_id, challenge, le=8), "INTERNAL AUTHENTICATE", expect)


def verify(key_id: int, pin: bytes) -> Ask:
    """VERIFY. A wrong PIN costs a try, so the command changes the card; it is never repeated blindly."""
    return Ask(Command(CLA_ISO, 0x20, 0x00, key_id, pin), "VERIFY", changes=True, secret=True)


def tries_left(key_id: int, expect: tuple[str, ...] = SUCCESS) -> Ask:
    """VERIFY without a PIN: 63Cx or 6983 tell the tries left, and none is spent. Only for families that are known to do so
    (profile: purse.pin_tries); others count it as a wrong PIN.  Source: ISO/IEC 7816-4:2013 11.5.6."""
    return Ask(Command(CLA_ISO, 0x20, 0x00, key_id), "VERIFY", expect)


PIN_UNBLOCK_HEADER = bytes((CLA_PBOC_SM, 0x24, 0x00, 0x01, 8 + MAC_LENGTH))
"""CLA INS P1 P2 and the final Lc of PIN UNBLOCK: one block that holds the length and the PIN, then the MAC."""


def pin_unblock(protected: bytes) -> Ask:
    """PIN UNBLOCK. Source: JR/T 0025.2-2010 5.5.9; Fudan FMCOS 2.0 general manual (example 84 24 00 01 0C). A wrong MAC costs
    one of three tries and the third locks the application for good, so it is never repeated blindly."""
    return Ask(Command(CLA_PBOC_SM, 0x24, 0x00, 0x01, protected), "PIN UNBLOCK", ANY_STATUS, changes=True, secret=True)


BLOCK_HEADER = {
    "temporary": bytes((CLA_PBOC_SM, 0x1E, 0x00, 0x00, MAC_LENGTH)),
    "permanent": bytes((CLA_PBOC_SM, 0x1E, 0x00, 0x01, MAC_LENGTH)),
}
UNBLOCK_HEADER = bytes((CLA_PBOC_SM, 0x18, 0x00, 0x00, MAC_LENGTH))


def application_block(kind: str, mac: bytes) -> Ask:
    """APPLICATION BLOCK, ``kind`` temporary or permanent. Source: JR/T 0025.2-2010 5.5.9.3."""
    p2 = BLOCK_HEADER[kind][3]
    return Ask(Command(CLA_PBOC_SM, 0x1E, 0x00, p2, mac), "APPLICATION BLOCK", changes=True)


def application_unblock(mac: bytes) -> Ask:
    """APPLICATION UNBLOCK. Source: JR/T 0025.2-2010 5.5.9.4: three failures lock the application for good."""
    return Ask(Command(CLA_PBOC_SM, 0x18, 0x00, 0x00, mac), "APPLICATION UNBLOCK", changes=True)
