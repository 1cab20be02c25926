"""Fudan FMCOS 2.0: how it spells creation of files and keys.

Source: Fudan FMCOS 2.0 special manual p6-10 (issuing script), general manual p49-58; FM1208 host code run on real cards.
Permission byte XY: the state of the current DF must be Y..X; FY: the state of the MF must be at least Y; F0 free, EF never.
"""

import struct

from cardsvc.card.commands import ANY_STATUS, CLA_PBOC, CLA_PBOC_SM, MAC_LENGTH
from cardsvc.card.layout import PIN_TRIES, Access, ApplicationLayout, FileLayout, KeyPurpose, KeySlot
from cardsvc.card.profile import Profile
from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import Ask

FREE, MF_STATE_1, NEVER = 0xF0, 0xF1, 0xEF
STATE_AFTER_MASTER = 0x01
THREE_TRIES = PIN_TRIES << 4 | PIN_TRIES
"""Error counter of a key: high nibble the maximum, low nibble what is left."""

NO_PROTECTED_READ = 0xFF
MAC_ON_WRITE = 0x80
PURSE_SIZE = 0x0208
FILE_HEADER, RECORD_HEADER, PURSE_BODY, KEY_RECORD_HEADER, CYCLIC_EXTRA = 11, 1, 22, 8, 8
KEY_LENGTH = 16
SLACK = 32
"""Room in a DF beyond what the manual counts: chips differ by a few bytes a file."""

_FILE_TYPE = {"binary": 0x28, "fixed": 0x2A, "variable": 0x2C, "cyclic": 0x2E, "purse": 0x2F}
_PERMISSION: dict[Access, int] = {"free": FREE, "master": MF_STATE_1, "maintenance": FREE, "never": NEVER}
KEY_TYPE: dict[KeyPurpose, int] = {
    "pin": 0x3A,
    "internal_auth": 0x30,
    "tac": 0x34,
    "maintenance": 0x36,
    "pin_unblock": 0x37,
    "master": 0x39,
    "unload": 0x3D,
    "purchase": 0x3E,
    "load": 0x3F,
}


class FmcosDialect:
    """Creation commands of FMCOS 2.0."""

    open_until_end = False
    master_opens = True

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def create_mf(self, mf: ApplicationLayout, transport_code: bytes) -> Ask:  # noqa: ARG002 - rights guard erasure
        """80 E0 3F00: 38, space FFFF (all), create right, erase right, SFI of DIR, seven FF as in Fudan's own script."""
        body = struct.pack(">BHBBB7s", 0x38, 0xFFFF, MF_STATE_1, MF_STATE_1, 0x01, b"\xff" * 7)
        return self._create(mf.file_id, body)

    def erase_mf(self, transport_code: bytes) -> Ask:  # noqa: ARG002 - guarded by the MF's state, not by the code
        """80 0E 00 00 00: empties the current DF, here the MF; the master key must have been authenticated."""
        return Ask(Command(CLA_PBOC, 0x0E, 0x00, 0x00, b"", le=256), "ERASE DF", changes=True)

    def create_df(self, application: ApplicationLayout) -> Ask:
        """80 E0 fid: 38, space, create right, erase right, file whose content goes into the FCI, FFFF, name."""
        body = struct.pack(">BHBBB2s", 0x38, self._space(application), MF_STATE_1, MF_STATE_1, _fci(application), b"\xff\xff")
        return self._create(application.file_id, body + application.aid_bytes)

    def create_key_file(self, application: ApplicationLayout) -> Ask:
        """80 E0 0000: 3F, size, file for the FCI, right to add, FFFF.

        The MF's master key can only be written while adding is free, so its key file has room for exactly the keys of
        the layout: no one can add another later.
        """
        size = len(application.keys) * (KEY_RECORD_HEADER + KEY_LENGTH)
        add = FREE if application.name == "mf" else MF_STATE_1
        return self._create("0000", struct.pack(">BHBB2s", 0x3F, size, _fci(application), add, b"\xff\xff"))

    def key_head(self, slot: KeySlot, version: int) -> bytes:
        """Type, right to use, right to change, then by type: next state or FF and error counter, or version and algorithm."""
        if slot.purpose == "pin":
            return bytes((KEY_TYPE["pin"], FREE, NEVER, STATE_AFTER_MASTER, THREE_TRIES))
        head = bytes((KEY_TYPE[slot.purpose], FREE, MF_STATE_1))
        if slot.purpose == "master":
            return head + bytes((STATE_AFTER_MASTER, THREE_TRIES))
        if slot.purpose in ("maintenance", "pin_unblock"):
            return head + bytes((0xFF, THREE_TRIES))
        return head + bytes((version, 0x00))

    def write_key(self, slot: KeySlot, record: bytes) -> Ask:
        """80 D4 01 id: add a key."""
        return Ask(Command(CLA_PBOC, 0xD4, 0x01, slot.key_id, record), "WRITE KEY", changes=True, secret=True)

    def change_key_header(self, slot: KeySlot) -> bytes:
        """84 D4 type id: the record (head and key, 21 bytes) with its length in 24, then the MAC."""
        return bytes((CLA_PBOC_SM, 0xD4, KEY_TYPE[slot.purpose], slot.key_id, 24 + MAC_LENGTH))

    def change_key(self, slot: KeySlot, protected: bytes) -> Ask:
        """84 D4 type id, under the DF's master key; a vector of a real card has the whole record in it (type and head too)."""
        command = Command(CLA_PBOC_SM, 0xD4, KEY_TYPE[slot.purpose], slot.key_id, protected)
        return Ask(command, "WRITE KEY", ANY_STATUS, changes=True, secret=True)

    def create_file(self, file: FileLayout) -> Ask:
        """80 E0 fid: type, size (or count and length), right to read, right to write, FF, access byte."""
        if file.kind == "purse":
            log = bytes.fromhex(file.log or "0000")[1]
            body = struct.pack(">BHBBBB", _FILE_TYPE["purse"], PURSE_SIZE, FREE, 0x00, 0xFF, log)
            return self._create(file.file_id, body)
        kind = _FILE_TYPE[file.kind] | (MAC_ON_WRITE if file.write == "maintenance" else 0)
        size = file.size if file.kind in ("binary", "variable") else file.records << 8 | file.record_length
        rights = _PERMISSION[file.read], _PERMISSION[file.write]
        return self._create(file.file_id, struct.pack(">BHBBBB", kind, size, *rights, 0xFF, NO_PROTECTED_READ))

    def end_of_creation(self, application: ApplicationLayout) -> Ask | None:  # noqa: ARG002 - part of the protocol
        """FMCOS knows no end of creation: rights hold from the first key on."""
        return None

    @staticmethod
    def _create(file_id: str, body: bytes) -> Ask:
        p1, p2 = bytes.fromhex(file_id)
        command = Command(CLA_PBOC, 0xE0, p1, p2, body)
        return Ask(command, "CREATE FILE", changes=True)

    @staticmethod
    def _space(application: ApplicationLayout) -> int:
        """EEPROM that an application needs (FMCOS 2.0 special manual: headers of files, records and keys)."""
        keys = FILE_HEADER + len(application.keys) * (KEY_RECORD_HEADER + KEY_LENGTH)
        return SLACK + keys + sum(FILE_HEADER + _body(file) for file in application.file)


def _body(file: FileLayout) -> int:
    if file.kind == "purse":
        return PURSE_BODY
    if file.records:
        return file.records * (file.record_length + RECORD_HEADER) + CYCLIC_EXTRA
    return file.size


def _fci(application: ApplicationLayout) -> int:
    """The file shown in the FCI: the DIR of the MF, EF15 of an application that has one."""
    if application.name == "mf":
        return 0x01
    return 0x95 if any(file.file_id == "0015" for file in application.file) else 0x00
