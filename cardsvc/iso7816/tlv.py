"""BER-TLV as cards use it for file control information.  Source: ISO/IEC 7816-4:2013, 5.2.2 (tags of 1 or 2 bytes)."""

from cardsvc.errors import CardError


def parse_tlv(raw: bytes) -> dict[int, bytes]:
    """The objects of one level by tag; a tag seen twice keeps its first value. Raises CardError ``answer_malformed``."""
    objects: dict[int, bytes] = {}
    position = 0
    try:
        while position < len(raw):
            tag, position = _tag(raw, position)
            length, position = _length(raw, position)
            value = raw[position : position + length]
            if len(value) != length:
                raise IndexError
            objects.setdefault(tag, value)
            position += length
    except IndexError:
        raise CardError("answer_malformed", reason="TLV data end too early") from None
    return objects


def _tag(raw: bytes, position: int) -> tuple[int, int]:
    if raw[position] & 0x1F != 0x1F:
        return raw[position], position + 1
    return raw[position] << 8 | raw[position + 1], position + 2


def _length(raw: bytes, position: int) -> tuple[int, int]:
    first = raw[position]
    if first < 0x80:
        return first, position + 1
    width = first & 0x7F
    field = raw[position + 1 : position + 1 + width]
    if not 1 <= width <= 2 or len(field) != width:
        raise IndexError
    return int.from_bytes(field, "big"), position + 1 + width
