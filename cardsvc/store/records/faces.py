"""Prints of card faces."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FacePrint:
    """A try to print a card's face. ``reason``: why it is printed again, None the first time; ``terminal_id``: the workstation
    beside whose printer the card is; ``wanted_by``: None where the face follows its chip by itself.

    ``session``: the run of the agent that it was given to, at ``sent_at``; ``note``: what CUPS says last; ``job_ended_at``:
    since when CUPS has nothing of it any more (None: the agent still has to see to it); ``verdict``: why the face is wrong.
    """

    print_id: str
    card_no: str
    attempt: int
    case_no: str
    state: str
    made_at: dt.datetime
    reason: str | None = None
    terminal_id: str | None = None
    wanted_by: str | None = None
    wanted_at: dt.datetime | None = None
    session: str | None = None
    sent_at: dt.datetime | None = None
    note: str | None = None
    given_up_by: str | None = None
    job_ended_at: dt.datetime | None = None
    looked_by: str | None = None
    looked_at: dt.datetime | None = None
    verdict: str | None = None

    @property
    def title(self) -> str:
        """The job's name in CUPS, by which it is found again; it says nothing of the person."""
        return f"cardsvc-face-{self.print_id}"
