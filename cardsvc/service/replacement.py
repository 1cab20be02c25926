"""Replacement (补换卡): why, for what fee, and what becomes of the old card; the new one is made for the same person.

The fee is decided by the rules of the day, taken once, and booked on the old card's chain before the old card is touched. The
old card then gives its money itself (``transfer_out``), or, where it cannot be read, is taken in and the books decide on their
day (takeovers.py). Personalising the person's next card closes the replacement; its money is written by ``transfer_in``.
"""

import datetime as dt
from contextlib import suppress
from typing import Any, Literal

from cardsvc.errors import CardError, RequestError, RuleError
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import fee, replacement_fee
from cardsvc.rules.life import renewal_fee, swapped
from cardsvc.service.card_in_hand import card_in_hand
from cardsvc.service.deaths import refuse_dead
from cardsvc.service.hotlist import refuse_hot
from cardsvc.service.kinds import Actor
from cardsvc.service.payments import Payment, take_fee
from cardsvc.service.people import citizen_json
from cardsvc.service.refund import refuse_bicycle
from cardsvc.service.rule_book import RuleBook, local_day
from cardsvc.service.shifts import TELLERS
from cardsvc.service.staff import require_role
from cardsvc.service.takeovers import begin_hold, hold_terms
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Card, Replacement, Staff

Reason = Literal["fault", "damaged", "changed", "expired", "withdrawn", "lost"]
REASONS: tuple[Reason, ...] = ("fault", "damaged", "changed", "expired", "withdrawn")
"""Reasons for a card that is at the desk."""
LOST: Reason = "lost"
EXPIRED: Reason = "expired"
"""Its validity is over, or will soon be: a renewal (到期换卡)."""
WITHDRAWN: Reason = "withdrawn"
"""It has a bus product that was withdrawn and is swapped (A、C、D 换杭州通)."""
PRODUCT = "citizen"


def replacement_terms(rules: RuleSet, card: Card, reason: str, day: dt.date) -> tuple[int, str]:
    """The fee in fen and the rule that says so: a natural fault in warranty is free. Raises RuleError, of a renewal before its
    time ``rule_not_yet_renewed``."""
    if reason == EXPIRED:
        return renewal_fee(rules, PRODUCT, card.expiry_date, day)
    if reason == WITHDRAWN:
        return fee(rules, "swap", day)
    return replacement_fee(rules, PRODUCT, reason, card.issue_date, day)


def fees_of(store: Store, rules: RuleBook, card_no: str, now: dt.datetime) -> dict[str, tuple[int, str]]:
    """The fee by reason, for the form: no renewal of a card that may not be renewed yet, no swap where nothing was withdrawn.
    Raises CardError ``card_unknown``."""
    with store.read() as uow:
        card = _card(uow, card_no)
        today = local_day(now)
        in_force = rules.in_force(uow, today)
        swaps = _has_withdrawn(uow, in_force, card_no, today)
    always = [reason for reason in (*REASONS, LOST) if reason not in (EXPIRED, WITHDRAWN)]
    fees: dict[str, tuple[int, str]] = {
        reason: replacement_terms(in_force, card, reason, today) for reason in (*always, *([WITHDRAWN] if swaps else []))
    }
    with suppress(RuleError):
        fees[EXPIRED] = replacement_terms(in_force, card, EXPIRED, today)
    return fees


def begin_replacement(
    store: Store,
    rules: RuleBook,
    actor: Actor,
    card_no: str,
    reason: str,
    payment: Payment,
    *,
    readable: bool,
    by: Staff,
    now: dt.datetime,
) -> Replacement:
    """Take the fee and, from a card that cannot be read, the card. Asked again for the same card, it is the same replacement.

    Raises RequestError ``not_permitted``, ``replacement_reason_wrong``, ``payment_reference_used``, ``loss_not_formal``,
    ``citizen_died``; CardError ``card_unknown``, ``card_not_issued``, ``card_hot_listed``; RuleError
    ``bicycle_guarantee_held``, those of fees.
    """
    require_role(by, *TELLERS)
    if reason not in (*REASONS, LOST):
        raise RequestError("replacement_reason_wrong", reason=reason[:16])

    def work(uow: UnitOfWork) -> Replacement:
        uow.cards.lock(card_no)
        known = uow.replacements.get(card_no)
        if known is not None:
            return known
        card = card_in_hand(uow, card_no)
        refuse_dead(uow, card.citizen_id)
        _refuse_listed_or_found(uow, card_no, reason)
        refuse_bicycle(uow, card_no)
        today = local_day(now)
        in_force = rules.in_force(uow, today)
        if reason == WITHDRAWN and not _has_withdrawn(uow, in_force, card_no, today):
            raise RequestError("replacement_reason_wrong", reason=reason)
        amount, rule = replacement_terms(in_force, card, reason, today)
        paid = _take(uow, actor, card_no, amount, payment, now)
        row = uow.replacements.add(
            Replacement(card_no, card.citizen_id, by.outlet_id, reason, amount, [rule], *paid, by.staff_id, now)
        )
        if not readable:
            begin_hold(uow, card_no, by.staff_id, hold_terms(uow, rules, now), now)
        return row

    return store.transact(work)


def _has_withdrawn(uow: UnitOfWork, rules: RuleSet, card_no: str, day: dt.date) -> bool:
    """Whether an application on the card has a product that the rules swap for another one."""
    rows = [row for row in uow.applications.of_card(card_no) if row.state in ("open", "blocked")]
    return any(swapped(rules, row.application, row.product, day)[1] for row in rows)


def _refuse_listed_or_found(uow: UnitOfWork, card_no: str, reason: str) -> None:
    """A lost card is replaced under a formal report, and any other only when it is on no list."""
    report = uow.loss_reports.open_of(card_no)
    if reason == LOST and (report is None or report.kind != "formal"):
        raise RequestError("loss_not_formal")
    if reason != LOST:
        refuse_hot(uow, card_no)


def _card(uow: UnitOfWork, card_no: str) -> Card:
    card = uow.cards.get(card_no)
    if card is None:
        raise CardError("card_unknown", card_no=card_no)
    return card


def _take(
    uow: UnitOfWork, actor: Actor, card_no: str, fee: int, payment: Payment, now: dt.datetime
) -> tuple[str | None, str | None, str | None]:
    """Book the fee; gives method, reference and account. A replacement that is free takes nothing."""
    if not fee:
        return None, None, None
    source = take_fee(uow, actor, card_no, "replace", fee, payment.model_dump(), card_no, now)
    return payment.method, payment.reference, source


def open_replacements(store: Store, outlet_id: str, limit: int = 5) -> list[dict[str, Any]]:
    """The replacements of an outlet that wait for their new card, newest first, with their person."""
    with store.read() as uow:
        return [replacement_view(uow, row) for row in uow.replacements.open_at(outlet_id, limit)]


def replacement_of(store: Store, card_no: str) -> dict[str, Any] | None:
    """The replacement of an old card."""
    with store.read() as uow:
        row = uow.replacements.get(card_no)
        return replacement_view(uow, row) if row else None


def replacement_view(uow: UnitOfWork, row: Replacement) -> dict[str, Any]:
    """A replacement as it is shown, with what the old card had open."""
    citizen = uow.citizens.get(row.citizen_id)
    if citizen is None:
        raise ValueError("the person of this replacement is gone")
    rows = uow.applications.of_card(row.old_card_no)
    takeover = uow.old_cards.get(row.old_card_no)
    return {
        "old_card_no": row.old_card_no,
        "holder": citizen_json(citizen),
        "reason": row.reason,
        "fee": row.fee,
        "rules": row.rules,
        "payment_method": row.payment_method,
        "asked_at": row.asked_at.isoformat(),
        "new_card_no": row.new_card_no,
        "applications": {a.application: a.product for a in rows if a.state == "open"},
        "due": takeover.due.isoformat() if takeover and takeover.due else None,
    }
