"""Replacement (补换卡): why, for what fee, and what becomes of the old card; the new one is made for the same person.

The fee is decided by the rules of the day, taken once, and booked on the old card's chain before the old card is touched. The
old card then gives its money itself (``transfer_out``), or, where it cannot be read, is taken in and the books decide on their
day (takeovers.py). Personalising the person's next card closes the replacement; its money is written by ``transfer_in``.

One fee pays one replacement, however many blanks it takes: a blank that cannot be personalised closes nothing, and a new card
that is spoiled before it is anybody's opens the replacement again. Or the fee goes back the way it came, and that ends it.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Literal

from pydantic import Field

from cardsvc.errors import RequestError, RuleError
from cardsvc.ledger.postings import Posting, fee_account, payout_account
from cardsvc.rules import RuleSet
from cardsvc.rules.desk import fee, replacement_fee
from cardsvc.rules.life import renewal_fee, swapped
from cardsvc.service.cash.drawer import cash_out
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.operations.kinds import Actor, Params
from cardsvc.service.operations.known_card import IN_HAND, card_in_hand, known_card, refuse_live
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.comers import PHONE
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.people.register import citizen_json
from cardsvc.service.purse.payments import Payment, take_fee
from cardsvc.service.purse.ways import CASH
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.transactions.refund import refuse_bicycle
from cardsvc.service.transactions.takeovers import begin_hold, hold_terms
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Card, Replacement, Staff
from cardsvc.text import Text
from cardsvc.units import LOCAL, format_yuan

Reason = Literal["fault", "damaged", "changed", "expired", "withdrawn", "lost", "suspicious"]
REASONS: tuple[Reason, ...] = ("fault", "damaged", "changed", "expired", "withdrawn")
"""Reasons for a card that is at the desk."""
LOST: Reason = "lost"
REASON_WORDS: Mapping[str, Text] = {
    "fault": Text("自然故障", "It failed by itself"),
    "damaged": Text("人为损坏", "It was damaged"),
    "changed": Text("信息变更", "Its data changed"),
    "expired": Text("到期换卡", "Its validity is over"),
    "withdrawn": Text("停用的公交产品换杭州通", "Its bus product was withdrawn"),
    "lost": Text("遗失", "It was lost"),
    "suspicious": Text("可疑卡停用", "It was suspicious"),
}
EXPIRED: Reason = "expired"
"""Its validity is over, or will soon be: a renewal (到期换卡)."""
WITHDRAWN: Reason = "withdrawn"
"""It has a bus product that was withdrawn and is swapped (A、C、D 换杭州通)."""
SUSPICIOUS: Reason = "suspicious"
"""Two people retired it (retiring.py); its holder pays nothing."""
PRODUCT = "citizen"
JOB = "replace"
"""The job of the fee's account."""


def replacement_terms(rules: RuleSet, card: Card, reason: str, day: dt.date) -> tuple[int, str]:
    """The fee in fen and the rule that says so: a natural fault in warranty is free. Raises RuleError, of a renewal before its
    time ``rule_not_yet_renewed``."""
    if reason == EXPIRED:
        return renewal_fee(rules, PRODUCT, card.expiry_date, day)
    if reason == WITHDRAWN:
        return fee(rules, "swap", day)
    return replacement_fee(rules, PRODUCT, reason, card.issue_date, day)


def fees_of(store: Store, rules: RuleBook, card_no: str, now: dt.datetime) -> dict[str, tuple[int, str]]:
    """The fee by reason, for the form: only the reason of a fee that was paid before, no renewal of a card that may not be
    renewed yet, no swap where nothing was withdrawn. Raises CardError ``card_unknown``."""
    with store.read() as uow:
        card = known_card(uow, card_no)
        known = uow.replacements.of_card(card_no)
        if known is not None:
            return {known.reason: (0, ", ".join(known.rules))}
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


class ReplacementRequest(Params):
    """A card that is to be replaced. ``readable``: it gives its money itself; ``phone``: by which its holder is told that the
    new one is ready; ``paid_before``: the form showed the fee as paid, and asked for none."""

    card_no: str
    reason: str
    payment: Payment
    readable: bool
    phone: str | None = Field(default=None, pattern=PHONE)
    paid_before: bool = False


def begin_replacement(
    store: Store, rules: RuleBook, actor: Actor, asked: ReplacementRequest, *, by: Staff, now: dt.datetime
) -> Replacement:
    """Take the fee and, from a card that cannot be read, the card. The same form again is the same replacement, paid
    before, with the phone that was left first; a card that was to give its money itself and cannot is taken in then.

    Raises RequestError ``not_permitted``, ``replacement_reason_wrong``, ``replacement_known``, ``replacement_not_paid``,
    ``payment_reference_used``, ``loss_not_formal``, ``citizen_died``; CardError ``card_unknown``, ``card_not_issued``,
    ``card_hot_listed``; RuleError ``bicycle_guarantee_held``, those of fees.
    """
    require_role(by, *TELLERS)
    if asked.reason not in (*REASONS, LOST):
        raise RequestError("replacement_reason_wrong", reason=asked.reason[:16])
    card_no = asked.card_no

    def work(uow: UnitOfWork) -> Replacement:
        uow.cards.lock(card_no)
        known = uow.replacements.of_card(card_no)
        _refuse_second_fee(known, asked, by)
        row = known or _begin(uow, rules, actor, asked, by, now)
        if not asked.readable and known_card(uow, card_no).state in IN_HAND:
            begin_hold(uow, card_no, by.staff_id, hold_terms(uow, rules, now), now)
        return row

    return store.transact(work)


def _refuse_second_fee(known: Replacement | None, asked: ReplacementRequest, by: Staff) -> None:
    """Two desks had the form of one card open: what the second one took is in no books. The same form again is no second."""
    if known is None:
        if asked.paid_before:
            raise RequestError("replacement_not_paid")
        return
    if asked.paid_before:
        return
    form = (known.reason, known.asked_by, known.payment_method, known.payment_reference)
    again = (asked.reason, by.staff_id, asked.payment.method, asked.payment.reference)
    if again != form and (known.fee or asked.reason != known.reason):
        at = f"{known.asked_at.astimezone(LOCAL):%Y-%m-%d %H:%M}"
        raise RequestError("replacement_known", fee=format_yuan(known.fee), by=known.asked_by, at=at)


def _begin(
    uow: UnitOfWork, rules: RuleBook, actor: Actor, asked: ReplacementRequest, by: Staff, now: dt.datetime
) -> Replacement:
    """The fee of the day, booked, and the replacement that it pays."""
    card_no, reason = asked.card_no, asked.reason
    card = card_in_hand(uow, card_no)
    refuse_dead(uow, card.citizen_id)
    _refuse_listed_or_found(uow, card_no, reason)
    refuse_bicycle(uow, card_no)
    today = local_day(now)
    in_force = rules.in_force(uow, today)
    if reason == WITHDRAWN and not _has_withdrawn(uow, in_force, card_no, today):
        raise RequestError("replacement_reason_wrong", reason=reason)
    amount, rule = replacement_terms(in_force, card, reason, today)
    number = str(uuid.uuid4())
    paid = _take(uow, actor, card_no, amount, asked.payment, number, now)
    about = number, card_no, card.citizen_id, by.outlet_id, reason, amount, [rule]
    return uow.replacements.add(Replacement(*about, *paid, by.staff_id, now, phone=asked.phone))


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


def _take(
    uow: UnitOfWork, actor: Actor, card_no: str, fee: int, payment: Payment, number: str, now: dt.datetime
) -> tuple[str | None, str | None, str | None]:
    """Book the fee; gives method, reference and account. A replacement that is free takes nothing."""
    if not fee:
        return None, None, None
    source = take_fee(uow, actor, card_no, JOB, fee, payment.model_dump(), number, now)
    return payment.method, payment.reference, source


def give_fee_back(store: Store, actor: Actor, card_no: str, *, by: Staff, now: dt.datetime) -> Replacement:
    """The fee goes back, for a replacement that comes to nothing: cash from this actor's drawer, anything else through its
    channel. That ends the replacement; what the old card gave stays held for its holder.

    Raises RequestError ``not_permitted``, ``replacement_no_fee``, ``replacement_made``; OperationError ``drawer_holds_less``,
    and ``card_busy`` while a new card for the person is being made.
    """
    require_role(by, *TELLERS)
    return store.transact(lambda uow: _give_back(uow, actor, card_no, by, now))


def _give_back(uow: UnitOfWork, actor: Actor, card_no: str, by: Staff, now: dt.datetime) -> Replacement:
    uow.cards.lock(card_no)
    found = uow.replacements.of_card(card_no)
    if found is None or not found.fee:
        raise RequestError("replacement_no_fee", card_no=card_no)
    uow.citizens.for_update(found.citizen_id)  # the making of a card looks for its replacement under the same lock
    row = next((row for row in uow.replacements.open_of(found.citizen_id) if row.old_card_no == card_no), None)
    if row is None:
        raise RequestError("replacement_made", card_no=card_no)
    for begun in (card for card in uow.cards.of_citizen(row.citizen_id) if card.state == "personalising"):
        refuse_live(uow, begun.card_no, now)
    method = row.payment_method or CASH
    cash = method == CASH
    account = cash_out(uow, actor, row.fee) if cash else payout_account(method)
    uow.ledger.post(card_no, Posting("fee_returned", fee_account(JOB), account, row.fee), row.replacement_id, now)
    return uow.replacements.change(row, back_account=account, back_by=by.staff_id, back_at=now)


def close_replacement(uow: UnitOfWork, citizen_id: str, card_no: str, now: dt.datetime) -> Replacement | None:
    """The person's new card is made: it is the one that their newest open replacement, if any, was paid for."""
    row = next(iter(uow.replacements.open_of(citizen_id)), None)
    return uow.replacements.change(row, new_card_no=card_no, made_at=now) if row else None


def open_replacements(store: Store, *outlets: str, limit: int = 5) -> list[dict[str, Any]]:
    """The replacements of outlets that wait for their new card, newest first, with their person."""
    with store.read() as uow:
        waiting = uow.replacements.open_at(outlets, limit)
        return [replacement_view(uow, row) for row in waiting if uow.deaths.confirmed_of(row.citizen_id) is None]


def replacement_of(store: Store, card_no: str) -> dict[str, Any] | None:
    """The newest replacement of an old card."""
    with store.read() as uow:
        row = uow.replacements.latest_of(card_no)
        return replacement_view(uow, row) if row else None


def replacement_view(uow: UnitOfWork, row: Replacement) -> dict[str, Any]:
    """A replacement as it is shown, with what the old card had open."""
    citizen = uow.citizens.get_one(row.citizen_id)
    rows = uow.applications.of_card(row.old_card_no)
    waits = any(one.replacement_id == row.replacement_id for one in uow.replacements.open_of(row.citizen_id))
    takeover = uow.old_cards.get(row.old_card_no)
    return {
        "replacement_id": row.replacement_id,
        "old_card_no": row.old_card_no,
        "holder": citizen_json(citizen),
        "outlet_id": row.outlet_id,
        "reason": row.reason,
        "fee": row.fee,
        "rules": row.rules,
        "payment_method": row.payment_method,
        "phone": row.phone,
        "asked_at": row.asked_at.isoformat(),
        "new_card_no": None if waits else row.new_card_no,
        "waits": waits,
        "in_hand": known_card(uow, row.old_card_no).state in IN_HAND,
        "fee_back": row.back_at.isoformat() if row.back_at else None,
        "applications": {a.application: a.product for a in rows if a.state == "open"},
        "due": takeover.due.isoformat() if takeover and takeover.due else None,
    }
