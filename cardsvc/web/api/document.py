"""Finishing the API document: problems have their own media type, every call is signed, every route has recorded examples."""

import copy
import json
from pathlib import Path
from typing import Any

from cardsvc.web.api.problems import MEDIA_TYPE

EXAMPLES = Path(__file__).with_name("examples.json")
"""By route, what was sent and what was answered on a day with virtual cards (tests/docs/recording.py writes it)."""
BAD_REQUEST = 400
KEYED = ("/operations", "/shifts")
"""Ends of the paths whose POST needs an Idempotency-Key."""
_SIGNATURE = {
    "type": "http",
    "scheme": "signature",
    "description": (
        "RFC 9421 signature, ed25519, label cardsvc, with created, keyid (terminal id) and nonce, over @method, @target-uri, "
        "content-digest where there is a body and idempotency-key where there is one; at most 5 minutes old, taken once."
    ),
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 8, "maxLength": 128},
    "description": "Made by the caller for each job and stored before the first sending; the same again gives the same job.",
}


_SHEET = {
    "description": "The day sheet, by its form.",
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        "application/pdf": {"schema": {"type": "string", "format": "binary"}},
    },
}
_RECEIPT = {
    "description": "The receipt on paper, by its form.",
    "content": {
        "text/plain": {"schema": {"type": "string"}},
        "application/pdf": {"schema": {"type": "string", "format": "binary"}},
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


def patched(spec: dict[str, Any], max_body: int) -> dict[str, Any]:
    """The document as it is served."""
    document = copy.deepcopy(spec)
    document["info"]["description"] = f"Jobs on citizen cards. Bodies up to {max_body} bytes; amounts are integers in fen."
    document.setdefault("components", {})["securitySchemes"] = {"signature": _SIGNATURE}
    del document["paths"]["/openapi.json"]
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _problems(operation)
            if path.endswith("/receipt"):
                operation["responses"]["200"] = _RECEIPT
            if path.endswith("/day-sheet/print"):
                operation["responses"]["200"] = _SHEET
            if path.startswith("/api/"):
                operation["security"] = [{"signature": []}]
            if path.endswith(KEYED) and method == "post":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return with_examples(document)


def with_examples(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the recorded exchanges. Raises KeyError for one whose route or answer the document does not have."""
    for route, exchanges in json.loads(EXAMPLES.read_text("utf-8")).items():
        method, _, path = route.partition(" ")
        operation = document["paths"][path][method.lower()]
        for exchange in exchanges:
            answer = operation["responses"][str(exchange["status"])]["content"][exchange["type"]]
            _add(answer, exchange, exchange["response"])
            if exchange["request"] is not None and exchange["status"] < BAD_REQUEST:
                _add(operation["requestBody"]["content"]["application/json"], exchange, exchange["request"])
    return document


def _add(media: dict[str, Any], exchange: dict[str, Any], value: Any) -> None:
    """Named by what came of it: the status, and the state or the error's code."""
    answered = exchange["response"] if isinstance(exchange["response"], dict) else {}
    name = f"{exchange['status']} {answered.get('state') or answered.get('code') or ''}".strip()
    media.setdefault("examples", {})[name] = {"value": value}


def _problems(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        if not status.startswith("2") and "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")
