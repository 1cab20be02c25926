"""Versions of the rule set."""

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A rule set that is in force from a day on, until the next. Nobody proposed the first: it came with the service."""

    version: str
    text: str = field(repr=False)
    sha256: str
    effective_from: dt.date
    created_at: dt.datetime
    proposed_by: str | None = None
    approved_by: str | None = None
    approval_id: str | None = None
