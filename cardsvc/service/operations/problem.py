"""Errors as RFC 9457 problem details, in both languages. The one place that decides their shape."""

from collections.abc import Mapping
from typing import Any

from cardsvc.card.profile import Profile
from cardsvc.errors import CardsvcError, OperationError
from cardsvc.service.operations.kinds import WRITES
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Operation
from cardsvc.units import format_yuan

PROBLEM_TYPE = "about:cardsvc:"
FEE_IN_BOOKS = "fee_in_books"
"""The fact of an opening that its fee, in fen, is in the books, and may be what the card has."""


def problem_on_card(error: CardsvcError, profile: Profile | None, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The problem of an operation on a card, with the known faults of the card's firmware that it is a sign of. Of an opening
    whose fee is in the books only the card can tell what it came to, whatever it answered to the write."""
    signs = error.code, str(error.details.get("command", "")), str(error.details.get("sw", ""))
    known = profile.known_faults(*signs) if profile else ()
    cures = [
        {
            "symptom": {"zh": fault.symptom_zh, "en": fault.symptom_en},
            "versions": fault.versions,
            "cure": {"zh": fault.cure_zh, "en": fault.cure_en},
        }
        for fault in known
    ]
    problem = {**problem_of(error), **({"known_faults": cures} if cures else {})}
    if facts.get(FEE_IN_BOOKS):
        money = _opening_abandoned(facts)
        problem |= {"outcome": money["outcome"], "next_step": money["next_step"]}
    return problem


def abandoned_problem(uow: UnitOfWork, operation: Operation) -> dict[str, Any]:
    """The problem of an operation that was given up: nothing was done where no command that writes was given out, nor any money
    is in the books for it; else the card tells at its next contact what it came to."""
    if operation.facts.get(FEE_IN_BOOKS):
        return _opening_abandoned(operation.facts)
    untouched = operation.facts.get(WRITES) is False and not _money_of(uow, operation)
    return problem_of(OperationError("operation_left_nothing" if untouched else "operation_abandoned"))


def _opening_abandoned(facts: Mapping[str, Any]) -> dict[str, Any]:
    return problem_of(OperationError("opening_abandoned", amount=format_yuan(facts[FEE_IN_BOOKS])))


def _money_of(uow: UnitOfWork, operation: Operation) -> bool:
    """Whether the card may have got or given any: it is in the books before the bytes that do it are given out."""
    card_no = operation.card_no
    if card_no is None:
        return False
    return any(rows.of_operation(card_no, operation.operation_id) for rows in (uow.loads, uow.purchases))


def problem_of(error: CardsvcError) -> dict[str, Any]:
    """The problem details object of an error: code, outcome, what happened, what to do next; of a file, every bad line.

    ``rule``: which rule refused, if one did; ``retry_after``, ``clock``: when to ask again, how wrong the caller's clock is.
    """
    listed = [str(problem) for problem in error.details.get("problems", ())]
    problem: dict[str, Any] = {
        "type": f"{PROBLEM_TYPE}{error.code}",
        "title": error.what.zh,
        "status": error.http_status,
        "code": error.code,
        "outcome": str(error.outcome),
        "detail": {"zh": error.what.zh, "en": error.what.en},
        "next_step": {"zh": error.next_step.zh, "en": error.next_step.en},
        **({"problems": listed} if listed else {}),
        **{name: error.details[name] for name in ("retry_after", "clock") if name in error.details},
    }
    if {"rule", "version", "source"} <= error.details.keys():
        rule, version, source = (error.details[name] for name in ("rule", "version", "source"))
        problem["rule"] = {"id": rule, "version": version, "source": source._asdict()}
    return problem
