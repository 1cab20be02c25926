"""What the insurance offices say of people, and messages that go out to people."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RightsFile:
    """A file of an office (``social``, ``medical``), known by its content. ``lines``: the people in it."""

    office: str
    sha256: str
    file_name: str
    lines: int
    imported_by: str
    imported_at: dt.datetime


@dataclass(frozen=True, slots=True)
class InsuranceRight:
    """The last that an office said of a person.

    ``right_from``: None while no right is given; ``right_until``: None without end. ``changed_at``: when the office changed it;
    of two changes at the same moment the greater ``digest`` counts, so that the
    order of the files makes no difference. ``sha256``: of the file that said it.
    """

    office: str
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    sex: int = field(repr=False)
    birth_date: dt.date = field(repr=False)
    kind: str
    place: str
    right_from: dt.date | None
    right_until: dt.date | None
    changed_at: dt.datetime
    digest: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about an application, or about a card that was made for none. ``next_at``: when it is tried next;
    ``attempts``: how often it was tried."""

    notice_id: str
    case_no: str | None
    card_no: str | None
    kind: str
    to_name: str = field(repr=False)
    phone: str = field(repr=False)
    zh: str = field(repr=False)
    en: str = field(repr=False)
    state: str
    attempts: int
    next_at: dt.datetime
    queued_at: dt.datetime
    ended_at: dt.datetime | None = None
    error: str | None = None
