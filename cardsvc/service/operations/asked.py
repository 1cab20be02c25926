"""What a party asks for: parameters checked, and what "the same input" means."""

import datetime as dt
import hashlib
import json
import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cardsvc.card.profile import Profile
from cardsvc.errors import RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.operations.kinds import Actor, OperationKind, first_facts
from cardsvc.store.records import Operation
from cardsvc.wire import OperationState

STEP_SECONDS = 60
"""How long an operation waits for the next answers before it lapses."""


def validated(kind: OperationKind, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as plain JSON values. Raises RequestError ``params_invalid`` naming the fields, never their values."""
    try:
        return kind.params.model_validate_json(json.dumps(params)).model_dump(mode="json")
    except (ValidationError, TypeError, ValueError) as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def new_operation(
    kind: str, params: Mapping[str, Any], actor: Actor, atr: bytes, key: str, profile: Profile | None, now: dt.datetime
) -> Operation:
    """An operation before its card has said anything; the engine adds the versions of keys. ``key``: the idempotency key."""
    return Operation(
        operation_id=str(uuid.uuid4()),
        kind=kind,
        params=dict(params),
        actor_kind=actor.kind,
        actor_id=actor.id,
        idempotency_key=key,
        fingerprint=fingerprint_of(kind, params, atr),
        state=OperationState.CARD,
        phase=0,
        step=0,
        phase_step=0,
        facts=first_facts(actor),
        atr=atr.hex().upper(),
        profile=profile.id if profile else "",
        key_versions={},
        started_at=now,
        expires_at=now + dt.timedelta(seconds=STEP_SECONDS),
    )


def fingerprint_of(kind: str, params: Mapping[str, Any], atr: bytes) -> str:
    """What "the same input" means for an idempotency key."""
    return hashlib.sha256(json.dumps([kind, params, atr.hex()], sort_keys=True).encode()).hexdigest()
