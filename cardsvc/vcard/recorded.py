"""A card that plays a recording: it answers as a real one did, and notes where it is asked otherwise.

A recording is a list of exchanges: ``command`` in hex, or, where ``secret``, header and lengths in words (``00 20 00 00
[3 bytes]``); ``answer`` in hex, or null where the card left. A citizen's fault becomes a test: the recording is the card.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cardsvc.errors import CardError, CardGone
from cardsvc.iso7816.links import mask_command

NOTHING_MORE = b"\x6f\x00"


@dataclass(frozen=True, slots=True)
class Difference:
    """Exchange ``number`` (from 1): what was recorded, what came now; None where nothing more was recorded, or came."""

    number: int
    recorded: str | None
    came: str | None


class RecordedCard:
    """A channel (cardsvc.iso7816.channel.Channel) over a recording."""

    def __init__(self, atr: bytes, exchanges: Sequence[Mapping[str, Any]]) -> None:
        self.atr = atr
        self._exchanges = exchanges
        self._played = 0
        self._differences: list[Difference] = []

    @classmethod
    def load(cls, path: Path) -> "RecordedCard":
        """From a file that ``cardsvc card replay --save`` made. Raises CardError ``card_file_wrong``."""
        try:
            value = json.loads(path.read_text("utf-8"))
            exchanges = [{key: e[key] for key in ("command", "secret", "answer")} for e in value["exchanges"]]
            for exchange in exchanges:
                bytes.fromhex(exchange["answer"] or "")
            return cls(bytes.fromhex(value["atr"]), exchanges)
        except (OSError, ValueError, KeyError, TypeError):
            raise CardError("card_file_wrong", file=path.name) from None

    def transmit(self, command: bytes) -> bytes:
        """The next recorded answer, whatever was asked; CardGone where the card left then."""
        self._played += 1
        if self._played > len(self._exchanges):
            self._differences.append(Difference(self._played, None, mask_command(command)))
            return NOTHING_MORE
        exchange = self._exchanges[self._played - 1]
        came = mask_command(command) if exchange["secret"] else command.hex().upper()
        if came != exchange["command"]:
            self._differences.append(Difference(self._played, exchange["command"], came))
        if exchange["answer"] is None:
            raise CardGone("card_gone")
        return bytes.fromhex(exchange["answer"])

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Where the recording and what came now differ, including what was never asked."""
        rest = enumerate(self._exchanges[self._played :], start=self._played + 1)
        return (*self._differences, *(Difference(number, exchange["command"], None) for number, exchange in rest))

    def close(self) -> None:
        """Nothing is held."""
