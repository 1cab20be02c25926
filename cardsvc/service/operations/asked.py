"""What a party asks for: parameters checked, and what "the same input" means."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from cardsvc.errors import RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.operations.kinds import OperationKind


def validated(kind: OperationKind, params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters as plain JSON values. Raises RequestError ``params_invalid`` naming the fields, never their values."""
    try:
        return kind.params.model_validate_json(json.dumps(params)).model_dump(mode="json")
    except (ValidationError, TypeError, ValueError) as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def fingerprint_of(kind: str, params: Mapping[str, Any], atr: bytes) -> str:
    """What "the same input" means for an idempotency key."""
    return hashlib.sha256(json.dumps([kind, params, atr.hex()], sort_keys=True).encode()).hexdigest()
