"""BER-TLV as cards use it: tags of 1 to 3 bytes, lengths of 1 to 5 bytes and never indefinite; bytes 00 or FF before, between
and after the objects mean nothing.  Source: ISO/IEC 7816-4:2013, 5.2.2."""

from cardsvc.errors import CardError

PADDING = (0x00, 0xFF)
MORE_TAG_BYTES = 0x1F
LONGEST_TAG, LONGEST_LENGTH = 3, 4


def parse_tlv(raw: bytes) -> dict[int, bytes]:
    """The objects of one level by tag; a tag seen twice keeps its first value. Raises CardError ``answer_malformed``."""
    objects: dict[int, bytes] = {}
    position = 0
    try:
        while position < len(raw):
            if raw[position] in PADDING:
                position += 1
                continue
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
    """After a first byte that says so, bytes follow until one without its top bit."""
    end = position + 1
    if raw[position] & MORE_TAG_BYTES == MORE_TAG_BYTES:
        while raw[end] & 0x80:
            end += 1
        end += 1
    if end - position > LONGEST_TAG:
        raise IndexError
    return int.from_bytes(raw[position:end], "big"), end


def _length(raw: bytes, position: int) -> tuple[int, int]:
    first = raw[position]
    if first < 0x80:
        return first, position + 1
    width = first & 0x7F
    field = raw[position + 1 : position + 1 + width]
    if not 1 <= width <= LONGEST_LENGTH or len(field) != width:
        raise IndexError
    return int.from_bytes(field, "big"), position + 1 + width
