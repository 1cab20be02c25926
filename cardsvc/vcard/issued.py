"""Cards that others issued, as virtual cards that are delivered full: T-Union and social-security cards. They are only read.

Source: ATRs and layouts as two public phone readers and public format notes have them; files and commands else as in FMCOS.
Everything on them is synthetic: the numbers are runs of nines, the dates lie in 2099.
"""

import struct
from collections.abc import Iterable

from cardsvc.vcard import bodies
from cardsvc.vcard.fmcos import Fmcos
from cardsvc.vcard.memory import Kind, Memory, Node
from cardsvc.vcard.session import Apdu, Key, KeyKind, Running, refuse

FREE, NEVER = 0xF0, 0xEF


class _Issued(Fmcos):
    """Nothing can be created, erased or keyed any more."""

    unwritten_sw = 0x9000
    blocked_select_sw = 0x6283
    blocked_select_fci = True
    blocked_use_sw = 0x6985

    def create(self, card: Running, apdu: Apdu) -> bytes:  # noqa: ARG002 - of the protocol
        """The issuer did that."""
        refuse(0x6982)

    erase = create
    write_key = create


class TUnion(_Issued):
    """A transport card of the national union (交通联合), contactless."""

    name = "t-union"
    chip_serial_length = 2

    def atr(self, chip_serial: bytes) -> bytes:
        """Historical bytes 4D54 (MT) as published."""
        return bytes.fromhex("3B8A80014D54000500208664") + chip_serial

    def install(self, memory: Memory) -> None:
        """12.34 on it, one journey in the trips file, one top-up and one fare in the log."""
        mf = _directory(memory, None, b"1PAY.SYS.DDF01")
        df = _directory(memory, mf, bytes.fromhex("A000000632010105"))
        ef15 = bytes.fromhex("00000000000000000100" + "09999999999999999999" + "20990101" + "20991231" + "0000")
        _binary(memory, df, 0x0015, ef15)
        moments = ("20990102080000", "20990101120000")
        amounts = ((2, 200, 6), (1, 1434, 2))
        log = [
            struct.pack(">H3sIB6s", number, bytes(3), fen, kind, b"\x31" + bytes(5)) + bytes.fromhex(at)
            for (number, fen, kind), at in zip(amounts, moments, strict=True)
        ]
        _cyclic(memory, df, 0x0018, log, 10)
        trip = struct.pack(">B8sB7sII", 4, bytes(7) + b"\x07", 1, bytes(6) + b"\x21", 200, 1234)
        trip += bytes.fromhex(moments[0] + "3310" + "0000000000000099" + "000000000000")
        _cyclic(memory, df, 0x001E, [trip], 30)
        purse = bytearray(bodies.purse_body(FREE, 0x18, 2))
        purse[bodies.BALANCE : bodies.BALANCE + 4] = struct.pack(">I", 1234)
        purse[bodies.OVERDRAFT : bodies.OVERDRAFT + 3] = (800).to_bytes(3, "big")
        _added(memory.add(Kind.PURSE, 2, df.address, bytes(purse)))
        for kind in (KeyKind.TAC, KeyKind.PURCHASE, KeyKind.LOAD):
            body = Key.BODY.pack(kind, 0, FREE, NEVER, 0, 0xFF, 1, 0, 16, bytes((kind,)) * 16)
            _added(memory.add(Kind.KEY, 1, df.address, body))

    def counter(self, card: Running, purse: bodies.Purse, p1: int) -> int:  # noqa: ARG002 - of the protocol
        """GET BALANCE: P1 00 and 03 the balance, 01 the overdraft limit, 02 how much of it is used."""
        if p1 > 3:
            refuse(0x6A86)
        return (purse.balance, purse.overdraft, 0, purse.balance)[p1]


class SocialSecurity(_Issued):
    """A social-security card (社保卡) of the second generation, contact, T=0; records are TLV."""

    name = "social-security"
    t0 = True
    check_byte = False
    chip_serial_length = 6

    def atr(self, chip_serial: bytes) -> bytes:
        """Chip 0081 (Huada), 54 31 00, registration code 8660, date and serial."""
        return bytes.fromhex("3B6D0000" + "0081" + "543100" + "8660") + chip_serial

    def install(self, memory: Memory) -> None:
        """The application of the social-security environment with its card file; the holder file is there and stays unread."""
        mf = _directory(memory, None, b"1PAY.SYS.DDF01")
        df = _directory(memory, mf, bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF"))
        card = {
            0x01: bytes.fromhex("999999D156000005" + "99999999" + "FFFFFFFF"),
            0x02: b"\x01",
            0x03: b"3.00",
            0x04: b"\x99" * 12,
            0x05: bytes.fromhex("20990101"),
            0x06: bytes.fromhex("21081231"),
            0x07: b"A99999999",
        }
        _records(memory, df, 0xEF05, card)
        _records(memory, df, 0xEF06, {0x08: b"999999209902300000", 0x09: "测试".encode("gbk").ljust(30, b"\0"), 0x0A: b"\x01"})


def _added(node: Node | None) -> Node:
    if node is None:
        raise ValueError("the chip is too small")
    return node


def _directory(memory: Memory, mf: Node | None, name: bytes) -> Node:
    if mf is None:
        return _added(memory.add(Kind.MF, 0x3F00, 0, bodies.directory_body(NEVER, NEVER, 0x01, name)))
    return _added(memory.add(Kind.DF, 0x3F01, mf.address, bodies.directory_body(NEVER, NEVER, 0x15, name)))


def _written(read: int, size: int, used: int) -> bytes:
    """A file's header, its content written."""
    header = bytearray(bodies.file_body(read, NEVER, 0, size))
    header[bodies.WRITTEN] = 1
    header[bodies.USED : bodies.USED + 2] = struct.pack(">H", used)
    return bytes(header)


def _binary(memory: Memory, df: Node, file_id: int, content: bytes) -> None:
    _added(memory.add(Kind.BINARY, file_id, df.address, _written(FREE, len(content), 0) + content))


def _cyclic(memory: Memory, df: Node, file_id: int, records: list[bytes], count: int) -> None:
    """Records newest first, stored so that the newest has the highest place."""
    length = len(records[0])
    content = b"".join(reversed(records)).ljust(count * length, b"\xff")
    used = (len(records) - 1) << 8 | len(records)
    _added(memory.add(Kind.CYCLIC, file_id, df.address, _written(FREE, count << 8 | length, used) + content))


def _records(memory: Memory, df: Node, file_id: int, fields: dict[int, bytes]) -> None:
    content = b"".join(_tlv(fields.items()))
    header = _written(FREE, len(content), len(content))
    _added(memory.add(Kind.VARIABLE, file_id, df.address, header + content))


def _tlv(fields: Iterable[tuple[int, bytes]]) -> Iterable[bytes]:
    return (bytes((tag, len(value))) + value for tag, value in fields)
