"""Errors as RFC 9457 problem details, in both languages. The one place that decides their shape."""

from typing import Any

from cardsvc.errors import CardsvcError

PROBLEM_TYPE = "about:cardsvc:"


def problem_of(error: CardsvcError) -> dict[str, Any]:
    """The problem details object of an error: code, outcome, what happened, what to do next; of a file, every bad line."""
    listed = [str(problem) for problem in error.details.get("problems", ())]
    return {
        "type": f"{PROBLEM_TYPE}{error.code}",
        "title": error.what.zh,
        "status": error.http_status,
        "code": error.code,
        "outcome": str(error.outcome),
        "detail": {"zh": error.what.zh, "en": error.what.en},
        "next_step": {"zh": error.next_step.zh, "en": error.next_step.en},
        **({"problems": listed} if listed else {}),
    }
