"""Finishing the API document: problems have their own media type, and every call is signed."""

import copy
from typing import Any

from cardsvc.web.api.problems import MEDIA_TYPE

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
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _problems(operation)
            if path.endswith("/receipt"):
                operation["responses"]["200"] = _RECEIPT
            if path.startswith("/api/"):
                operation["security"] = [{"signature": []}]
            if path.endswith("/operations") and method == "post":
                operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    return document


def _problems(operation: dict[str, Any]) -> None:
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        if not status.startswith("2") and "application/json" in content:
            content[MEDIA_TYPE] = content.pop("application/json")
