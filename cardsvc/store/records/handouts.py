"""Made cards on their way to their holders."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Handout:
    """A made card that waits for its holder, or was given. ``outlet_id``: where it waits, None for one that was made on the
    command line; ``reminders``: how often its holder was told again; ``collector``: holder, parent or agent, None while it
    waits, with name and ID number unless it is the holder; ``rules``: that allowed it."""

    card_no: str
    outlet_id: str | None
    made_at: dt.datetime
    reminders: int = 0
    reminded_at: dt.datetime | None = None
    collector: str | None = None
    comer_name: str | None = field(default=None, repr=False)
    comer_id_number: str | None = field(default=None, repr=False)
    rules: str | None = None
    handed_by: str | None = None
    handed_at: dt.datetime | None = None
