"""A hall: tickets and desks of the queue, appraisals, complaints, notes of the day."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Ticket:
    """A number of the queue. ``place``: where it stands among those of its class; states in store/states.py."""

    ticket_id: str
    outlet_id: str
    business_day: dt.date
    number: str
    ticket_type: str
    state: str
    place: dt.datetime
    taken_at: dt.datetime
    green_reason: str | None = None
    skill: str | None = None
    calls: int = 0
    desk: str | None = None
    staff_id: str | None = None
    called_at: dt.datetime | None = None
    served_at: dt.datetime | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """What was done with a number, by whom."""

    ticket_id: str
    number: int
    event: str
    at: dt.datetime
    desk: str | None = None
    staff_id: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """A desk and who serves there, which kinds of tickets; closed where ``closed_at`` is set."""

    outlet_id: str
    desk: str
    staff_id: str
    ticket_types: list[str]
    opened_at: dt.datetime
    closed_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class StaffSkill:
    """What somebody can do beyond the ordinary: ``sign_language``, a language."""

    staff_id: str
    skill: str
    noted_by: str
    noted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class AppraisalCase:
    """A job that may be appraised, once, by the person who was served."""

    case_no: str
    outlet_id: str
    desk: str
    staff_id: str
    job: str
    opened_at: dt.datetime
    lapses_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Appraisal:
    """What the person served said: ``level`` 1 to 5, the best is 5. ``contact``: sealed by the key store."""

    case_no: str
    level: int
    given_at: dt.datetime
    reason: str | None = None
    remark: str | None = None
    contact: bytes | None = field(default=None, repr=False)
    call_back_due: dt.date | None = None


@dataclass(frozen=True, slots=True)
class CallBack:
    """Somebody called back about a bad appraisal."""

    case_no: str
    staff_id: str
    note: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint and the day by which it is answered. ``contact``: sealed by the key store."""

    case_no: str
    outlet_id: str
    channel: str
    text: str
    due_on: dt.date
    received_by: str
    received_at: dt.datetime
    contact: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ComplaintStep:
    """What was done about a complaint: ``received``, ``assigned``, ``noted``, ``answered``. ``owner``: who sees to it now."""

    case_no: str
    number: int
    step: str
    owner: str
    text: str
    by: str
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class HallNote:
    """A line of the morning's ``checklist``, of a ``patrol`` through the hall, or of an ``incident``."""

    note_id: str
    outlet_id: str
    business_day: dt.date
    kind: str
    good: bool
    text: str
    by: str
    at: dt.datetime
    item: str | None = None
