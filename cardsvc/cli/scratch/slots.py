"""Where the demo and the bench put their virtual cards: the real pcscd where there is one, else a reader in this process."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Protocol

from cardsvc.errors import CardsvcError
from cardsvc.iso7816.channel import Channel
from cardsvc.vcard import VirtualCard
from cardsvc.vcard.vpcd import VpcdSlot

CARD_SECONDS = 10.0


class Slot(Protocol):
    """A reader that virtual cards can be put into."""

    name: str

    def insert(self, card: VirtualCard) -> Channel:
        """Put a card in (again) and connect to it."""

    def connect(self) -> Channel:
        """Connect once more to the card that is in: a power-up."""

    def remove(self) -> None:
        """Take the card out."""


class InProcessSlot:
    """A reader in this process."""

    name = "in-process virtual reader"

    def insert(self, card: VirtualCard) -> Channel:
        """Put a card in and connect to it."""
        self._card = card
        return self.connect()

    def connect(self) -> Channel:
        """Connect once more."""
        return self._card.channel()

    def remove(self) -> None:
        """Nothing is held."""


class PcscSlot:
    """A slot of the real pcscd, behind the vpcd driver."""

    def __init__(self) -> None:
        from cardsvc.readers.directory import list_readers

        virtual = [reader.name for reader in list_readers() if "Virtual PCD" in reader.name]
        if not virtual:
            raise LookupError("pcscd has no virtual reader (vpcd)")
        self.name = virtual[0]
        self._vpcd = VpcdSlot()

    def insert(self, card: VirtualCard) -> Channel:
        """Put a card in and connect to it once pcscd has seen it."""
        from cardsvc.readers.directory import wait_for_card

        self._vpcd.insert(card)
        self._seen = wait_for_card(self.name, CARD_SECONDS)
        return self.connect()

    def connect(self) -> Channel:
        """Connect once more."""
        from cardsvc.readers.directory import open_card

        return open_card(self._seen)

    def remove(self) -> None:
        """Take the card out."""
        self._vpcd.remove()


@contextmanager
def slot(*, in_process: bool) -> Iterator[tuple[Slot, str | None]]:
    """A slot, and why it is not the real pcscd where it is not."""
    with ExitStack() as stack:
        found: Slot
        try:
            found, reason = (InProcessSlot(), "--in-process") if in_process else (_real(stack), None)
        except (ImportError, LookupError) as error:
            found, reason = InProcessSlot(), str(error)
        except CardsvcError as error:
            found, reason = InProcessSlot(), error.code
        stack.callback(found.remove)
        yield found, reason


def _real(stack: ExitStack) -> Slot:
    """A slot of the real pcscd, started for the time of the stack where none runs."""
    from cardsvc.readers import pcscd

    stack.enter_context(pcscd.running())
    return PcscSlot()
