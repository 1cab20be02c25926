"""PC/SC through pyscard's low-level functions. The only file that knows pyscard.

One context a connection, released in ``finally``; EXCLUSIVE when the reader is free, else SHARED with a transaction; the
protocol chosen explicitly; the card left as it is between commands and powered off at the end. Any failure after a command
went out leaves its outcome unknown: even the error code 0 was seen with an empty answer (pyscard 2.3.1, card pulled).
"""

import time
from dataclasses import dataclass, replace
from typing import NoReturn

from smartcard import scard

from cardsvc.errors import CardError, CardGone, CardsvcError, Outcome, ReaderError
from cardsvc.iso7816.apdu import Command

SHARING, NO_CARD, PROTO_MISMATCH = 0x8010000B, 0x8010000C, 0x8010000F
READER_UNAVAILABLE, NO_SERVICE, SERVICE_STOPPED, NO_READERS = 0x80100017, 0x8010001D, 0x8010001E, 0x8010002E
UNKNOWN_READER, TIMEOUT, CANCELLED = 0x80100009, 0x8010000A, 0x80100002
UNRESPONSIVE, UNPOWERED, RESET, REMOVED, SECURITY = 0x80100066, 0x80100067, 0x80100068, 0x80100069, 0x8010006A

CONNECT_SECONDS = 2.0
_MAY_PASS = frozenset({SHARING, NO_CARD, UNRESPONSIVE, UNPOWERED, RESET, REMOVED})
"""Answers to SCardConnect that are tried again for a moment: another program only looks, or ended and pcscd still clears up
after it; a new card is seen before it is powered; contacts bounce while a hand still moves."""

_CODES: dict[int, tuple[type[CardsvcError], str]] = {
    SHARING: (ReaderError, "reader_in_use"),
    NO_CARD: (CardGone, "card_gone"),
    REMOVED: (CardGone, "card_gone"),
    RESET: (CardGone, "card_gone"),
    UNPOWERED: (CardError, "card_unresponsive"),
    UNRESPONSIVE: (CardError, "card_unresponsive"),
    PROTO_MISMATCH: (CardError, "card_unresponsive"),
    READER_UNAVAILABLE: (ReaderError, "reader_gone"),
    UNKNOWN_READER: (ReaderError, "reader_gone"),
    NO_READERS: (ReaderError, "reader_gone"),
    NO_SERVICE: (ReaderError, "pcsc_not_running"),
    SERVICE_STOPPED: (ReaderError, "pcsc_not_running"),
    SECURITY: (ReaderError, "pcsc_refused"),
}


def fail(result: int, *, outcome: Outcome | None = None) -> NoReturn:
    """Raise what a PC/SC result means. Results are masked: some platforms give them signed."""
    family, code = _CODES.get(result & 0xFFFFFFFF, (ReaderError, "reader_failed"))
    raise family(code, outcome=outcome, result=f"{result & 0xFFFFFFFF:08X}")


def _check(result: int) -> None:
    if result != 0:
        fail(result, outcome=Outcome.NOT_DONE)


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader as PC/SC sees it. ``state``: empty, present, in_use, mute; ``events`` counts insertions and removals."""

    name: str
    state: str
    atr: bytes
    events: int


class Context:
    """A PC/SC context. Use as a context manager; never shared between threads."""

    def __enter__(self) -> "Context":
        result, self.handle = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        _check(result)
        return self

    def __exit__(self, *_: object) -> None:
        scard.SCardReleaseContext(self.handle)

    def readers(self) -> list[str]:
        """Names of all readers; an empty list is no error."""
        result, names = scard.SCardListReaders(self.handle, [])
        if result & 0xFFFFFFFF == NO_READERS:
            return []
        _check(result)
        return list(names)

    def states(self, known: dict[str, int], wait_milliseconds: int) -> list[ReaderState] | None:
        """States of these readers, once one differs from the known raw state; None when nothing changed in time."""
        result, found = scard.SCardGetStatusChange(self.handle, wait_milliseconds, list(known.items()))
        if result & 0xFFFFFFFF == TIMEOUT:
            return None
        _check(result)
        known.update((name, raw) for name, raw, _ in found)
        return [_state(name, raw, bytes(atr)) for name, raw, atr in found]


def _state(name: str, raw: int, atr: bytes) -> ReaderState:
    if not raw & scard.SCARD_STATE_PRESENT:
        state = "empty"
    elif raw & scard.SCARD_STATE_MUTE:
        state = "mute"
    elif raw & (scard.SCARD_STATE_EXCLUSIVE | scard.SCARD_STATE_INUSE):
        state = "in_use"
    else:
        state = "present"
    return ReaderState(name, state, atr if state != "empty" else b"", raw >> 16 & 0xFFFF)


class PcscChannel:
    """A card in a PC/SC reader (iso7816.channel.Channel). Belongs to one thread; blocks as long as the card is silent."""

    def __init__(self, reader: str, *, fresh: bool = False) -> None:
        """``fresh``: take the card's power away and give it again, whatever state it was left in."""
        self._context = Context().__enter__()
        self._card: int | None = None
        self.reconnects = 0
        try:
            card = self._connect(reader)
            if fresh:
                self._power_again(card)
            self._atr = _atr_of(card)
        except BaseException:
            self.close()
            raise

    def _connect(self, reader: str) -> int:
        both = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        handle, until = self._context.handle, time.monotonic() + CONNECT_SECONDS
        while True:
            started = time.monotonic()
            result, card, protocol = scard.SCardConnect(handle, reader, scard.SCARD_SHARE_EXCLUSIVE, both)
            self._shared = result & 0xFFFFFFFF == SHARING
            if self._shared:
                result, card, protocol = scard.SCardConnect(handle, reader, scard.SCARD_SHARE_SHARED, both)
            if result & 0xFFFFFFFF not in _MAY_PASS or time.monotonic() > until:
                break
            self.reconnects += 1
            time.sleep(0.1)
        _check(result)
        self._card, self._protocol = card, protocol
        self.power_up_milliseconds = round((time.monotonic() - started) * 1000)
        if self._shared:
            _check(scard.SCardBeginTransaction(card))
        return card

    def _power_again(self, card: int) -> None:
        """A cold reset. The card forgets everything volatile; readers that hung up on it come back."""
        sharing = scard.SCARD_SHARE_SHARED if self._shared else scard.SCARD_SHARE_EXCLUSIVE
        both = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, self._protocol = scard.SCardReconnect(card, sharing, both, scard.SCARD_UNPOWER_CARD)
        _check(result)
        self.reconnects += 1

    @property
    def atr(self) -> bytes:
        """The ATR that the reader reported at connection."""
        return self._atr

    def transmit(self, command: bytes) -> bytes:
        """Send one command. A failure leaves its outcome unknown, and the channel closed for good."""
        if self._card is None:
            raise CardGone("card_gone", outcome=Outcome.NOT_DONE)
        t0 = self._protocol == scard.SCARD_PROTOCOL_T0
        pci = scard.SCARD_PCI_T0 if t0 else scard.SCARD_PCI_T1
        result, answer = scard.SCardTransmit(self._card, pci, list(without_le(command) if t0 else command))
        if result != 0 or len(answer) < 2:
            self.close()
            if result == 0:
                raise CardGone("card_gone", outcome=Outcome.UNKNOWN)
            fail(result, outcome=Outcome.UNKNOWN)
        return bytes(answer)

    def close(self) -> None:
        """Power the card off and let everything go."""
        card, self._card = self._card, None
        if card is not None:
            if self._shared:
                scard.SCardEndTransaction(card, scard.SCARD_LEAVE_CARD)
            scard.SCardDisconnect(card, scard.SCARD_UNPOWER_CARD)
        if self._context is not None:
            context, self._context = self._context, None  # type: ignore[assignment] # closed channels have none
            context.__exit__()


def _atr_of(card: int) -> bytes:
    result, _, _, _, atr = scard.SCardStatus(card)
    _check(result)
    return bytes(atr)


def without_le(command: bytes) -> bytes:
    """On T=0 a command with data both ways goes without Le (ISO/IEC 7816-3:2006, 12.2)."""
    parsed = Command.parse(command)
    return replace(parsed, le=None).encode() if parsed.case == 4 else command
