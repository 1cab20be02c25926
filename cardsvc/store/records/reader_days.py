"""What a reader did on one day."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ReaderDay:
    """Sums of one reader and one local day. ``place``: the terminal or machine that it hangs on; ``reader``: its PC/SC name,
    empty where nobody told it. ``uses``: operations, and cards that stayed mute; of these ``failed``, among them
    ``timeouts``; ``pulled``: broken off because the card left. ``resets``: connections that needed another try.
    ``milliseconds``: of all ``commands`` together; ``slowest``: of one. ``recent``: its last cards, newest first.
    """

    place: str
    reader: str
    day: dt.date
    uses: int
    failed: int
    timeouts: int
    pulled: int
    resets: int
    commands: int
    milliseconds: int
    slowest: int
    recent: list[dict[str, Any]]
    seen_at: dt.datetime
