"""A card whose printed number and chip cannot be read: its holder is searched for, and two people decide which card it is."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from cardsvc.errors import CardError, RequestError
from cardsvc.errors.fields import reasons
from cardsvc.service.operations.kinds import Params
from cardsvc.service.operations.known_card import known_card
from cardsvc.service.operations.rule_book import RuleBook
from cardsvc.service.staff.approvals import ApprovalKind
from cardsvc.service.transactions.takeovers import begin_hold, hold_terms
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval


class UnidentifiedCard(Params):
    """What two people decide: the card in hand is this one of this person. ``due``, ``rule``: from when the books decide."""

    citizen_id: str = Field(min_length=36, max_length=36)
    due: str = Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    rule: str = Field(min_length=1, max_length=64)


def unidentified_card(store: Store, rules: RuleBook, card_no: str, now: dt.datetime) -> dict[str, Any]:
    """The payload of a proposal, with the day that the rules give. Raises CardError ``card_unknown``."""
    with store.read() as uow:
        card, (due, rule) = known_card(uow, card_no), hold_terms(uow, rules, now)
    return {"citizen_id": card.citizen_id, "due": due.isoformat(), "rule": rule}


def _payload(values: Mapping[str, Any]) -> tuple[UnidentifiedCard, dt.date]:
    try:
        found = UnidentifiedCard.model_validate(dict(values))
        return found, dt.date.fromisoformat(found.due)
    except (ValidationError, ValueError) as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    found, _due = _payload(payload)
    if known_card(uow, subject).citizen_id != found.citizen_id:
        raise CardError("card_unknown", card_no=subject)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    found, due = _payload(approval.payload)
    takeover = begin_hold(uow, approval.subject, approval.proposed_by, (due, found.rule), now)
    return {"card_no": takeover.card_no, "state": str(takeover.state), "due": found.due}


HOLD_UNIDENTIFIED = ApprovalKind(
    "hold_unidentified",
    proposers=frozenset({"clerk", "supervisor"}),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)
