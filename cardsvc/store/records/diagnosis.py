"""What a card showed in a diagnosis, and what followed from it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis of a card. Append-only. ``findings``: code and subject of each; ``operation_id`` is None when the
    card did not answer and only the reader had something to say.
    """

    card_no: str
    diagnosis_id: str
    operation_id: str | None
    quick: bool
    evidence: dict[str, Any]
    findings: list[dict[str, Any]]
    diagnosed_at: dt.datetime
