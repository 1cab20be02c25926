"""Mingwah SmartCOS as a virtual card.

Source: one public copy of the manual and two public code bases that issue such cards; inferred where they are silent.
"""

import struct
from collections.abc import Mapping

from cardsvc.vcard import bodies
from cardsvc.vcard.crypto import line_plain
from cardsvc.vcard.dialect import Ordinary
from cardsvc.vcard.memory import Kind
from cardsvc.vcard.security import line_key, take_mac
from cardsvc.vcard.session import Apdu, Key, KeyKind, Running, refuse

_FILES = {0x00: Kind.BINARY, 0x02: Kind.FIXED, 0x03: Kind.CYCLIC, 0x04: Kind.VARIABLE}
_KEYS = {
    0x00: KeyKind.PURCHASE,
    0x01: KeyKind.LOAD,
    0x02: KeyKind.UNLOAD,
    0x05: KeyKind.LINE,
    0x06: KeyKind.PIN_UNBLOCK,
    0x07: KeyKind.TAC,
    0x08: KeyKind.MASTER,
    0x09: KeyKind.INTERNAL,
    0x0B: KeyKind.PIN,
}
SM_FLAG = 0x08


class Smartcos(Ordinary):
    """Rules of SmartCOS: every DF is open until its CREATE END."""

    name = "mingwah-smartcos"
    t0 = False
    check_byte = True
    pin_for_ep_load = False
    empty_verify = False
    counter_wraps = False
    max_data = 110 + 4
    eeprom_size = 8192
    chip_serial_length = 8
    blocked_select_sw = 0x6283
    blocked_select_fci = True
    blocked_use_sw = 0x6985
    unwritten_sw = 0x9000
    proof_after = True
    log_after = True
    wrong_mac1: Mapping[int, bytes] = {}

    def atr(self, chip_serial: bytes) -> bytes:
        """Historical bytes 8638, MWOHP and the chip serial, as the published Hangzhou Tong card."""
        return bytes.fromhex("3B8F800186384D574F4850") + chip_serial

    def contact_atr(self, chip_serial: bytes) -> bytes:
        """Version 01, state 00, 8638 and the chip serial."""
        return bytes.fromhex("3B6C000201008638") + chip_serial

    def allowed(self, card: Running, permission: int) -> bool:
        """XY: state of the current DF within X..Y; 0F free, F0 never."""
        return permission >> 4 <= card.state <= permission & 0x0F

    def open_for_creation(self, card: Running, directory: bodies.Directory) -> bool:  # noqa: ARG002 - of the protocol
        """Until CREATE END everything is free."""
        return not directory.ended

    def create(self, card: Running, apdu: Apdu) -> bytes:
        """80 E0: P1 00 MF, 01 DF, 02 EF; P2 01 ends the creation."""
        if apdu.p2 == 0x01:
            return self._end(card, apdu)
        if apdu.p1 == 0x00:
            return self._create_mf(card, apdu.data)
        if apdu.p1 == 0x01:
            return self._create_df(card, apdu.data)
        return self._create_ef(card, apdu.data)

    def _create_mf(self, card: Running, body: bytes) -> bytes:
        if card.mf:
            refuse(0x6A86)
        if len(body) < 15:
            refuse(0x6700)
        content = bodies.directory_body(body[8], 0, body[9], body[10:], body[:8])
        card.current_df = card.memory.add(Kind.MF, 0x3F00, 0, content) or refuse(0x6A84)
        return b""

    def _create_df(self, card: Running, body: bytes) -> bytes:
        mf = card.mf or refuse(0x6A82)
        if card.df is not mf:
            refuse(0x6A80)
        name = body[4:]
        if not 5 <= len(name) <= 16:
            refuse(0x6700)
        directory = bodies.Directory(card.memory, mf)
        if directory.ended and not self.allowed(card, directory.create):
            refuse(0x6982)
        file_id = int.from_bytes(body[:2], "big")
        if any(n.file_id == file_id for n in card.memory.nodes if n.kind == Kind.DF):
            refuse(0x6A86)
        content = bodies.directory_body(body[2], 0, 0x15, name)
        card.current_df = card.memory.add(Kind.DF, file_id, mf.address, content) or refuse(0x6A84)
        card.df_state = 0
        return b""

    def _create_ef(self, card: Running, body: bytes) -> bytes:
        if len(body) != 7:
            refuse(0x6700)
        if bodies.Directory(card.memory, card.df).ended:
            refuse(0x6985)
        file_id, kind, read, write, size = struct.unpack(">HBBBH", body)
        if card.find_ef(file_id):
            refuse(0x6A86)
        reserve = 0
        if kind == 0x05:
            content, node_kind = bodies.file_body(read, write, 0, size), Kind.KEY_FILE
        elif kind == 0x06:
            content, node_kind = bodies.purse_body(read, size & 0x1F, file_id), Kind.PURSE
        else:
            node_kind = _FILES.get(kind & ~SM_FLAG) or refuse(0x6A80)
            content = bodies.file_body(read, write, bodies.MAC_ON_WRITE if kind & SM_FLAG else 0, size)
            reserve = size if node_kind in (Kind.BINARY, Kind.VARIABLE) else (size >> 8) * (size & 0xFF)
        card.memory.add(node_kind, file_id, card.df.address, content, reserve) or refuse(0x6A84)
        return b""

    def _end(self, card: Running, apdu: Apdu) -> bytes:
        node = card.mf if apdu.p1 == 0x00 else card.df
        if node is None or apdu.data != struct.pack(">H", node.file_id):
            refuse(0x6A82)
        if bodies.Directory(card.memory, node).ended:
            refuse(0x6985)
        card.memory.put(node, bodies.ENDED, b"\x01")
        return b""

    def erase(self, card: Running, apdu: Apdu) -> bytes:
        """80 0E 00 00 08 transport code: takes the MF and everything away."""
        mf = card.mf or refuse(0x6A82)
        directory = bodies.Directory(card.memory, mf)
        if directory.tries == 0:
            refuse(0x6983)
        if apdu.data != directory.code:
            left = directory.tries - 1
            card.memory.put(mf, bodies.TRANSPORT_TRIES, bytes((left,)))
            refuse(0x63C0 | left, keep_writes=True)
        card.memory.truncate(mf.address)
        card.current_df = None
        return b""

    def write_key_ins(self) -> int:
        """E8."""
        return 0xE8

    def write_key(self, card: Running, apdu: Apdu) -> bytes:
        """80 E8 in an open DF; 84 E8, encrypted and MACed under the maintenance key, in an ended one."""
        key_file = next((n for n in card.memory.children(card.df) if n.kind == Kind.KEY_FILE), None) or refuse(0x6A82)
        ended = bodies.Directory(card.memory, card.df).ended
        record = apdu.data
        if ended:
            if apdu.cla != 0x84:
                refuse(0x6982)
            line = line_key(card)
            record = line_plain(line.value, take_mac(card, apdu, line)) or refuse(0x6988)
        if not 10 <= len(record) <= 24:
            refuse(0x6700)
        key_id, version, algorithm, raw, use, following, change, tries = record[:8]
        kind = _KEYS.get(raw) or refuse(0x6A80)
        value = record[8:]
        body = Key.BODY.pack(kind, raw, use, change, following, tries, version, algorithm, len(value), value)
        old = card.key(kind, key_id)
        if old is None:
            self._add(card, bodies.File(card.memory, key_file), key_id, body)
        elif ended and not self.allowed(card, old.change):
            refuse(0x6982)
        else:
            card.memory.put(old.node, 0, body)
        return b""

    @staticmethod
    def _add(card: Running, key_file: bodies.File, key_id: int, body: bytes) -> None:
        if key_file.used >= key_file.count:
            refuse(0x6A84)
        card.memory.put(key_file.node, bodies.USED, struct.pack(">H", key_file.used + 1))
        card.memory.add(Kind.KEY, key_id, card.df.address, body) or refuse(0x6A84)
