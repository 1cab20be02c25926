"""Answer to reset.  Source: ISO/IEC 7816-3:2006, 8.2; contactless ATRs: PC/SC part 3, 3.1.3.2.3."""

from dataclasses import dataclass

from cardsvc.errors import CardError

TS_DIRECT = 0x3B
TS_INVERSE = 0x3F
MAX_LENGTH = 33
CONTACT, CONTACTLESS = "contact", "contactless"


def side_of(raw: bytes) -> str:
    """The side of the card that gave this ATR: a reader makes the ATR of a contactless card itself, 3B 8n 80 01 and n bytes of
    what the card says of itself (PC/SC part 3, 3.1.3.2.3)."""
    made = raw[:1] == b"\x3b" and raw[1:2] != b"" and raw[1] >> 4 == 8 and raw[2:4] == b"\x80\x01"
    return CONTACTLESS if made else CONTACT


@dataclass(frozen=True, slots=True)
class Atr:
    """A parsed answer to reset.

    offset  bytes  field        meaning
    0       1      TS           3B direct, 3F inverse convention
    1       1      T0           high nibble: which of TA1 TB1 TC1 TD1 follow; low nibble: number of historical bytes
    2       0..    interface    groups TAi TBi TCi TDi, the low nibble of TDi names a protocol
    .       0..15  historical   T1 ... TK, what the card says of itself
    last    0, 1   TCK          XOR of T0 to TCK is 0; absent when T=0 is the only protocol
    """

    raw: bytes
    interface: bytes
    protocols: tuple[int, ...]
    historical: bytes
    tck: int | None

    @classmethod
    def parse(cls, raw: bytes) -> "Atr":
        """Take an ATR apart. Raises CardError ``atr_malformed`` with the reason."""
        if not 2 <= len(raw) <= MAX_LENGTH:
            raise _malformed(raw, f"{len(raw)} bytes, must be 2 to {MAX_LENGTH}")
        if raw[0] not in (TS_DIRECT, TS_INVERSE):
            raise _malformed(raw, f"TS is {raw[0]:02X}, must be 3B or 3F")
        end, protocols = _interface_end(raw)
        historical_end = end + (raw[1] & 0x0F)
        tck_expected = any(protocol != 0 for protocol in protocols)
        if len(raw) != historical_end + tck_expected:
            raise _malformed(raw, f"{len(raw)} bytes where T0 announces {historical_end + tck_expected}")
        if tck_expected and _xor(raw[1:]) != 0:
            raise _malformed(raw, f"check byte TCK is {raw[-1]:02X}, must be {_xor(raw[1:-1]):02X}")
        return cls(
            raw=raw,
            interface=raw[2:end],
            protocols=protocols or (0,),
            historical=raw[end:historical_end],
            tck=raw[-1] if tck_expected else None,
        )


def _interface_end(raw: bytes) -> tuple[int, tuple[int, ...]]:
    """Where the interface bytes end, and the protocols that the TD bytes name."""
    protocols: list[int] = []
    indicator, position = raw[1], 2
    while True:
        group = (indicator >> 4).bit_count()
        if position + group > len(raw):
            raise _malformed(raw, "ends inside its interface bytes")
        position += group
        if not indicator & 0x80:
            return position, tuple(dict.fromkeys(protocols))
        indicator = raw[position - 1]
        protocols.append(indicator & 0x0F)


def _xor(values: bytes) -> int:
    total = 0
    for value in values:
        total ^= value
    return total


def _malformed(raw: bytes, reason: str) -> CardError:
    return CardError("atr_malformed", atr=raw.hex().upper(), reason=reason)
