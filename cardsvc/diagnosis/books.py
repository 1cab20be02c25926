"""What the books know of a card, handed in as plain values: the service fills it, nothing here asks a database."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from cardsvc.card.contents import CardData


@dataclass(frozen=True, slots=True)
class BookedLoad:
    """A load that the card has, as its log and proof should show it."""

    online_counter: int
    amount: int
    tac_data: bytes
    confirmed: bool


@dataclass(frozen=True, slots=True)
class BookedApplication:
    """An application as it was last written: ``state`` open, closed, blocked."""

    state: str
    product: str


@dataclass(frozen=True, slots=True)
class Books:
    """One card in the books. Amounts in fen; counters as they should be before their next increment.

    ``purchases``: the offline counter after each purchase that is booked. ``online_seen``, ``offline_seen``: the highest that
    was ever seen. ``open_amounts``: signed, what open loads and purchases would do to the balance if the card has them.
    ``refunded``: loads that were paid back because the card was found not to have them. ``hot``: on the hot list and never
    given back; ``lost``: under its holder's report. ``held``: the guarantee of a bicycle that is out, which may be off the
    card. ``master_key_locked``: a repair or a roll of keys met such a key. ``data``: what personalisation wrote.
    ``lost_times``: first and last moment of times that restored books lack, as cards have them (YYYYMMDDhhmmss).
    ``counted``: the online counter by the loads that are booked; ``may_be_behind``: whether some of a lost time may be missing.
    ``key_versions``: of the keys that the card has, by name. ``made``: its personalisation came to its end once; ``refused``:
    how many personalisations ended because the card refused.
    """

    card_no: str
    state: str
    chip_serial: str
    issued_atr: str | None
    expiry: dt.date
    data: CardData
    balance: int
    hot: bool = False
    lost: bool = False
    refunded: tuple[BookedLoad, ...] = ()
    loads: tuple[BookedLoad, ...] = ()
    purchases: frozenset[int] = frozenset()
    online_seen: int = 0
    offline_seen: int = 0
    open_amounts: tuple[int, ...] = ()
    held: int = 0
    undecided: int = 0
    open_loads: int = 0
    open_purchases: int = 0
    master_key_locked: bool = False
    made: bool = True
    refused: int = 0
    lost_times: tuple[tuple[str, str], ...] = ()
    counted: int = 0
    may_be_behind: bool = False
    applications: Mapping[str, BookedApplication] = field(default_factory=dict)
    key_versions: Mapping[str, int] = field(default_factory=dict)
