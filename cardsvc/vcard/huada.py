"""The Huada JavaCard city applet as a virtual card: contact, T=0, delivered with its applications and files.

Source: a public log of a real metro card of this family (ATR, 61xx, WRITE KEY encrypted with MAC, id load, end of
personalisation, a blocked application that answers SELECT with its FCI and 6A81, the 9-byte id in MAC1 of a purchase); for the
rest JR/T 0025.2-2010.
Inferred: key types and rights as in FMCOS; until the end of personalisation keys come under the transport key of the batch.
"""

import struct
from collections.abc import Mapping

from cardsvc.vcard import bodies
from cardsvc.vcard.crypto import line_plain
from cardsvc.vcard.fmcos import KEY_TYPES, Fmcos
from cardsvc.vcard.memory import Kind, Memory, Node
from cardsvc.vcard.security import take_mac
from cardsvc.vcard.session import Apdu, Key, KeyKind, Running, refuse

FREE, MASTER, NEVER = 0xF0, 0x11, 0xEF
ID_FILE = 0x0100
"""Where the 9-byte id is kept: an identifier that no short file identifier reaches."""
ID_LENGTH = 9
TRANSPORT_KEY = b"\xff" * 8
MAX_KEYS = 16

_LOG = (0x0018, Kind.CYCLIC, 0x0A17, FREE, NEVER, 0)
_PURSE_FILES = (_LOG, (0x0002, Kind.PURSE, 0x18, FREE, NEVER, 0))
_APPLICATION = (0x0015, Kind.BINARY, 32, FREE, FREE, bodies.MAC_ON_WRITE)
_DELIVERED = (
    (
        0x3F02,
        bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF"),
        ((0xEF05, Kind.VARIABLE, 96, FREE, MASTER, 0), (0xEF06, Kind.VARIABLE, 128, FREE, MASTER, 0)),
    ),
    (
        0x3F01,
        bytes.fromhex("A00000000386980701"),
        (
            *_PURSE_FILES,
            (0x0017, Kind.FIXED, 0x0330, FREE, FREE, bodies.MAC_ON_WRITE),
            (0x0016, Kind.BINARY, 55, MASTER, FREE, bodies.MAC_ON_WRITE),
            (0x0015, Kind.BINARY, 30, FREE, FREE, bodies.MAC_ON_WRITE),
        ),
    ),
    (0x3F03, b"\xf0HZBUS1", (*_PURSE_FILES, (0x0001, Kind.PURSE, 0x18, FREE, NEVER, 0), _APPLICATION)),
    (0x3F04, b"\xf0HZPARK1", (*_PURSE_FILES, _APPLICATION)),
    (0x3F05, b"\xf0HZLIB1", (_APPLICATION,)),
    (0x3F06, b"\xf0HZGARDN1", (_APPLICATION,)),
)
"""What the maker installs by order: directory, name, and its files (id, kind, size or count and length, read, write, flags)."""
_MF_FILES = (
    (0x0001, Kind.FIXED, 0x0620, FREE, MASTER, 0),
    (0x0005, Kind.BINARY, 30, FREE, FREE, bodies.MAC_ON_WRITE),
    (ID_FILE, Kind.BINARY, ID_LENGTH, FREE, NEVER, 0),
)


class Huada(Fmcos):
    """Rules of the city applet; rights are read as in FMCOS."""

    name = "huada-city"
    t0 = True
    eeprom_size = 16384
    chip_serial_length = 7
    blocked_select_sw = 0x6A81
    blocked_select_fci = True
    blocked_use_sw = 0x6985
    unwritten_sw = 0x9000
    wrong_mac1: Mapping[int, bytes] = {}

    def atr(self, chip_serial: bytes) -> bytes:
        """Historical bytes of the published metro card; its object "card issuer's data" is taken as the chip's serial."""
        return bytes.fromhex("3B9F95803FC6A08031E073FE211357") + chip_serial

    def install(self, memory: Memory) -> None:
        """Put the ordered applications on a fresh chip, each open until its end of personalisation."""
        mf = memory.add(Kind.MF, 0x3F00, 0, bodies.directory_body(NEVER, NEVER, 0x01, b"1PAY.SYS.DDF01"))
        for file_id, name, files in ((0x3F00, b"", _MF_FILES), *_DELIVERED):
            parent = mf if file_id == 0x3F00 else self._directory(memory, mf, file_id, name)
            if parent is None:
                raise ValueError("the chip is too small for the order")
            transport = Key.BODY.pack(KeyKind.TRANSPORT, 0, FREE, NEVER, 0, 0x33, 0, 0, len(TRANSPORT_KEY), TRANSPORT_KEY)
            memory.add(Kind.KEY, 0, parent.address, transport)
            for file in files:
                self._file(memory, parent.address, file)

    @staticmethod
    def _directory(memory: Memory, mf: Node | None, file_id: int, name: bytes) -> Node | None:
        return mf and memory.add(Kind.DF, file_id, mf.address, bodies.directory_body(NEVER, NEVER, 0x15, name))

    @staticmethod
    def _file(memory: Memory, parent: int, file: tuple[int, Kind, int, int, int, int]) -> None:
        file_id, kind, size, read, write, flags = file
        if kind == Kind.PURSE:
            memory.add(kind, file_id, parent, bodies.purse_body(read, size, file_id))
            return
        reserve = size if kind in (Kind.BINARY, Kind.VARIABLE) else (size >> 8) * (size & 0xFF)
        memory.add(kind, file_id, parent, bodies.file_body(read, write, flags, size), reserve)

    def open_for_creation(self, card: Running, directory: bodies.Directory) -> bool:  # noqa: ARG002 - of the protocol
        """Until the end of personalisation everything is free and purses do not work."""
        return not directory.ended

    def create(self, card: Running, apdu: Apdu) -> bytes:  # noqa: ARG002 - of the protocol
        """Files are installed by the maker."""
        refuse(0x6D00)

    def erase(self, card: Running, apdu: Apdu) -> bytes:  # noqa: ARG002 - of the protocol
        """Nothing can be erased."""
        refuse(0x6D00)

    def write_key(self, card: Running, apdu: Apdu) -> bytes:
        """84 D4 type id: encrypted (length, use, change, version or next state, algorithm or tries, key) with MAC.

        Under the transport key until the end of personalisation, afterwards under the master key and by the right to change.
        """
        if apdu.cla != 0x84:
            refuse(0x6982)
        ended = bodies.Directory(card.memory, card.df).ended
        kind = KEY_TYPES.get(apdu.p1) or refuse(0x6A80)
        line = (card.key(KeyKind.MASTER, 0) if ended else card.key(KeyKind.TRANSPORT)) or refuse(0x6A88)
        record = line_plain(line.value, take_mac(card, apdu, line)) or refuse(0x6988)
        old = card.key(kind, apdu.p2)
        if ended and (old is None or not self.allowed(card, old.change)):
            refuse(0x6982)
        body = self.key_body(kind, bytes((apdu.p1,)) + record[:4], record[4:])
        if old is not None:
            card.memory.put(old.node, 0, body)
        elif len(card.keys()) >= MAX_KEYS or not card.memory.add(Kind.KEY, apdu.p2, card.df.address, body):
            refuse(0x6A84)
        return b""

    def own_command(self, card: Running, apdu: Apdu) -> bytes | None:
        """00 22 loads the 9-byte id, 00 08 ends the personalisation of the selected application, 80 CA reads the id."""
        if (apdu.cla, apdu.ins) == (0x00, 0x22):
            return self._load_id(card, apdu)
        if (apdu.cla, apdu.ins) == (0x00, 0x08):
            return self._end(card)
        if (apdu.cla, apdu.ins) == (0x80, 0xCA):
            return self.mac1_tail(card)
        return None

    def mac1_tail(self, card: Running) -> bytes:
        """The 9-byte id, which MAC1 of a purchase covers (city-union rules)."""
        return card.memory.get(self._id_file(card).node, bodies.CONTENT, ID_LENGTH)

    @staticmethod
    def _id_file(card: Running) -> bodies.File:
        mf = card.mf or refuse(0x6A82)
        node = next((n for n in card.memory.children(mf) if n.file_id == ID_FILE), None) or refuse(0x6A82)
        return bodies.File(card.memory, node)

    def _load_id(self, card: Running, apdu: Apdu) -> bytes:
        mf = card.mf or refuse(0x6A82)
        if bodies.Directory(card.memory, mf).ended:
            refuse(0x6985)
        if len(apdu.data) != ID_LENGTH:
            refuse(0x6700)
        card.memory.put(self._id_file(card).node, bodies.CONTENT, apdu.data)
        return b""

    @staticmethod
    def _end(card: Running) -> bytes:
        """The transport key is of no more use: it is taken away with the open state."""
        if bodies.Directory(card.memory, card.df).ended:
            refuse(0x6985)
        card.memory.put(card.df, bodies.ENDED, struct.pack(">B", 1))
        transport = card.key(KeyKind.TRANSPORT)
        if transport is not None:
            card.memory.erase(transport.node)
        return b""
