"""The EEPROM of a virtual card: bytes, and a journal that makes each command's writes happen all or none.

area     bytes      holds
marker   1          00 nothing pending, A5 the journal is complete and must be applied
journal  2 + n      length of the journal, then entries: address 2, length 2, data
content  the rest   what the card OS stores

A command collects its writes; ``commit`` writes them to the journal, sets the marker (one byte: it is written or it is not),
applies them, and clears the marker. Recovery at power-on applies a journal whose marker is set, however far it came.
"""

import struct

from cardsvc.vcard.faults import FaultPlan, PowerLost, WornOut

PENDING = 0xA5
JOURNAL_SIZE = 2048
CONTENT = 1 + 2 + JOURNAL_SIZE


class Eeprom:
    """Bytes that survive. ``written`` counts every byte written since the fault plan was set."""

    def __init__(self, image: bytearray) -> None:
        self.image = image
        self.plan = FaultPlan()
        self.written = 0
        self._writes: dict[int, bytes] = {}

    @classmethod
    def blank(cls, size: int) -> "Eeprom":
        """Fresh memory: nothing pending, content all FF."""
        return cls(bytearray(CONTENT) + bytearray(b"\xff" * size))

    @property
    def size(self) -> int:
        """Bytes of content."""
        return len(self.image) - CONTENT

    @property
    def pending(self) -> bool:
        """Whether the running command has written anything."""
        return bool(self._writes)

    def read(self, address: int, length: int) -> bytes:
        """Content bytes as the running command sees them: its own uncommitted writes included."""
        data = bytearray(self.image[CONTENT + address : CONTENT + address + length])
        for start, new in self._writes.items():
            low, high = max(start, address), min(start + len(new), address + length)
            if low < high:
                data[low - address : high - address] = new[low - start : high - start]
        return bytes(data)

    def write(self, address: int, data: bytes) -> None:
        """Put a write on the list of the running command. Nothing is stored before ``commit``."""
        self._writes.pop(address, None)
        self._writes[address] = data

    def rollback(self) -> None:
        """Forget the writes of the running command."""
        self._writes.clear()

    def commit(self) -> None:
        """Make the writes of the running command durable, all or none."""
        if not self._writes:
            return
        journal = b"".join(struct.pack(">HH", start, len(data)) + data for start, data in self._writes.items())
        if len(journal) > JOURNAL_SIZE:
            raise ValueError("one command writes more than the journal holds")
        self._writes.clear()
        self._store(1, struct.pack(">H", len(journal)) + journal)
        self._store(0, bytes((PENDING,)))
        self._apply()

    def recover(self) -> None:
        """At power-on: finish what was decided before power failed."""
        self._writes.clear()
        if self.image[0] == PENDING:
            self._apply()

    def _apply(self) -> None:
        (length,) = struct.unpack_from(">H", self.image, 1)
        position, end = 3, 3 + length
        while position < end:
            start, size = struct.unpack_from(">HH", self.image, position)
            self._store(CONTENT + start, bytes(self.image[position + 4 : position + 4 + size]))
            position += 4 + size
        self._store(0, b"\x00")

    def _store(self, offset: int, data: bytes) -> None:
        """Write bytes one after the other; power may fail after any of them."""
        for place, value in enumerate(data, start=offset):
            worn = self.plan.worn_from_eeprom_byte
            if worn is not None and self.written + 1 >= worn and self.image[0] != PENDING:
                raise WornOut
            self.image[place] = value
            self.written += 1
            if self.written == self.plan.tear_at_eeprom_byte:
                raise PowerLost
