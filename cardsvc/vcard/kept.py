"""Virtual cards in files, of either kind. A card in a slot is stored each time its power goes, as a real one keeps what was
written whatever becomes of the program; its file is whole at any moment.
"""

import threading
from pathlib import Path

from cardsvc.vcard.card import VirtualCard
from cardsvc.vcard.classic import MAGIC, ClassicCard

AnyCard = VirtualCard | ClassicCard


def load_card(path: Path) -> AnyCard:
    """The card in a file that its ``save`` made. Raises CardError ``card_file_wrong``."""
    return ClassicCard.load(path) if path.read_bytes().startswith(MAGIC) else VirtualCard.load(path)


def name_of(card: AnyCard) -> str:
    """The firmware profile of a virtual card."""
    return "mifare-classic" if isinstance(card, ClassicCard) else card.dialect.name


class KeptCard:
    """A card for a slot (vpcd.Insertable) with its file; without one it is kept nowhere."""

    def __init__(self, card: AnyCard, path: Path | None) -> None:
        self.card, self.path = card, path
        self._saving = threading.Lock()

    @property
    def atr(self) -> bytes:
        """The card's answer to reset."""
        return self.card.atr

    @property
    def comes_back(self) -> bool:
        """Whether it is there again after a loss of power, as a card whose contacts bounce."""
        return isinstance(self.card, VirtualCard) and self.card.bounces

    def power_on(self) -> None:
        """Give it power."""
        self.card.power_on()

    def power_off(self) -> None:
        """Take its power away and store it as it is."""
        self.card.power_off()
        self.save()

    def transmit(self, command: bytes) -> bytes:
        """One command."""
        return self.card.transmit(command)

    def save(self) -> bool:
        """Store it; whether it has a file."""
        if self.path is None:
            return False
        with self._saving:  # the slot's thread, and the person who types "s"
            self.card.save(self.path)
        return True
