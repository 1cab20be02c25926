"""Command and answer APDUs.  Source: ISO/IEC 7816-4:2013, 5.1 (cases 1 to 4, short and extended length fields)."""

from dataclasses import dataclass, field

from cardsvc.errors import CardError

HEADER_LENGTH = 4
SHORT_MAX_LC = 255
SHORT_MAX_LE = 256
EXTENDED_MAX_LC = 65535
EXTENDED_MAX_LE = 65536


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU.

    ``le`` is the number of bytes expected: None for cases 1 and 3, 256 (short) or 65536 (extended) for "all there is".
    ``extended`` chooses three-byte length fields; lengths that need them must ask for them.
    """

    cla: int
    ins: int
    p1: int = 0
    p2: int = 0
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    def __post_init__(self) -> None:
        for name in ("cla", "ins", "p1", "p2"):
            if not 0 <= getattr(self, name) <= 0xFF:
                raise CardError("apdu_malformed", reason=f"{name} is not one byte")
        max_lc = EXTENDED_MAX_LC if self.extended else SHORT_MAX_LC
        max_le = EXTENDED_MAX_LE if self.extended else SHORT_MAX_LE
        if len(self.data) > max_lc:
            raise CardError("apdu_malformed", reason=f"{len(self.data)} data bytes, at most {max_lc}")
        if self.le is not None and not 1 <= self.le <= max_le:
            raise CardError("apdu_malformed", reason=f"Le {self.le}, must be 1 to {max_le}")

    @property
    def case(self) -> int:
        """1 nothing either way, 2 answer data, 3 command data, 4 both (ISO/IEC 7816-3:2006, 12.1.2)."""
        return 1 + (self.le is not None) + 2 * bool(self.data)

    @property
    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def encode(self) -> bytes:
        """The command as it goes over a channel."""
        return self.header + (self._extended_body() if self.extended else self._short_body())

    def _short_body(self) -> bytes:
        lc = bytes((len(self.data),)) if self.data else b""
        le = b"" if self.le is None else bytes((self.le % SHORT_MAX_LE,))
        return lc + self.data + le

    def _extended_body(self) -> bytes:
        lc = b"\x00" + len(self.data).to_bytes(2, "big") if self.data else b""
        le = b"" if self.le is None else (self.le % EXTENDED_MAX_LE).to_bytes(2, "big")
        if self.le is not None and not self.data:
            le = b"\x00" + le
        return lc + self.data + le

    @classmethod
    def parse(cls, raw: bytes) -> "Command":
        """The command in these bytes. Raises CardError ``apdu_malformed`` when the lengths do not add up."""
        if len(raw) < HEADER_LENGTH:
            raise CardError("apdu_malformed", reason="shorter than its header")
        cla, ins, p1, p2 = raw[:HEADER_LENGTH]
        body = raw[HEADER_LENGTH:]
        if len(body) >= 3 and body[0] == 0:
            data, le = _split(body[1:], 2, EXTENDED_MAX_LE)
            return cls(cla, ins, p1, p2, data, le, extended=True)
        data, le = _split(body, 1, SHORT_MAX_LE)
        return cls(cla, ins, p1, p2, data, le)

    def __str__(self) -> str:
        return self.encode().hex(" ").upper()


def _split(body: bytes, width: int, all_there_is: int) -> tuple[bytes, int | None]:
    """Data and Le of a body whose length fields are ``width`` bytes wide."""
    if not body:
        return b"", None
    first = int.from_bytes(body[:width], "big")
    rest = body[width:]
    if not rest and len(body) == width:
        return b"", first or all_there_is
    if first == 0 or len(rest) not in (first, first + width):
        raise CardError("apdu_malformed", reason=f"Lc says {first} data bytes, {len(rest)} bytes follow")
    data, tail = rest[:first], rest[first:]
    return data, (int.from_bytes(tail, "big") or all_there_is) if tail else None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer APDU: response data and the two status bytes SW1 SW2 as one number.

    ``milliseconds``: how long the card took, where the side with the card measured it; not part of what the answer is.
    """

    data: bytes
    sw: int
    milliseconds: float | None = field(default=None, compare=False)

    @property
    def ok(self) -> bool:
        """The plain success 9000."""
        return self.sw == 0x9000

    def encode(self) -> bytes:
        """Data, then SW1 SW2."""
        return self.data + self.sw.to_bytes(2, "big")

    @classmethod
    def parse(cls, raw: bytes) -> "Answer":
        """The answer in these bytes. Fewer than two bytes is no answer at all: the outcome is unknown (pyscard 18, 44)."""
        if len(raw) < 2:
            raise CardError("answer_malformed", reason=f"{len(raw)} bytes, no status word")
        return cls(raw[:-2], int.from_bytes(raw[-2:], "big"))
