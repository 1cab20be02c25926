"""Held money as it is seen: of one old card at the desk, and of all whose money nobody fetched."""

import datetime as dt
from contextlib import suppress
from typing import Any

from cardsvc.errors import RuleError
from cardsvc.rules import PayoutTerms, RuleSet, payout_terms
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.register import citizen_json
from cardsvc.service.transactions.held_payout import HELD, HELD_PAYOUT, agreed
from cardsvc.service.transactions.takeovers import books_owe, good_parts, is_gone, reference_of
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Takeover, TakeoverPart
from cardsvc.store.states import OldCardState

WORKLIST = 200


def held_view(store: Store, rules: RuleBook, card_no: str, now: dt.datetime) -> dict[str, Any] | None:
    """The money of an old card for the desk; None for a card that was never taken in.

    ``movable``: the day of a card that could not be read has come, and its money, or what a suspect kept back of it, is still
    on its purses. Of each of ``parts``:
    ``amount`` in fen; ``gone``; ``payout`` (``id``, ``returned``, ``at``); ``due`` (None where no rule says) and ``payable``
    today; ``asks``: None, or ``ask``, ``asked``, ``agreed`` where two people decide.
    """
    with store.read() as uow:
        takeover = uow.old_cards.get(card_no)
        if takeover is None:
            return None
        day = local_day(now)
        waits = takeover.state == OldCardState.WAITING
        terms = _terms(rules.in_force(uow, day), takeover, day)
        return {
            "movable": bool(takeover.due and takeover.due <= day) if waits else bool(books_owe(uow, takeover)),
            "waits_until": takeover.due.isoformat() if waits and takeover.due else None,
            "parts": [_view(uow, part, terms, day) for part in good_parts(uow, card_no)],
        }


def _terms(rules: RuleSet, takeover: Takeover, day: dt.date) -> PayoutTerms | None:
    """The terms; None by rules that are older than such payouts."""
    with suppress(RuleError):
        return payout_terms(rules, HELD, takeover.held_on, day)
    return None


def _view(uow: UnitOfWork, part: TakeoverPart, terms: PayoutTerms | None, day: dt.date) -> dict[str, Any]:
    payout = uow.held_payouts.get(part.card_no, part.part_id)
    asked = bool(uow.approvals.open_on(HELD_PAYOUT.name, reference_of(part)))
    asks = "agreed" if agreed(uow, part) else "asked" if asked else "ask"
    return {
        "part_id": part.part_id,
        "application": part.application,
        "purse": part.purse,
        "product": part.product,
        "area": part.area,
        "amount": part.amount,
        "gone": is_gone(uow, part),
        "payout": {"id": payout.payout_id, "returned": payout.returned, "at": payout.paid_at.isoformat()} if payout else None,
        "due": terms.due.isoformat() if terms else None,
        "payable": terms is not None and day >= terms.due,
        "asks": asks if terms and part.amount >= terms.approve_from else None,
    }


def held_worklist(store: Store, rules: RuleBook, now: dt.datetime) -> list[dict[str, Any]]:
    """Money that is held and that nobody fetched, oldest first: of whom, how much, payable from when, and whether they have a
    card that may take it."""
    rows = []
    with store.read() as uow:
        day = local_day(now)
        in_force = rules.in_force(uow, day)
        for part in uow.takeover_parts.kept(WORKLIST):
            card, takeover = uow.cards.get(part.card_no), uow.old_cards.get(part.card_no)
            citizen = uow.citizens.get(card.citizen_id) if card else None
            if card is None or takeover is None or citizen is None or part not in good_parts(uow, part.card_no):
                continue
            cards = [other.card_no for other in uow.cards.of_citizen(card.citizen_id) if other.state in IN_HAND]
            view = _view(uow, part, _terms(in_force, takeover, day), day)
            of_whom = {"card_no": part.card_no, "holder": citizen_json(citizen), "new_card_no": cards[0] if cards else None}
            rows.append({**view, **of_whom, "since": takeover.held_on.isoformat()})
    return rows
