"""JSON that came from outside, read so that it says one thing only."""

import json
from collections.abc import Sequence
from typing import Any, NoReturn


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text. Raises ValueError for anything that two readers could take for two things: a member given
    twice (RFC 8259, 4: which one counts is open; I-JSON, RFC 7493, 2.3 forbids it), NaN and Infinity, text that is not
    JSON or is nested too deep."""
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _object(members: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(members)
    if len(made) < len(members):
        raise ValueError("a member is given twice")
    return made


def _no_number(_: str) -> NoReturn:
    raise ValueError("not a number")
