"""Where a run gets its cards from: a PC/SC reader that somebody feeds, or the files of virtual cards, for training."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cardsvc.errors import ReaderError
from cardsvc.iso7816.channel import Channel
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.readers.directory import POLL_SECONDS, SETTLE_SECONDS, list_readers, open_card
from cardsvc.readers.pcsc import ReaderState
from cardsvc.service.bulk.making import ACTOR
from cardsvc.service.bulk.run import Carried
from cardsvc.service.faults.reader_health import watched
from cardsvc.service.operations.engine import Engine
from cardsvc.vcard import VirtualCard

AWAY_SECONDS = 1.0


class LocalCard:
    """A card in a reader of this machine: operations are carried to it by this very process."""

    def __init__(self, engine: Engine, channel: Channel) -> None:
        self._port, self._channel, self.atr = watched(engine, ACTOR), channel, channel.atr

    def carry(self, kind: str, params: Mapping[str, Any], key: str) -> Carried:
        """See CardInHand.carry."""
        try:
            return Carried(carry_out(self._port, self._channel, kind, params, idempotency_key=key))
        except CarriedOut as ended:
            return Carried(None, ended.reply.problem)

    def close(self) -> None:
        """Take the card off power."""
        self._channel.close()


class PcscReader:
    """A reader by its exact name. A card is served once: it has to be taken out before the next one is seen."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = engine
        self.name = name
        self._served: int | None = None
        self._away = False

    def next_card(self, stop: threading.Event) -> LocalCard | None:
        """The next card, once it is in and had a moment to settle; None when ``stop`` is set. Raises CardsvcError for a card
        that does not answer, and ReaderError ``reader_gone`` once when the reader goes away; it is waited for then.
        """
        while not stop.is_set():
            state = self._look()
            if state is None:
                stop.wait(AWAY_SECONDS)
            elif state.state == "empty":
                self._served = None
                stop.wait(POLL_SECONDS)
            elif self._is_new(state):
                stop.wait(SETTLE_SECONDS)
                self._served = state.events
                return LocalCard(self._engine, open_card(state))
            else:
                stop.wait(POLL_SECONDS)
        return None

    def _is_new(self, state: ReaderState) -> bool:
        """A card that was swapped between two looks shows in the counter of insertions and removals (16 bits)."""
        return self._served is None or (state.events - self._served) % 0x10000 >= 2

    def _look(self) -> ReaderState | None:
        """The reader now, None while it or the PC/SC service is away."""
        try:
            found = next((reader for reader in list_readers() if reader.name == self.name), None)
        except ReaderError:
            found = None
        if found is None and not self._away:
            self._away = True
            raise ReaderError("reader_gone")
        self._away = found is None
        return found


class CardFiles:
    """A reader into which the virtual cards of these files are put, one after the other; each is stored again afterwards."""

    name = "vcard"

    def __init__(self, engine: Engine, files: Sequence[Path]) -> None:
        self._engine = engine
        self._files = iter(files)

    def next_card(self, stop: threading.Event) -> LocalCard | None:
        """The next card; None when there is none, or ``stop`` is set. Raises CardError ``card_file_wrong``."""
        file = None if stop.is_set() else next(self._files, None)
        return LocalCard(self._engine, _Kept(file)) if file else None


class _Kept:
    """The channel to the card of a file, which is stored when the channel is closed."""

    def __init__(self, file: Path) -> None:
        self._file, self._card = file, VirtualCard.load(file)
        self._channel = self._card.channel()
        self.atr = self._channel.atr

    def transmit(self, command: bytes) -> bytes:
        """Send a command to the card."""
        return self._channel.transmit(command)

    def close(self) -> None:
        """Take the card off power and store it."""
        self._channel.close()
        self._card.save(self._file)
