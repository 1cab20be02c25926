"""What administrators did."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class StaffAct:
    """One act. ``staff_id`` None: while the service was set up and had no staff yet. ``act``: terminal_limit, outlet_add...;
    ``subject``: what it was done to, ``terminal:kiosk-7``; ``changes``: field to [before, after], never a secret."""

    act_id: str
    done_at: dt.datetime
    staff_id: str | None
    act: str
    subject: str
    changes: dict[str, Any]
