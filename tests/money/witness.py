"""What really happened, seen at the cards themselves: which money moved on which purse, command by command.

Two commands move money on a card, CREDIT FOR LOAD (80 52) and DEBIT (80 54). The witness stands between reader and card and
compares the card's own memory before and after each of them, whatever becomes of the answer. It uses none of the host's code.
"""

from collections.abc import Callable

from cardsvc.vcard import VirtualCard
from tests.world import AIDS

Purse = tuple[str, str]
"""Application, and ``ep`` or ``ed``."""
PURSES: tuple[Purse, ...] = (("purse", "ep"), ("bus", "ed"), ("bus", "ep"), ("parking", "ep"))
MOVES_MONEY = (0x52, 0x54)

Moved = Callable[[Purse, int], None]
"""Told which purse moved, and by how many fen."""


def balances_in(card: VirtualCard) -> dict[Purse, int]:
    """Every balance in a card's memory that it tells: a blocked application says nothing. A copy is asked, powered on anew, so
    that a write that was torn is already whole or undone."""
    copy = VirtualCard(card.dialect, card.chip_serial, bytearray(card._eeprom.image), seed=1)
    copy.power_on()
    found = {}
    for application, purse in PURSES:
        aid = bytes.fromhex(AIDS[application])
        selected = copy.transmit(b"\x00\xa4\x04\x00" + bytes((len(aid),)) + aid + b"\x00")
        answer = copy.transmit(bytes((0x80, 0x5C, 0x00, 1 if purse == "ed" else 2, 4)))
        if (selected[-2:] == b"\x90\x00" or selected[-2] == 0x61) and answer[-2:] == b"\x90\x00":
            found[application, purse] = int.from_bytes(answer[:4], "big")
    copy.power_off()
    return found


class Witness:
    """The balances of one card as they were last seen."""

    def __init__(self, card: VirtualCard) -> None:
        self.card = card
        self.seen = dict.fromkeys(PURSES, 0) | balances_in(card)

    def look(self, moved: Moved) -> None:
        """Tell what moved since the last look: one purse at most."""
        now = balances_in(self.card)
        changed = {purse: balance - self.seen[purse] for purse, balance in now.items() if balance != self.seen[purse]}
        assert len(changed) <= 1, changed
        self.seen.update(now)
        for purse, amount in changed.items():
            moved(purse, amount)

    def nothing_moved(self) -> None:
        """Since the last look."""
        now = balances_in(self.card)
        assert now == {purse: self.seen[purse] for purse in now}


class WatchedCard:
    """A card's channel with the witness beside it."""

    def __init__(self, witness: Witness, moved: Moved) -> None:
        self._channel = witness.card.channel()
        self._witness = witness
        self._moved = moved

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self._channel.atr

    def transmit(self, command: bytes) -> bytes:
        """Send; then, if the command moves money, look what it did."""
        try:
            return self._channel.transmit(command)
        finally:
            if command[1] in MOVES_MONEY:
                self._witness.look(self._moved)

    def close(self) -> None:
        """Take the card off; nothing may have moved on the side."""
        self._channel.close()
        self._witness.nothing_moved()
