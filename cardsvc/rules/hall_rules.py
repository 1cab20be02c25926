"""Models of the rules of a hall: kinds of tickets, papers to bring, who needs no ticket, appraisals, complaints."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field

from cardsvc.rules.data import Data, Dated, Items

Who = Literal["holder", "parent", "agent"]
WHO: tuple[Who, ...] = ("holder", "parent", "agent")


class Named(Data):
    """A text in both languages."""

    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)


class TicketRule(Dated):
    """A kind of ticket. ``prefix`` of its numbers; ``jobs`` it is for; ``minutes``: what one takes, until the day itself tells.

    ``cutoff``: whoever takes one later is told that the card is ready on another day only.
    """

    ticket: str
    name: Named
    prefix: str = Field(pattern="^[A-Z]$")
    jobs: Items[str]
    minutes: int = Field(gt=0, le=120)
    cutoff: dt.time | None = None


class PapersRule(Dated):
    """What must be brought for a job, by who comes for it."""

    job: str
    who: Who
    papers: Items[Named]


class QueueRule(Dated):
    """``recalls``: how often a number is called before it counts as missed; ``behind``: after how many waiting ones a missed
    number goes in again; ``learned_from``: the newest tickets of a day that say how long one takes; ``a_minute``: so many
    numbers one ticket machine gives."""

    recalls: int = Field(gt=0)
    behind: int = Field(ge=0)
    learned_from: int = Field(gt=0)
    a_minute: int = Field(default=20, gt=0)


class GreenRule(Dated):
    """A reason to be served without a ticket, before all who wait. ``skill``: of the staff who is called for it."""

    reason: str
    name: Named
    skill: str | None = None


class AppraisalRule(Dated):
    """Five levels, 5 is the best. From ``reason_at`` down a reason is asked for, and somebody calls back within
    ``call_back_days`` working days; an appraisal that is not given lapses after ``open_minutes``."""

    levels: Items[Named]
    reasons: Items[Annotated[tuple[str, str, str], Field(strict=False)]]
    reason_at: int = Field(ge=1, le=4)
    call_back_days: int = Field(gt=0)
    open_minutes: int = Field(gt=0)


class ComplaintRule(Dated):
    """By when a complaint of a channel is answered, in working days."""

    channel: str
    name: Named
    answer_days: int = Field(gt=0)


class ChecklistRule(Dated):
    """What the morning meeting of an outlet goes through."""

    items: Items[Annotated[tuple[str, str, str], Field(strict=False)]]
