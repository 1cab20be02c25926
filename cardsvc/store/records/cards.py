"""People, cards and their applications."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Citizen:
    """A person who has or will have a card. ``chip_name``: what the chip carries where it cannot hold the name. ``repr`` shows
    nothing personal."""

    citizen_id: str
    id_type: str = field(repr=False)
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    sex: int = field(repr=False)
    ethnic_group: int = field(repr=False)
    birthplace: str = field(repr=False)
    birth_date: dt.date = field(repr=False)
    created_at: dt.datetime
    chip_name: str | None = field(repr=False, default=None)


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was begun here. ``state``: personalising, issued, blocked, replaced, void."""

    card_no: str
    chip_serial: str
    profile: str
    state: str
    citizen_id: str
    ss_card_no: str
    issue_date: dt.date
    expiry_date: dt.date
    key_versions: dict[str, int]
    created_at: dt.datetime
    issued_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class CardApplication:
    """An application as it was last written to a card. ``state``: open, closed, blocked."""

    card_no: str
    application: str
    state: str
    product: str
    valid_from: dt.date | None
    valid_to: dt.date | None
    operation_id: str
    changed_at: dt.datetime
