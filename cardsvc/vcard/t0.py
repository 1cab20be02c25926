"""T=0 as a card speaks it: no command carries data both ways. Source: ISO/IEC 7816-3:2006 12.2.

An answer to a command with data is held and announced (61xx), to be fetched by GET RESPONSE; a read that asks for another
length than there is gets 6Cxx.
"""

from collections.abc import Callable

GET_RESPONSE = 0xC0
HEADER = 5


class T0:
    """One card's transmission state: the answer that waits to be fetched."""

    def __init__(self) -> None:
        self._held = b""

    def transmit(self, command: bytes, carry_out: Callable[[bytes], bytes]) -> bytes:
        """One command over T=0; ``carry_out`` is the card behind it."""
        held, self._held = self._held, b""
        if len(command) >= HEADER and command[1] == GET_RESPONSE:
            return self._fetch(held, command[4] or 256)
        with_data = len(command) > HEADER
        answer = carry_out(command[: HEADER + command[4]] if with_data else command)
        data = answer[:-2]
        if with_data and data:
            self._held = answer
            return bytes((0x61, len(data) & 0xFF))
        if len(command) == HEADER and data and len(data) != (command[4] or 256):
            return bytes((0x6C, len(data) & 0xFF))
        return answer

    def _fetch(self, held: bytes, wanted: int) -> bytes:
        available = len(held) - 2
        if available <= 0:
            return b"\x69\x85"
        if wanted > available:
            self._held = held
            return bytes((0x6C, available & 0xFF))
        if wanted < available:
            self._held = held[wanted:]
            return held[:wanted] + bytes((0x61, available - wanted & 0xFF))
        return held
