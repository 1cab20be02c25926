"""Fudan FMCOS 2.0 as a virtual card. Source: Fudan FMCOS 2.0 general manual p49-118, special manual p2-10."""

import struct
from collections.abc import Mapping

from cardsvc.vcard import bodies
from cardsvc.vcard.crypto import line_plain
from cardsvc.vcard.dialect import Ordinary
from cardsvc.vcard.memory import Kind, Node
from cardsvc.vcard.security import take_mac
from cardsvc.vcard.session import Apdu, Key, KeyKind, Running, refuse

_FILES = {0x28: Kind.BINARY, 0x2A: Kind.FIXED, 0x2C: Kind.VARIABLE, 0x2E: Kind.CYCLIC}
KEY_TYPES = {
    0x30: KeyKind.INTERNAL,
    0x34: KeyKind.TAC,
    0x36: KeyKind.LINE,
    0x37: KeyKind.PIN_UNBLOCK,
    0x38: KeyKind.PIN_RELOAD,
    0x39: KeyKind.MASTER,
    0x3A: KeyKind.PIN,
    0x3C: KeyKind.OVERDRAFT,
    0x3D: KeyKind.UNLOAD,
    0x3E: KeyKind.PURCHASE,
    0x3F: KeyKind.LOAD,
}
_VERSIONED = (KeyKind.INTERNAL, KeyKind.TAC, KeyKind.OVERDRAFT, KeyKind.UNLOAD, KeyKind.PURCHASE, KeyKind.LOAD)
MAX_LEVELS = 3
KEY_HEADER = 8


class Fmcos(Ordinary):
    """Rules of FMCOS 2.0 on an FM1208: contactless, 8 KB."""

    name = "fudan-fmcos2"
    t0 = False
    check_byte = True
    pin_for_ep_load = False
    empty_verify = False
    counter_wraps = False
    max_data = 239
    eeprom_size = 8192
    chip_serial_length = 4
    blocked_select_sw = 0x6A81
    blocked_select_fci = False
    blocked_use_sw = 0x6A81
    unwritten_sw = 0x6281
    proof_after = True
    log_after = True
    wrong_mac1: Mapping[int, bytes] = {0x02: bytes.fromhex("31BA0BCD"), 0x03: bytes(4)}

    def atr(self, chip_serial: bytes) -> bytes:
        """Historical bytes 2090 and the UID, as PC/SC shows the ATS."""
        return bytes.fromhex("3B8B80012090") + bytes(5) + chip_serial

    def contact_atr(self, chip_serial: bytes) -> bytes:
        """As the published FM1280 through its contacts."""
        return bytes.fromhex("3B6B00002090") + bytes(5) + chip_serial

    def allowed(self, card: Running, permission: int) -> bool:
        """XY: state of the current DF within Y..X; FY: MF state at least Y; F0 free."""
        high, low = permission >> 4, permission & 0x0F
        if high == 0x0F:
            return card.mf_state >= low
        return low <= card.state <= high

    def open_for_creation(self, card: Running, directory: bodies.Directory) -> bool:  # noqa: ARG002 - see create
        """FMCOS has no open phase; an empty DF is free to create in, see ``create``."""
        return False

    def create(self, card: Running, apdu: Apdu) -> bytes:
        """80 E0 fid. Free in a DF that holds nothing yet, else by its right to create."""
        file_id = apdu.p1 << 8 | apdu.p2
        if len(apdu.data) < 7:
            refuse(0x6700)
        if apdu.data[0] == 0x38 and file_id == 0x3F00:
            return self._create_mf(card, apdu.data)
        directory = bodies.Directory(card.memory, card.df)
        if card.memory.children(card.df) and not self.allowed(card, directory.create):
            refuse(0x6982)
        if apdu.data[0] == 0x38:
            return self._create_df(card, file_id, apdu.data)
        return self._create_ef(card, file_id, apdu.data)

    def _create_mf(self, card: Running, body: bytes) -> bytes:
        if card.mf:
            refuse(0x6A86)
        content = bodies.directory_body(body[3], body[4], body[5], b"1PAY.SYS.DDF01", b"\xff" * 8)
        card.current_df = card.memory.add(Kind.MF, 0x3F00, 0, content) or refuse(0x6A84)
        return b""

    def _create_df(self, card: Running, file_id: int, body: bytes) -> bytes:
        name = body[8:]
        if not 5 <= len(name) <= 16:
            refuse(0x6A80)
        if self._depth(card, card.df) >= MAX_LEVELS:
            refuse(0x6A80)
        directories = [n for n in card.memory.nodes if n.kind == Kind.DF]
        if any(n.file_id == file_id or bodies.Directory(card.memory, n).name == name for n in directories):
            refuse(0x6A86)
        content = bodies.directory_body(body[3], body[4], body[5], name)
        card.memory.add(Kind.DF, file_id, card.df.address, content) or refuse(0x6A84)
        return b""

    @staticmethod
    def _depth(card: Running, node: Node) -> int:
        levels = 1
        while node.parent:
            node = next(n for n in card.memory.nodes if n.address == node.parent)
            levels += 1
        return levels

    def _create_ef(self, card: Running, file_id: int, body: bytes) -> bytes:
        kind, size, read, write = struct.unpack(">BHBB", body[:5])
        if card.find_ef(file_id):
            refuse(0x6A86)
        if kind == 0x3F:
            content, reserve, node_kind = bodies.file_body(0xF0, body[4], 0, size), 0, Kind.KEY_FILE
        elif kind == 0x2F:
            content, reserve, node_kind = bodies.purse_body(body[3], body[6] & 0x1F, file_id), 0, Kind.PURSE
        else:
            node_kind = _FILES.get(kind & 0x3F) or refuse(0x6A80)
            flags = (bodies.MAC_ON_WRITE if kind & 0x80 else 0) | (bodies.ENCRYPT_ON_WRITE if kind & 0x40 else 0)
            content = bodies.file_body(read, write, flags, size)
            reserve = size if node_kind in (Kind.BINARY, Kind.VARIABLE) else (size >> 8) * (size & 0xFF)
            if node_kind in (Kind.FIXED, Kind.CYCLIC) and size >> 8 < 2:
                refuse(0x6A80)
        card.memory.add(node_kind, file_id, card.df.address, content, reserve) or refuse(0x6A84)
        return b""

    def erase(self, card: Running, apdu: Apdu) -> bytes:  # noqa: ARG002 - the command carries nothing
        """80 0E: empties the selected DF, by its right to erase; the DF itself stays."""
        directory = bodies.Directory(card.memory, card.df)
        if card.memory.children(card.df) and not self.allowed(card, directory.erase):
            refuse(0x6982)
        if card.df.kind == Kind.MF:
            card.memory.truncate(card.df.body + card.df.length)
        else:
            for node in card.memory.children(card.df):
                card.memory.erase(node)
        return b""

    def write_key_ins(self) -> int:
        """D4."""
        return 0xD4

    def write_key(self, card: Running, apdu: Apdu) -> bytes:
        """80/84 D4: P1 01 adds a key, P1 type updates one; 84 is encrypted and MACed under the DF's master key 00."""
        key_file = next((n for n in card.memory.children(card.df) if n.kind == Kind.KEY_FILE), None) or refuse(0x6A82)
        record = apdu.data
        if apdu.cla == 0x84:
            master = card.key(KeyKind.MASTER, 0x00) or refuse(0x6A88)
            record = line_plain(master.value, take_mac(card, apdu, master, wrong=0x9302)) or refuse(0x9302)
        if apdu.p1 == 0x01:
            return self._add_key(card, key_file, apdu.p2, record)
        return self._update_key(card, apdu, record)

    def _add_key(self, card: Running, key_file: Node, key_id: int, record: bytes) -> bytes:
        file = bodies.File(card.memory, key_file)
        if not self.allowed(card, file.write):
            refuse(0x6982)
        if len(record) < 7:
            refuse(0x6700)
        kind = KEY_TYPES.get(record[0] & 0x3F) or refuse(0x6A80)
        if card.key(kind, key_id):
            refuse(0x6A86)
        value = record[5:]
        size = file.used + KEY_HEADER + len(value)
        if size > file.size:
            refuse(0x6A84)
        card.memory.put(key_file, bodies.USED, struct.pack(">H", size))
        card.memory.add(Kind.KEY, key_id, card.df.address, self.key_body(kind, record, value)) or refuse(0x6A84)
        return b""

    @staticmethod
    def key_body(kind: KeyKind, record: bytes, value: bytes) -> bytes:
        """A key as it is stored: ``record`` is type, use, change, then version and algorithm or next state and tries."""
        if len(record) < 5:
            refuse(0x6700)
        raw, use, change, third, fourth = record[:5]
        if len(value) > 16 or (kind is not KeyKind.PIN and len(value) not in (8, 16)):
            refuse(0x6700)
        versioned = kind in _VERSIONED
        next_state, tries = (0, 0xFF) if versioned else (third, fourth)
        version, algorithm = (third, fourth) if versioned else (0, 0)
        return Key.BODY.pack(kind, raw, use, change, next_state, tries, version, algorithm, len(value), value)

    def _update_key(self, card: Running, apdu: Apdu, record: bytes) -> bytes:
        kind = KEY_TYPES.get(apdu.p1 & 0x3F) or refuse(0x6A80)
        key = card.key(kind, apdu.p2) or refuse(0x6A88)
        if not self.allowed(card, key.change):
            refuse(0x6982)
        if key.raw_type & 0xC0 and apdu.cla != 0x84:
            refuse(0x6982)
        value = record[5:] if apdu.cla == 0x84 else record[-len(key.value) :]
        if len(value) != len(key.value):
            refuse(0x6700)
        if apdu.cla == 0x84:  # a published exchange with a real card has the whole record in it; taken over whole (inferred)
            card.memory.put(key.node, 0, self.key_body(kind, record, value))
        else:
            card.memory.put(key.node, 9, value)
        return b""
