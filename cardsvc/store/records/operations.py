"""Operations and the answers of their steps."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One job on one card; see service/operations/engine.py.

    ``facts`` is what its effects found out, and only they add to it.
    """

    operation_id: str
    kind: str
    params: dict[str, Any] = field(repr=False)
    actor_kind: str
    actor_id: str
    idempotency_key: str
    fingerprint: str
    state: str
    phase: int
    step: int
    phase_step: int
    facts: dict[str, Any] = field(repr=False)
    atr: str
    profile: str
    key_versions: dict[str, int]
    started_at: dt.datetime
    expires_at: dt.datetime
    card_no: str | None = None
    result: dict[str, Any] | None = field(default=None, repr=False)
    problem: dict[str, Any] | None = None
    ended_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class OperationStep:
    """The answers to one step. Commands that may carry keys are kept masked; they are made again from the answers.

    ``commands``: name, command and secret of each; ``milliseconds``: how long the card took. Neither is there in old rows.
    """

    operation_id: str
    step: int
    phase: int
    answers: list[str] = field(repr=False)
    partial: bool
    answered_at: dt.datetime
    commands: list[dict[str, Any]] | None = field(default=None, repr=False)
    milliseconds: list[float | None] | None = None
