"""Loss reports."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LossReport:
    """A card that its holder lost. ``kind``: phone or formal; ``lapses_at``: when a phone report ends by itself; ``ended``:
    lapsed, confirmed (a formal report followed) or released; ``chip``: by application what became of blocking it at a contact
    (``blocked``, or an error's code), the newest at ``chip_at``."""

    report_id: str
    card_no: str
    kind: str
    rule: str
    reported_by: str
    reported_at: dt.datetime
    lapses_at: dt.datetime | None = None
    ended: str | None = None
    ended_by: str | None = None
    ended_at: dt.datetime | None = None
    chip: dict[str, str] | None = None
    chip_at: dt.datetime | None = None
