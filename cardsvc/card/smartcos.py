"""Mingwah SmartCOS: how it spells creation of files and keys.

Source: one public copy of the manual and two public code bases that issue such cards; what is inferred stands in the profile.
Permission byte XY: the state of the current DF must be X..Y (low..high, the reverse of FMCOS); 0F free, F0 never.
Until CREATE END everything in a DF is free and purses do not work; after it the rights hold.
"""

import struct

from cardsvc.card.commands import ANY_STATUS, CLA_PBOC, CLA_PBOC_SM, MAC_LENGTH
from cardsvc.card.layout import PIN_TRIES, Access, ApplicationLayout, FileLayout, KeyPurpose, KeySlot
from cardsvc.card.profile import Profile
from cardsvc.iso7816.apdu import Command
from cardsvc.iso7816.exchange import Ask

FREE, STATE_1, NEVER = 0x0F, 0x1F, 0xF0
STATE_AFTER_MASTER = 0x01
THREE_TRIES = PIN_TRIES << 4 | PIN_TRIES
SM_ON_WRITE = 0x08
KEY_RECORD_LENGTH = 0x18
DIRECTORY_SFI = 0x01

_FILE_TYPE = {"binary": 0x00, "fixed": 0x02, "cyclic": 0x03, "variable": 0x04, "purse": 0x06}
_KEY_FILE_TYPE = 0x05
_PERMISSION: dict[Access, int] = {"free": FREE, "master": STATE_1, "maintenance": FREE, "never": NEVER}
_KEY_TYPE: dict[KeyPurpose, int] = {
    "purchase": 0x00,
    "load": 0x01,
    "unload": 0x02,
    "maintenance": 0x05,
    "pin_unblock": 0x06,
    "tac": 0x07,
    "pin": 0x0B,
    "master": 0x08,
    "internal_auth": 0x09,
}


class SmartcosDialect:
    """Creation commands of SmartCOS."""

    open_until_end = True
    master_opens = False

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    def create_mf(self, mf: ApplicationLayout, transport_code: bytes) -> Ask:
        """80 E0 00 00: transport code (8), right to create, SFI of DIR, name."""
        body = transport_code + bytes((FREE, DIRECTORY_SFI)) + mf.aid_bytes
        return self._create(0x00, body, secret=True)

    def erase_mf(self, transport_code: bytes) -> Ask:
        """80 0E 00 00: transport code (8) of the MF; a wrong one costs a try."""
        return Ask(Command(CLA_PBOC, 0x0E, 0x00, 0x00, transport_code), "ERASE MF", changes=True, secret=True)

    def create_df(self, application: ApplicationLayout) -> Ask:
        """80 E0 01 00: file id, right, 00, name. The DF becomes the current one."""
        return self._create(0x01, application.id_bytes + bytes((FREE, 0x00)) + application.aid_bytes)

    def create_key_file(self, application: ApplicationLayout) -> Ask:
        """80 E0 02 00: file id 0000, type 05, rights, number of keys, length of a record."""
        body = struct.pack(">HBBBBB", 0x0000, _KEY_FILE_TYPE, FREE, 0x00, len(application.keys), KEY_RECORD_LENGTH)
        return self._create(0x02, body)

    def key_head(self, slot: KeySlot, version: int) -> bytes:
        """Key id, version, algorithm, type, right to use, next state, right to change, error counter."""
        next_state = STATE_AFTER_MASTER if slot.purpose == "master" else 0x00
        return bytes((slot.key_id, version, 0x00, _KEY_TYPE[slot.purpose], FREE, next_state, STATE_1, THREE_TRIES))

    def write_key(self, slot: KeySlot, record: bytes) -> Ask:  # noqa: ARG002 - the record itself names the key
        """80 E8 00 00: the key record, in the clear while the DF is open."""
        return Ask(Command(CLA_PBOC, 0xE8, 0x00, 0x00, record), "WRITE KEY", changes=True, secret=True)

    def change_key_header(self, slot: KeySlot) -> bytes:  # noqa: ARG002 - the record itself names the key
        """84 E8 00 00: the record (24 bytes) with its length in 32, then the MAC."""
        return bytes((CLA_PBOC_SM, 0xE8, 0x00, 0x00, 32 + MAC_LENGTH))

    def change_key(self, slot: KeySlot, protected: bytes) -> Ask:  # noqa: ARG002 - the record itself names the key
        """84 E8 00 00, under the maintenance key of a DF whose creation has ended."""
        command = Command(CLA_PBOC_SM, 0xE8, 0x00, 0x00, protected)
        return Ask(command, "WRITE KEY", ANY_STATUS, changes=True, secret=True)

    def create_file(self, file: FileLayout) -> Ask:
        """80 E0 02 00: file id, type, right to read or use, right to write, two bytes of length."""
        kind = _FILE_TYPE[file.kind] | (SM_ON_WRITE if file.write == "maintenance" else 0)
        if file.kind == "purse":
            length = bytes((0x00, int(file.log or "0", 16) & 0x1F))
        elif file.records:
            length = bytes((file.records, file.record_length))
        else:
            length = struct.pack(">H", file.size)
        return self._create(0x02, file.id_bytes + bytes((kind, _PERMISSION[file.read], _PERMISSION[file.write])) + length)

    def end_of_creation(self, application: ApplicationLayout) -> Ask | None:
        """80 E0 00 01 (MF) or 01 01 (DF): file id."""
        p1 = 0x00 if application.name == "mf" else 0x01
        command = Command(CLA_PBOC, 0xE0, p1, 0x01, application.id_bytes)
        return Ask(command, "CREATE END", ("9000", "6985"), changes=True)

    @staticmethod
    def _create(p1: int, body: bytes, *, secret: bool = False) -> Ask:
        return Ask(Command(CLA_PBOC, 0xE0, p1, 0x00, body), "CREATE FILE", changes=True, secret=secret)
