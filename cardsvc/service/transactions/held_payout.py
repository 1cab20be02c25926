"""Held money that no card will take (代管余额退款): its holder has no card any more, has died, or no card can hold it.

After the days of the rule a part is paid back the way it came, once: cash out of the drawer of whoever pays, everything else
through its channel, a gift to its giver. From the rule's amount on two people decide first (an approval of kind ``held_payout``
about the part), and then it is paid at the desk where the holder stands. New card and payout exclude each other under the old
card's lock: a part that a load took, or may have taken, is not paid back, and one that was paid back pays no load.
"""

import datetime as dt
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from cardsvc.errors import RequestError, RuleError
from cardsvc.ledger.postings import Posting, fee_account, gift_account, held_account
from cardsvc.rules import OpenRequest, PayoutTerms, RuleSet, check_moved, check_open, payout_terms
from cardsvc.rules.ruleset import Area
from cardsvc.service.cash.drawer import cash_out
from cardsvc.service.cash.shifts import TELLERS
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.known_card import IN_HAND
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.people.died import refuse_dead, require_death
from cardsvc.service.purse.areas import CITY_PURSE, PARKING_CARD
from cardsvc.service.purse.orders import return_waiting
from cardsvc.service.purse.ways import CASH, Way, booked_purses, split
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.approvals import MAX_TEXT, ApprovalKind
from cardsvc.service.transactions.takeovers import (
    destination,
    good_parts,
    hold_swapped,
    is_gone,
    move_from_books,
    reference_of,
)
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Approval, Card, HeldPayout, Staff, Takeover, TakeoverPart
from cardsvc.store.states import ApprovalState, OldCardState
from cardsvc.text import Text
from cardsvc.units import LOCAL, format_yuan

HELD = "held"
NO_CARD, DEATH, NOT_WRITABLE = "no_card", "death", "not_writable"
REASONS: Mapping[str, Text] = {
    NO_CARD: Text("不再办卡", "No card any more"),
    DEATH: Text("持卡人去世", "The holder has died"),
    NOT_WRITABLE: Text("写不进新卡", "The new card cannot take it"),
}
FEE, GIFT = "held_fee", "held_gift"


@dataclass(frozen=True, slots=True)
class PayoutClaim:
    """What a holder, or an heir, asks for: a part of an old card's money. ``papers``: what they show. Where two people agreed,
    reason and papers are those that they saw."""

    card_no: str
    part_id: str
    reason: str = ""
    papers: str = ""

    def checked(self) -> tuple[str, str]:
        """Reason and papers. Raises RequestError ``held_reason_wrong``, ``reason_missing``."""
        if self.reason not in REASONS:
            raise RequestError("held_reason_wrong", reason=self.reason[:16])
        if not 1 <= len(self.papers.strip()) <= MAX_TEXT:
            raise RequestError("reason_missing", length=MAX_TEXT)
        return self.reason, self.papers.strip()


def pay_held(
    store: Store, rules: RuleBook, actor: Actor, claim: PayoutClaim, *, by: Staff, now: dt.datetime, own_drawer: bool = False
) -> HeldPayout:
    """Pay a part back. Asked again by the same person, it is the same payout. ``own_drawer``: cash comes out of the open drawer
    of ``by``, at whatever desk it stands.

    Raises RequestError ``not_permitted``, ``held_reason_wrong``, ``reason_missing``, ``nothing_held``, ``held_waits``,
    ``held_can_be_written``, ``held_needs_approval``, ``already_given_back``, ``death_not_noted``, ``citizen_died``; RuleError
    ``rule_no_payout``; OperationError ``drawer_holds_less``, ``drawer_of_another``.
    """
    require_role(by, *TELLERS)
    return store.transact(lambda uow: _pay(uow, rules, (actor, by if own_drawer else None), claim, by, now))


def _pay(
    uow: UnitOfWork, rules: RuleBook, till: tuple[Actor, Staff | None], claim: PayoutClaim, by: Staff, now: dt.datetime
) -> HeldPayout:
    uow.cards.lock(claim.card_no)
    hold_swapped(uow, claim.card_no, now)
    known = uow.held_payouts.get(claim.card_no, claim.part_id)
    if known is not None:
        if known.paid_by != by.staff_id:  # another desk had the form open, and pays out of its own drawer
            at = f"{known.paid_at.astimezone(LOCAL):%Y-%m-%d %H:%M}"
            raise RequestError("already_given_back", by=known.paid_by, at=at, amount=format_yuan(known.returned))
        return known
    takeover, part = _part(uow, claim.card_no, claim.part_id)
    in_force = rules.in_force(uow, local_day(now))
    terms = payout_terms(in_force, HELD, takeover.held_on, local_day(now))
    if local_day(now) < terms.due:
        raise RequestError("held_waits", card_no=part.card_no, due=terms.due)
    approval = agreed(uow, part)
    if approval is None and part.amount >= terms.approve_from:
        raise RequestError("held_needs_approval", amount=format_yuan(part.amount))
    reason, papers = (approval.payload["reason"], approval.payload["papers"]) if approval else claim.checked()
    _check_death(uow, part.card_no, reason)
    _refuse_writable(uow, in_force, part, reason, local_day(now))
    if reason != NOT_WRITABLE:
        return_waiting(uow, part.card_no, now)
    payouts = _payouts(uow, till, part, terms)
    row = HeldPayout(
        part.card_no,
        part.part_id,
        str(uuid.uuid4()),
        part.amount,
        sum(piece["amount"] for piece in payouts if piece["kind"] not in (FEE, GIFT)),
        reason,
        papers,
        payouts,
        list(terms.rules),
        terms.version,
        approval.approval_id if approval else None,
        by.staff_id,
        now,
    )
    for piece in payouts:
        posting = Posting(piece["kind"], held_account(part.card_no), piece["account"], piece["amount"])
        uow.ledger.post(part.card_no, posting, part.part_id, now)  # of a kind once a part: the database sees to it
    return uow.held_payouts.add(row)


def _check_death(uow: UnitOfWork, card_no: str, reason: str) -> None:
    """To an heir it is paid when two people have confirmed the death, and then to nobody else.

    Raises RequestError ``death_not_noted``, ``citizen_died``.
    """
    card = uow.cards.get(card_no)
    if card is None:
        raise RequestError("nothing_held", card_no=card_no)
    (require_death if reason == DEATH else refuse_dead)(uow, card.citizen_id)


def _part(uow: UnitOfWork, card_no: str, part_id: str) -> tuple[Takeover, TakeoverPart]:
    """A part that is still held. Raises RequestError ``nothing_held``."""
    takeover = uow.old_cards.get(card_no)
    part = next((part for part in good_parts(uow, card_no) if part.part_id == part_id), None) if takeover else None
    if takeover is None or part is None or is_gone(uow, part):
        raise RequestError("nothing_held", card_no=card_no)
    return takeover, part


def move_due(store: Store, card_no: str, now: dt.datetime) -> None:
    """On its day the books decide about a card that could not be read, also where no new card asks for it. Raises what
    ``takeovers.move_from_books`` raises."""

    def work(uow: UnitOfWork) -> None:
        uow.cards.lock(card_no)
        takeover = uow.old_cards.get(card_no)
        if takeover is not None and takeover.state != OldCardState.READING:
            move_from_books(uow, takeover, now)

    store.transact(work)


def agreed(uow: UnitOfWork, part: TakeoverPart) -> Approval | None:
    """What two people agreed on about this part."""
    decided = (a for a in uow.approvals.of_subject(reference_of(part)) if a.kind == HELD_PAYOUT.name)
    return next((approval for approval in decided if approval.state == ApprovalState.APPROVED), None)


def _refuse_writable(uow: UnitOfWork, rules: RuleSet, part: TakeoverPart, reason: str, day: dt.date) -> None:
    """Raise RequestError ``held_can_be_written`` while the holder has a card that takes the money; none of a dead one does."""
    if reason == DEATH:
        return
    old = uow.cards.get(part.card_no)
    citizen_id = old.citizen_id if old else ""
    card = next((card for card in uow.cards.of_citizen(citizen_id) if card.state in IN_HAND), None)
    if card is None:
        return
    if reason != NOT_WRITABLE or _fits(uow, rules, card, part, day):
        raise RequestError("held_can_be_written", card_no=card.card_no)


def _fits(uow: UnitOfWork, rules: RuleSet, card: Card, part: TakeoverPart, day: dt.date) -> bool:
    """Whether the rules let this card hold it: the cap over what the books have where the money goes (a withdrawn
    product's to its new one), and its application open or to be opened for this holder."""
    product, area, goal = destination(rules, part, day)
    booked = dict(booked_purses(uow, card.card_no)).get(goal, 0)
    holds = PARKING_CARD if goal.application == "parking" else product
    row = uow.applications.get(card.card_no, goal.application)
    is_open = row is not None and (row.state, row.product) == ("open", holds)
    try:
        check_moved(rules, product, cast("Area", area), booked + part.amount, day)
        if goal.application != CITY_PURSE.application and not is_open:
            citizen = uow.citizens.get(card.citizen_id)
            birth_date = citizen.birth_date if citizen else day
            check_open(rules, OpenRequest(goal.application, holds, birth_date, day, card.expiry_date))
    except RuleError:
        return False
    return True


def _payouts(uow: UnitOfWork, till: tuple[Actor, Staff | None], part: TakeoverPart, terms: PayoutTerms) -> list[dict[str, Any]]:
    """Each piece with its account: together the part."""
    ways = tuple(Way(*way) for way in part.ways)
    gift = sum(way.gift for way in ways)
    own = part.amount - gift
    fee = terms.fee(own)
    back = split(own - fee, ways)
    cash = back.pop(CASH, 0)
    pieces = [("held_cash", cash_out(uow, till[0], cash, till[1]), cash)] if cash else []
    pieces += [(f"held_channel_{number}", to, amount) for number, (to, amount) in enumerate(back.items(), start=1)]
    pieces += [(FEE, fee_account("refund"), fee), (GIFT, gift_account(part.product), gift)]
    return [{"kind": kind, "account": account, "amount": amount} for kind, account, amount in pieces if amount]


def _check(uow: UnitOfWork, subject: str, payload: Mapping[str, Any]) -> None:
    """The reason is one, the papers are named, the money is still held."""
    card_no, _, part_id = subject.partition(":")
    reason, _papers = PayoutClaim(card_no, part_id, str(payload.get("reason", "")), str(payload.get("papers", ""))).checked()
    uow.cards.lock(card_no)
    _takeover, part = _part(uow, card_no, part_id)
    if payload.get("amount") != part.amount:
        raise RequestError("nothing_held", card_no=card_no)
    _check_death(uow, card_no, reason)


def _agree(_uow: UnitOfWork, approval: Approval, _now: dt.datetime) -> dict[str, Any]:
    """Nothing moves yet: it is paid at the desk where the holder stands."""
    return {"part": approval.subject, "amount": approval.payload["amount"]}


HELD_PAYOUT = ApprovalKind(
    "held_payout",
    proposers=frozenset(TELLERS),
    approvers=frozenset({"supervisor"}),
    check=_check,
    carry_out=_agree,
)


def asked_of(store: Store, card_no: str, part_id: str) -> Approval | None:
    """What waits for a second person about a part."""
    with store.read() as uow:
        return next(iter(uow.approvals.open_on(HELD_PAYOUT.name, f"{card_no}:{part_id}")), None)


def payout_asked(store: Store, claim: PayoutClaim) -> tuple[str, dict[str, Any]]:
    """Subject and payload of the proposal. Raises RequestError as ``pay_held`` does, ``nothing_held`` included."""
    reason, papers = claim.checked()
    with store.read() as uow:
        _takeover, part = _part(uow, claim.card_no, claim.part_id)
    return reference_of(part), {"reason": reason, "papers": papers, "amount": part.amount}
