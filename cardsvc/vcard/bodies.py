"""Layouts of object bodies in the EEPROM of a virtual card.

DF and MF                          files                               purse
0   1   right to create            0   1  right to read or use         0   1  right to use
1   1   right to erase             1   1  right to write               1   1  SFI of its log
2   1   SFI shown in the FCI       2   1  flags: 1 MAC, 2 encrypted    2   1  01 ED, 02 EP
3   1   creation ended             3   1  written                      3   1  -
4   1   blocked: 0, 1 for a time,  4   2  size; or count, length       4   4  balance
        2 for good                 6   2  used; cyclic: next, used     8   3  overdraft limit
5   1   tries of transport code    8   .. content                      11  2  online counter
6   8   transport code                                                 13  2  offline counter
14  1   length of the name                                             15  1  -
15  16  name                                                           16  11 proof of the last load: type, number, MAC, TAC
                                                                       27  11 proof of the last debit
"""

import struct

from cardsvc.vcard.memory import Memory, Node

DIRECTORY = struct.Struct(">BBBBBB8sB16s")
FILE = struct.Struct(">BBBBHH")
PURSE = struct.Struct(">BBBxI3sHHx11s11s")

ENDED, BLOCKED, TRANSPORT_TRIES = 3, 4, 5
FOR_A_TIME, FOR_GOOD = 1, 2
MAC_ON_WRITE, ENCRYPT_ON_WRITE = 1, 2
WRITTEN, USED, CONTENT = 3, 6, 8
BALANCE, OVERDRAFT, ONLINE, OFFLINE, LOAD_PROOF, DEBIT_PROOF = 4, 8, 11, 13, 16, 27


class Directory:
    """A DF or MF read from the EEPROM."""

    def __init__(self, memory: Memory, node: Node) -> None:
        fields = DIRECTORY.unpack(memory.get(node, 0, DIRECTORY.size))
        self.create, self.erase, self.fci_sfi, ended, self.blocked, self.tries, self.code, length, name = fields
        self.ended = bool(ended)
        self.name: bytes = name[:length]


class File:
    """An elementary file's header read from the EEPROM."""

    def __init__(self, memory: Memory, node: Node) -> None:
        self.node = node
        self.read, self.write, self.flags, written, self.size, self.used = FILE.unpack(memory.get(node, 0, FILE.size))
        self.written = bool(written)
        self.count, self.record_length = self.size >> 8, self.size & 0xFF


class Purse:
    """A purse read from the EEPROM."""

    def __init__(self, memory: Memory, node: Node) -> None:
        self.node = node
        fields = PURSE.unpack(memory.get(node, 0, PURSE.size))
        self.use, self.log_sfi, self.kind, balance, limit, self.online, self.offline = fields[:7]
        self.balance: int = balance
        self.load_proof: bytes = fields[7]
        self.debit_proof: bytes = fields[8]
        self.overdraft = int.from_bytes(limit, "big")


def directory_body(create: int, erase: int, fci_sfi: int, name: bytes, code: bytes = b"\xff" * 8) -> bytes:
    """The body of a new DF or MF."""
    return DIRECTORY.pack(create, erase, fci_sfi, 0, 0, 3, code, len(name), name)


def file_body(read: int, write: int, flags: int, size: int) -> bytes:
    """The header of a new file; its content follows."""
    return FILE.pack(read, write, flags, 0, size, 0)


def purse_body(use: int, log_sfi: int, kind: int) -> bytes:
    """An empty purse."""
    return PURSE.pack(use, log_sfi, kind, 0, bytes(3), 0, 0, bytes(11), bytes(11))
