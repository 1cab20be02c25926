"""Applications for a card."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CardRequest:
    """An application. ``came``: holder, parent or agent, with their name and ID number unless it is the holder; ``consent``:
    the version of the text that was agreed to; ``photo``: the JPEG file; ``collected``: who took the card, as ``came``.
    """

    case_no: str
    citizen_id: str
    outlet_id: str
    state: str
    came: str
    comer_name: str | None
    comer_id_number: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    consent: str
    photo: bytes = field(repr=False)
    rules: str
    applied_by: str
    applied_at: dt.datetime
    promised_at: dt.datetime
    card_no: str | None = None
    made_at: dt.datetime | None = None
    collected: str | None = None
    handed_by: str | None = None
    handed_at: dt.datetime | None = None
    cancelled_by: str | None = None
    cancelled_at: dt.datetime | None = None
    why: str | None = None
