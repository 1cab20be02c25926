"""Who looks after a suspect load or purchase."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SuspectCase:
    """A suspect load or purchase has an owner, who sees it through until the card or two people settle it."""

    card_no: str
    subject_id: str
    owner: str
    note: str
    taken_at: dt.datetime
