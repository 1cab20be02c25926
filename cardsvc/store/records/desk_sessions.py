"""Sign-ins on the desk page."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class DeskSession:
    """One sign-in of one person in one browser. ``session_id``: SHA-256 of what the cookie holds, so a copy of the database
    signs nobody in; ``csrf``: what every form of this sign-in carries; ``seen_at``: the person's last act."""

    session_id: str
    staff_id: str
    csrf: str = field(repr=False)
    workstation: str | None
    browser: str
    locked: bool
    opened_at: dt.datetime
    seen_at: dt.datetime
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class FormAnswer:
    """Where a form that was sent with this key led, within one sign-in; kept for a while, in case the answer was lost."""

    session_id: str
    key: str
    location: str
    answered_at: dt.datetime
