"""Photos of holders, and prints of card faces."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CitizenPhoto:
    """A photo of a person, a JPEG file. ``photo_id``: the number of the application that brought it, else a number of its own;
    ``consent``: the version of the text that was agreed to; ``unneeded_since``: when it was first seen that no card and nothing
    that waits for one needs it."""

    photo_id: str
    citizen_id: str
    photo: bytes
    consent: str
    taken_by: str
    taken_at: dt.datetime
    unneeded_since: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class FacePrint:
    """A try to print a card's face. ``case_no``: of the application that the card was made for, None for any other card;
    ``outlet_id``: where the card is; ``reason``: why it is printed again, None the first time; ``terminal_id``: the workstation
    beside whose printer the card is; ``wanted_by``: None where the face follows its chip by itself.

    ``session``: the run of the agent that it was given to, at ``sent_at``; ``note``: what CUPS says last; ``job_ended_at``:
    since when CUPS has nothing of it any more (None: the agent still has to see to it); ``verdict``: why the face is wrong;
    ``read_in``: the reader in which the chip was read beside its face, None where somebody looked by eye alone.
    """

    print_id: str
    card_no: str
    attempt: int
    outlet_id: str
    case_no: str | None
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
    read_in: str | None = None

    @property
    def title(self) -> str:
        """The job's name in CUPS, by which it is found again; it says nothing of the person."""
        return f"cardsvc-face-{self.print_id}"
