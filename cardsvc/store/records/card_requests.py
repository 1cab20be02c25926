"""Applications for a card."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CardRequest:
    """An application. ``came``: holder, parent or agent, with their name and ID number unless it is the holder; ``consent``:
    the version of the text that was agreed to; its photo is a
    ``CitizenPhoto`` under its number, and who took the card stands in the card's ``Handout``.

    ``promised_at``: None while it is held. ``pre``: a pre-application, which needs a right in force; its friend is
    told too, ``friend_consent`` is the version of the text that was agreed to.
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
    rules: str
    applied_by: str
    applied_at: dt.datetime
    promised_at: dt.datetime | None
    card_no: str | None = None
    made_at: dt.datetime | None = None
    cancelled_by: str | None = None
    cancelled_at: dt.datetime | None = None
    why: str | None = None
    pre: bool = False
    friend_name: str | None = field(default=None, repr=False)
    friend_phone: str | None = field(default=None, repr=False)
    friend_consent: str | None = None
