"""Retiring a suspicious card (停用可疑卡): a copy, one whose counters went back, or one with money that nobody loaded.

one person, at once   its number goes on the hot list: a copy may be in use elsewhere. The card is kept and not written: it is
                      evidence
two people            the card ends. What the books owe waits for its day, as of a card that cannot be read; its holder gets a
                      new card free of charge. What the card says about its money counts for nothing
or they refuse        the card stays on the list until two people release it (hotlist.py)

What makes it suspicious is the newest diagnosis: nobody retires a card for a feeling.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from cardsvc.diagnosis.table import finding_word
from cardsvc.errors import RequestError
from cardsvc.errors.fields import reasons
from cardsvc.rules import payer_of
from cardsvc.service.cards.replacement import SUSPICIOUS
from cardsvc.service.loss.hotlist import list_card
from cardsvc.service.operations.kinds import Params
from cardsvc.service.operations.known_card import card_in_hand
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.purse.ways import booked_purses
from cardsvc.service.staff.approvals import ApprovalKind, propose_within
from cardsvc.service.transactions.takeovers import begin_hold, hold_terms
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Replacement, Staff

RETIRE_PLAN = "retire_clone"
"""The cure of the findings that make a card suspicious (plans.toml)."""
LOOKED_BACK = 20
"""Operations of a card among which its newest diagnosis is looked for."""


class Retirement(Params):
    """What two people decide. ``findings``: codes of the diagnosis ``diagnosed``, an operation; ``shown``: the purse's balance
    by the card, where it told one, and ``books``: what they owe for all its purses, both in fen; ``due``, ``rule``: from when
    the books decide; ``free``: the rule by which the holder pays nothing for ``new_card``."""

    findings: list[str] = Field(min_length=1, max_length=20)
    diagnosed: str = Field(min_length=36, max_length=36)
    shown: int | None = None
    books: int = Field(ge=0)
    due: str = Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    rule: str = Field(min_length=1, max_length=64)
    new_card: bool
    free: list[str] = Field(min_length=1, max_length=4)
    outlet: str = Field(min_length=1, max_length=32)


def suspicions(report: Mapping[str, Any] | None) -> list[str]:
    """The codes of the findings of a diagnosis that ask for the card to be retired."""
    return [finding["code"] for finding in (report or {}).get("findings", ()) if finding["plan"] == RETIRE_PLAN]


def retirement(store: Store, rules: RuleBook, card_no: str, now: dt.datetime) -> dict[str, Any]:
    """What retiring the card now would come to, before it is done: the payload of the proposal and ``version``, the version of
    the hot list that it will stand in. Raises as ``retire`` does."""
    with store.read() as uow:
        payload = _payload(uow, rules, card_no, now)
        listed = uow.hotlist.listing_of(card_no)
        return {**payload, "version": listed.version if listed else uow.hotlist.version() + 1}


def retire(store: Store, rules: RuleBook, card_no: str, note: str, *, new_card: bool, by: Staff, now: dt.datetime) -> Approval:
    """Put the card on the hot list and ask a second person to end it. ``note``: who brought it and what they say;
    ``new_card``: its holder is here and gets another one.

    Raises CardError ``card_unknown``, ``card_not_issued``; RequestError ``card_not_suspicious``, ``not_permitted``,
    ``reason_missing``, ``approval_open`` when it was asked before.
    """

    def work(uow: UnitOfWork) -> Approval:
        uow.cards.lock(card_no)
        payload = {**_payload(uow, rules, card_no, now), "new_card": new_card, "outlet": by.outlet_id}
        asked = propose_within(uow, RETIRE, card_no, payload, note, by=by, now=now)
        if not uow.hotlist.is_listed(card_no):
            words = "、".join(finding_word(code).zh for code in payload["findings"])
            list_card(uow, card_no, f"可疑卡 (suspicious): {words}", by.staff_id, now)
        return asked

    return store.transact(work)


def _payload(uow: UnitOfWork, rules: RuleBook, card_no: str, now: dt.datetime) -> dict[str, Any]:
    card_in_hand(uow, card_no)
    day = local_day(now)
    due, rule = hold_terms(uow, rules, now)
    return {
        **_diagnosis(uow, card_no),
        "books": sum(amount for _ref, amount in booked_purses(uow, card_no)),
        "due": due.isoformat(),
        "rule": rule,
        "free": list(payer_of(rules.in_force(uow, day), "repair", day).rules),
    }


def _diagnosis(uow: UnitOfWork, card_no: str) -> dict[str, Any]:
    """What the newest finished diagnosis of this card found suspicious. Raises RequestError ``card_not_suspicious``."""
    ended = (row for row in uow.operations.of_card(card_no, LOOKED_BACK) if row.kind == "diagnose" and row.result)
    newest = next(ended, None)
    found = suspicions(newest.result) if newest else []
    if newest is None or newest.result is None or not found:
        raise RequestError("card_not_suspicious", card_no=card_no)
    return {
        "findings": found,
        "diagnosed": newest.operation_id,
        "shown": newest.result["evidence"].get("purse.balance"),
    }


def _decided(values: Mapping[str, Any]) -> tuple[Retirement, dt.date]:
    try:
        found = Retirement.model_validate(dict(values))
        return found, dt.date.fromisoformat(found.due)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None
    except ValueError as error:
        raise RequestError("params_invalid", reason=str(error)) from None


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    found, _due = _decided(payload)
    card = card_in_hand(uow, subject)
    if found.new_card:
        refuse_dead(uow, card.citizen_id)


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    found, due = _decided(approval.payload)
    card = card_in_hand(uow, approval.subject)
    takeover = begin_hold(uow, card.card_no, approval.proposed_by, (due, found.rule), now, SUSPICIOUS)
    if found.new_card and uow.replacements.of_card(card.card_no) is None:
        about = str(uuid.uuid4()), card.card_no, card.citizen_id, found.outlet, SUSPICIOUS, 0, found.free
        uow.replacements.add(Replacement(*about, None, None, None, approval.proposed_by, now))
    return {"card_no": card.card_no, "state": str(takeover.state), "due": found.due}


RETIRE = ApprovalKind(
    "retire_card",
    proposers=frozenset({"clerk", "cashier", "supervisor"}),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)
