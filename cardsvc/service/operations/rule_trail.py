"""Why: for each operation the rules that accepted or refused it, their version, and where they come from."""

from typing import Any

from cardsvc.errors import OperationError
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Operation

CARD_NO_DIGITS = 16


def rule_trail(store: Store, book: RuleBook, subject: str) -> list[dict[str, Any]]:
    """The rules of one operation, or of every operation of a card, newest first.

    Raises CardError ``card_unknown`` or OperationError ``operation_unknown``.
    """
    with store.read() as uow:
        return [_judged(book, uow, operation) for operation in _operations(uow, subject)]


def _operations(uow: UnitOfWork, subject: str) -> list[Operation]:
    if len(subject) == CARD_NO_DIGITS and subject.isdigit():
        known_card(uow, subject)
        return uow.operations.of_card(subject)
    operation = uow.operations.get(subject)
    if operation is None:
        raise OperationError("operation_unknown")
    return [operation]


def _judged(book: RuleBook, uow: UnitOfWork, operation: Operation) -> dict[str, Any]:
    """``rules`` accepted it, each with its source; ``refused_by`` is the one that did not."""
    rules, facts = book.of_operation(uow, operation), operation.facts
    accepted = facts.get("rules") or facts.get("terms", {}).get("rules") or []
    found = {rule_id: rules.rule(rule_id) for rule_id in accepted}
    problem = operation.problem or {}
    return {
        "operation_id": operation.operation_id,
        "kind": operation.kind,
        "at": operation.started_at.isoformat(),
        "state": operation.state,
        "version": rules.version,
        "rules": [{"id": rule_id, "source": rule.source._asdict() if rule else None} for rule_id, rule in found.items()],
        "refused_by": problem.get("rule"),
        "code": problem.get("code"),
    }
