"""Made cards on their way to their holders, and the bags in which they travel."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Handout:
    """A made card that waits for its holder, or was given. ``outlet_id``: where it is collected, None for one that was made on
    the command line; ``state``: of ``HandoutState``; ``lies_at``: the outlet that has to send it; ``ready_at``: since when it
    lies where it is collected; ``reminders``: how often its holder was told again; ``collector``: holder, parent or agent, None
    while it waits, with name and ID number unless it is the holder; ``rules``: that allowed it; ``early_reason``: why it was
    given before it was ready."""

    card_no: str
    outlet_id: str | None
    state: str
    made_at: dt.datetime
    lies_at: str | None = None
    ready_at: dt.datetime | None = None
    reminders: int = 0
    reminded_at: dt.datetime | None = None
    collector: str | None = None
    comer_name: str | None = field(default=None, repr=False)
    comer_id_number: str | None = field(default=None, repr=False)
    rules: str | None = None
    handed_by: str | None = None
    handed_at: dt.datetime | None = None
    early_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Consignment:
    """A bag of cards from one outlet to another. ``bag``: the number of its seal; ``due_on``: the day by which it arrives, None
    without a rule."""

    consignment_id: str
    bag: str
    from_outlet: str
    to_outlet: str
    state: str
    sent_by: str
    sent_at: dt.datetime
    due_on: dt.date | None
    received_by: str | None = None
    received_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsignedCard:
    """A card of a consignment. ``owner``: who sees to one that is missing or too many, until ``due_on``; ``seen_by``: who
    counted it in, or found that it is not there; ``note``: why it was there, or why it was given up."""

    consignment_id: str
    card_no: str
    state: str
    owner: str | None = None
    due_on: dt.date | None = None
    seen_by: str | None = None
    seen_at: dt.datetime | None = None
    note: str | None = None
