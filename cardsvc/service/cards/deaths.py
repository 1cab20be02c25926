"""Death of a holder (持卡人身故): an heir comes with papers, a second person agrees, and every card of theirs ends.

Cards that were brought are refunded by the card itself and cancelled, as any other (refund.py, cancelling.py). Cards that were
not brought are taken in by their number when the death is confirmed: nobody uses them any more, and on their day the books say
what they owe. From then on no card is made for this person, what they applied for is withdrawn, and nobody is told of it.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from cardsvc.errors import RequestError
from cardsvc.ledger.states import advance
from cardsvc.rules.life import heir_rule, heirs
from cardsvc.service.cards.cancelling import end_request
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.messages import notices
from cardsvc.service.messages.library import tell_library
from cardsvc.service.operations.kinds import Params
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.register import masked
from cardsvc.service.purse.orders import return_waiting
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.approvals import MAX_TEXT, ApprovalKind, propose_within
from cardsvc.service.transactions.takeovers import begin_hold, hold_terms
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Death, Staff
from cardsvc.store.states import CARD_REQUEST_ALLOWED, CardRequestState
from cardsvc.units import id_number_check_digit

WITHDRAWN = "持卡人去世 (the holder has died)"


class DeathReport(Params):
    """Who came and with what. ``heir``: what they are to the holder, as the rules name it; ``cards_here``: numbers of the cards
    that were brought and can be read."""

    citizen_id: str = Field(min_length=36, max_length=36)
    heir: str = Field(pattern="^[a-z]{1,16}$")
    heir_name: str = Field(min_length=1, max_length=30)
    heir_id_number: str = Field(pattern="^[0-9]{17}[0-9X]$")
    papers: str = Field(min_length=1, max_length=MAX_TEXT)
    cards_here: tuple[str, ...] = Field(default=(), max_length=20, strict=False)


def report_death(store: Store, rules: RuleBook, report: DeathReport, *, by: Staff, now: dt.datetime) -> Death:
    """Note a death and ask a second person to agree; nothing is done to any card before.

    Raises RequestError ``not_permitted``, ``citizen_unknown``, ``heir_unknown``, ``death_known``, ``approval_open``;
    RuleError ``rule_no_heir``.
    """
    require_role(by, *TELLERS)
    number = report.heir_id_number
    if id_number_check_digit(number[:17]) != number[17] or not report.heir_name.strip():
        raise RequestError("heir_unknown")

    def work(uow: UnitOfWork) -> Death:
        citizen = uow.citizens.for_update(report.citizen_id)
        if citizen is None:
            raise RequestError("citizen_unknown")
        if uow.deaths.confirmed_of(citizen.citizen_id) is not None:
            raise RequestError("death_known")
        day = local_day(now)
        rule = heir_rule(rules.in_force(uow, day), report.heir, day)
        due, hold_rule = hold_terms(uow, rules, now)
        death_id, who = str(uuid.uuid4()), (report.heir, report.heir_name.strip(), number)
        cards, used = list(report.cards_here), [rule.id, hold_rule]
        row = uow.deaths.add(Death(death_id, citizen.citizen_id, *who, report.papers.strip(), cards, used, by.staff_id, now))
        payload = {"death_id": row.death_id, "due": due.isoformat(), "rule": hold_rule}
        propose_within(uow, CITIZEN_DEATH, citizen.citizen_id, payload, report.papers, by=by, now=now)
        return row

    return store.transact(work)


def _asked(uow: UnitOfWork, payload: Mapping[str, Any]) -> Death:
    row = uow.deaths.for_update(str(payload.get("death_id"))) if set(payload) == {"death_id", "due", "rule"} else None
    if row is None or row.confirmed_at is not None:
        raise RequestError("params_invalid", reason="death_id: no open report")
    return row


def _check(uow: UnitOfWork, _subject: str, payload: Mapping[str, Any]) -> None:
    row = _asked(uow, payload)
    if uow.deaths.confirmed_of(row.citizen_id) is not None:
        raise RequestError("death_known")


def _carry_out(uow: UnitOfWork, approval: Approval, now: dt.datetime) -> dict[str, Any]:
    """Confirmed: what was applied for is withdrawn, cards that are not here are taken in."""
    row, by = _asked(uow, approval.payload), approval.decided_by or ""
    uow.citizens.for_update(row.citizen_id)
    uow.deaths.change(row, confirmed_by=by, confirmed_at=now)
    _withdraw_request(uow, row.citizen_id, by, now)
    terms = dt.date.fromisoformat(approval.payload["due"]), approval.payload["rule"]
    taken = []
    for card in uow.cards.of_citizen(row.citizen_id):
        if card.state in IN_HAND and card.card_no not in row.cards_here:
            tell_library(uow, card.card_no, "cancelled", now)
            begin_hold(uow, card.card_no, row.asked_by, terms, now)
            return_waiting(uow, card.card_no, now)
            notices.drop_card(uow, card.card_no, now)
            end_request(uow, card, by, now)
            taken.append(card.card_no)
    return {"death_id": row.death_id, "taken_in": taken, "cards_here": row.cards_here}


def _withdraw_request(uow: UnitOfWork, citizen_id: str, by: str, now: dt.datetime) -> None:
    """An application whose card is not made; one that is made ends with its card."""
    request = uow.card_requests.open_of(citizen_id)
    if request is None:
        return
    notices.drop(uow, request.case_no, now)
    if request.state in (CardRequestState.HELD, CardRequestState.APPLIED):
        state = advance(CARD_REQUEST_ALLOWED, CardRequestState(request.state), CardRequestState.CANCELLED)
        uow.card_requests.change(request, state=state, cancelled_by=by, cancelled_at=now, why=WITHDRAWN)


CITIZEN_DEATH = ApprovalKind(
    "citizen_death",
    proposers=frozenset(TELLERS),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_carry_out,
)


def heirs_by_rule(store: Store, rules: RuleBook, now: dt.datetime) -> list[dict[str, Any]]:
    """Who may come, and with which papers, for the form."""
    with store.read() as uow:
        in_force, day = rules.in_force(uow, local_day(now)), local_day(now)
    return [rule.model_dump(include={"heir", "name", "papers"}) for rule in heirs(in_force, day)]


def deaths_of(store: Store, citizen_id: str) -> list[dict[str, Any]]:
    """What was reported of a person, newest first; the heir's number with the middle left out."""
    with store.read() as uow:
        return [
            {
                "death_id": row.death_id,
                "heir": row.heir,
                "heir_name": row.heir_name,
                "heir_id_number": masked(row.heir_id_number),
                "papers": row.papers,
                "cards_here": row.cards_here,
                "rules": row.rules,
                "asked_by": row.asked_by,
                "asked_at": row.asked_at.isoformat(),
                "confirmed_by": row.confirmed_by,
                "confirmed_at": row.confirmed_at.isoformat() if row.confirmed_at else None,
            }
            for row in uow.deaths.of_citizen(citizen_id)
        ]
