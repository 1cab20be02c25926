"""The seam to hardware: bytes in, bytes out. Everything else is a link around it (see links.py)."""

from typing import Protocol


class Channel(Protocol):
    """One card in one reader, from power-up to removal.

    ``transmit`` raises CardGone when the card leaves, ReaderError when reader or PC/SC fail; after any exception the
    outcome of the command is unknown (requirement R1: even an error code of 0 is not "not executed").
    """

    @property
    def atr(self) -> bytes:
        """The answer to reset; for a contactless card the ATR that PC/SC part 3 builds from the ATS."""

    def transmit(self, command: bytes) -> bytes:
        """Send one command APDU, return response data and status word."""

    def close(self) -> None:
        """Let go of the card. Safe to call more than once."""
