"""SELECT, READ, UPDATE and APPEND on a virtual card. Source: ISO/IEC 7816-4; Fudan FMCOS 2.0 general manual p49-66."""

from cardsvc.vcard import bodies
from cardsvc.vcard.crypto import line_cipher, line_mac, line_plain
from cardsvc.vcard.dialect import CardDialect
from cardsvc.vcard.memory import Kind, Node
from cardsvc.vcard.security import line_key, take_mac
from cardsvc.vcard.session import Apdu, Running, refuse

RECORD_KINDS = (Kind.FIXED, Kind.VARIABLE, Kind.CYCLIC)


def select(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """SELECT by file identifier or by name; of a DF it resets that DF's security state."""
    node = _find(card, apdu) or refuse(0x6A82)
    if node.kind not in (Kind.MF, Kind.DF):
        card.current_ef = node
        return b""
    card.current_df, card.current_ef, card.df_state = node, None, 0
    card.pin_verified = False
    if node.kind == Kind.MF:
        card.mf_state = 0
    directory = bodies.Directory(card.memory, node)
    if directory.blocked == bodies.FOR_GOOD:
        refuse(0x9303 if dialect.blocked_select_sw == 0x9303 else 0x6A81)
    return fci(card, node, directory)


def _find(card: Running, apdu: Apdu) -> Node | None:
    if apdu.p1 == 0x04:
        return _by_name(card, apdu.data)
    if apdu.data in (b"", b"\x3f\x00"):
        return card.mf
    file_id = int.from_bytes(apdu.data, "big")
    if card.current_df and (ef := card.find_ef(file_id)):
        return ef
    return next((n for n in card.memory.nodes if n.kind == Kind.DF and n.file_id == file_id), None)


def _by_name(card: Running, name: bytes) -> Node | None:
    directories = (n for n in card.memory.nodes if n.kind in (Kind.MF, Kind.DF))
    return next((n for n in directories if name and bodies.Directory(card.memory, n).name == name), None)


def fci(card: Running, node: Node, directory: bodies.Directory) -> bytes:
    """File control information: 6F (84 name, A5 (88 SFI of DIR | 9F0C content of EF15))."""
    dir_sfi = bytes((0x88, 0x01, directory.fci_sfi))
    inner = dir_sfi if node.kind == Kind.MF else _issuer_data(card, directory.fci_sfi & 0x1F)
    name = bytes((0x84, len(directory.name))) + directory.name
    body = name + (bytes((0xA5, len(inner))) + inner if inner else b"")
    return bytes((0x6F, len(body))) + body


def _issuer_data(card: Running, sfi: int) -> bytes:
    node = card.find_sfi(sfi) if sfi else None
    if node is None or node.kind != Kind.BINARY:
        return b""
    file = bodies.File(card.memory, node)
    content = card.memory.get(node, bodies.CONTENT, file.size)
    return b"\x9f\x0c" + bytes((len(content),)) + content


def _file(card: Running, node: Node | None, kinds: tuple[Kind, ...]) -> bodies.File:
    node = node or refuse(0x6A82)
    if node.kind not in kinds:
        refuse(0x6981)
    return bodies.File(card.memory, node)


def _may(card: Running, dialect: CardDialect, permission: int) -> None:
    directory = bodies.Directory(card.memory, card.df)
    if not dialect.open_for_creation(card, directory) and not dialect.allowed(card, permission):
        refuse(0x6982)


def _binary_target(card: Running, apdu: Apdu) -> tuple[bodies.File, int]:
    if apdu.p1 & 0x80:
        return _file(card, card.find_sfi(apdu.p1 & 0x1F), (Kind.BINARY,)), apdu.p2
    return _file(card, card.current_ef, (Kind.BINARY,)), apdu.p1 << 8 | apdu.p2


def read_binary(card: Running, dialect: CardDialect, apdu: Apdu) -> tuple[bytes, int]:
    """READ BINARY, plain or protected (CLA 04); 6281 on what was never written where the family says so."""
    file, offset = _binary_target(card, apdu)
    _may(card, dialect, file.read)
    if offset >= file.size:
        refuse(0x6B00)
    length = apdu.le or 0
    if apdu.cla == 0x04:
        key = line_key(card)
        wanted = take_mac(card, apdu, key)
        length = (line_plain(key.value, wanted) or b"\0")[0] if wanted else length
    if length not in (0, 256) and length > dialect.max_data:
        refuse(0x6700)
    available = file.size - offset
    if length not in (0, 256) and length > available:
        refuse(0x6C00 | available)
    data = card.memory.get(file.node, bodies.CONTENT + offset, available if length in (0, 256) else length)
    status = 0x9000 if file.written else dialect.unwritten_sw
    if apdu.cla != 0x04:
        return data, status
    key = line_key(card)
    body = line_cipher(key.value, data) if file.flags & bodies.ENCRYPT_ON_WRITE else data
    return body + line_mac(key.value, card.challenge or b"", body), status


def _incoming(card: Running, dialect: CardDialect, file: bodies.File, apdu: Apdu) -> bytes:
    """Command data after the file's secure-messaging rule."""
    if len(apdu.data) > dialect.max_data:
        refuse(0x6700)
    _may(card, dialect, file.write)
    free = dialect.open_for_creation(card, bodies.Directory(card.memory, card.df))
    if apdu.cla != 0x04:
        if file.flags & bodies.MAC_ON_WRITE and not free:
            refuse(0x6987)
        return apdu.data
    key = line_key(card)
    data = take_mac(card, apdu, key)
    if file.flags & bodies.ENCRYPT_ON_WRITE:
        return line_plain(key.value, data) or refuse(0x6988)
    return data


def update_binary(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """UPDATE BINARY."""
    file, offset = _binary_target(card, apdu)
    data = _incoming(card, dialect, file, apdu)
    if offset + len(data) > file.size:
        refuse(0x6B00 if offset >= file.size else 0x6A84)
    card.memory.put(file.node, bodies.CONTENT + offset, data)
    card.memory.put(file.node, bodies.WRITTEN, b"\x01")
    return b""


def _record_file(card: Running, apdu: Apdu) -> bodies.File:
    node = card.find_sfi(apdu.p2 >> 3) if apdu.p2 >> 3 else card.current_ef
    return _file(card, node, RECORD_KINDS)


def records(card: Running, file: bodies.File) -> list[bytes]:
    """All records, in the order in which READ RECORD numbers them (cyclic: newest first)."""
    if file.node.kind == Kind.VARIABLE:
        return _variable_records(card.memory.get(file.node, bodies.CONTENT, file.used))
    length = file.record_length
    if file.node.kind == Kind.FIXED:
        return [card.memory.get(file.node, bodies.CONTENT + n * length, length) for n in range(file.used)]
    newest, used = file.used >> 8, file.used & 0xFF
    places = ((newest - back) % file.count for back in range(used))
    return [card.memory.get(file.node, bodies.CONTENT + place * length, length) for place in places]


def _variable_records(content: bytes) -> list[bytes]:
    found, position = [], 0
    while position + 2 <= len(content):
        end = position + 2 + content[position + 1]
        found.append(content[position:end])
        position = end
    return found


def read_record(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """READ RECORD by number (low bits of P2 100) or by tag (000)."""
    file = _record_file(card, apdu)
    _may(card, dialect, file.read)
    stored = records(card, file)
    if apdu.p2 & 0x07 == 0x04:
        index = apdu.p1 - 1
    else:
        index = next((i for i, record in enumerate(stored) if record[:1] == bytes((apdu.p1,))), -1)
    if not 0 <= index < len(stored):
        refuse(0x6A83)
    record = stored[index]
    if apdu.le not in (None, 256, len(record)):
        refuse(0x6C00 | len(record))
    return record


def update_record(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """UPDATE RECORD of an existing record; in a cyclic file it appends."""
    file = _record_file(card, apdu)
    data = _incoming(card, dialect, file, apdu)
    if file.node.kind == Kind.CYCLIC:
        return append_cyclic(card, file, data)
    stored = records(card, file)
    if not 1 <= apdu.p1 <= len(stored):
        refuse(0x6A83)
    if len(data) != len(stored[apdu.p1 - 1]):
        refuse(0x6700)
    before = sum(len(record) for record in stored[: apdu.p1 - 1])
    card.memory.put(file.node, bodies.CONTENT + before, data)
    return b""


def append_record(card: Running, dialect: CardDialect, apdu: Apdu) -> bytes:
    """APPEND RECORD."""
    file = _record_file(card, apdu)
    data = _incoming(card, dialect, file, apdu)
    if file.node.kind == Kind.CYCLIC:
        return append_cyclic(card, file, data)
    if file.node.kind == Kind.FIXED:
        if len(data) != file.record_length:
            refuse(0x6700)
        if file.used >= file.count:
            refuse(0x6A84)
        place, used = file.used * file.record_length, file.used + 1
    else:
        if len(data) < 2 or data[1] != len(data) - 2:
            refuse(0x6A80)
        place, used = file.used, file.used + len(data)
        if used > file.size:
            refuse(0x6A84)
    card.memory.put(file.node, bodies.CONTENT + place, data)
    card.memory.put(file.node, bodies.USED, used.to_bytes(2, "big"))
    return b""


def append_cyclic(card: Running, file: bodies.File, data: bytes) -> bytes:
    """A new record 1; the oldest is overwritten when the file is full."""
    if len(data) != file.record_length:
        refuse(0x6700)
    newest, used = file.used >> 8, file.used & 0xFF
    place = (newest + 1) % file.count if used else 0
    card.memory.put(file.node, bodies.CONTENT + place * file.record_length, data)
    card.memory.put(file.node, bodies.USED, bytes((place, min(used + 1, file.count))))
    return b""
