"""Deposits (押金): taken with a product's card, given back less what its use took off. Money moves by postings only."""

import datetime as dt
import uuid
from typing import Any

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.ledger.postings import Posting, deposit_account, fee_account, held_account, payout_account
from cardsvc.rules import deposit_refund
from cardsvc.rules.refunds import DepositTerms, deposit_rule
from cardsvc.service.cash.drawer import cash_in, cash_out, refuse_unpayable
from cardsvc.service.loss.hotlist import is_wanted, refuse_hot
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.known_card import IN_HAND, issued_card
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.purse.payments import Payment, money_source, note_given, refuse_paid
from cardsvc.service.purse.ways import CASH
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.transactions.refund import refuse_bicycle
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Deposit, Staff
from cardsvc.store.states import DepositState
from cardsvc.units import format_yuan

MAY_HANDLE = ("clerk", "cashier", "supervisor")
LIBRARY = "library"
"""The application whose deposit belongs to no card product: it goes back when nothing is borrowed any more."""
BODY_GONE = ("lost", "damaged")
"""Reasons of a replacement by which the old card's body does not come back as it was given: a deposit for it stays with it."""


def take_deposit(
    store: Store, rules: RuleBook, actor: Actor, card_no: str, product: str, payment: Payment, *, by: Staff, now: dt.datetime
) -> Deposit:
    """Take the deposit that the rules ask for; cash goes into the drawer of ``by``, at whatever desk it stands.

    Raises CardError ``card_unknown``, ``card_not_issued``; RequestError ``deposit_already_taken``, ``payment_reference_used``,
    ``cash_given_short``, ``not_permitted``; RuleError ``rule_no_deposit``; OperationError ``drawer_of_another``.
    """
    require_role(by, *MAY_HANDLE)
    today = local_day(now)

    def work(uow: UnitOfWork) -> Deposit:
        rule = deposit_rule(rules.in_force(uow, today), product, today)
        _issued(uow, card_no)
        if uow.deposits.held_on(card_no) is not None:
            raise RequestError("deposit_already_taken", card_no=card_no)
        number, paid = str(uuid.uuid4()), payment.model_dump()
        refuse_paid(uow, paid)
        source = cash_in(uow, actor, by) if payment.method == CASH else money_source(uow, actor, paid)
        note_given(uow, card_no, number, rule.amount, paid, source, now)
        uow.ledger.post(card_no, Posting("deposit_taken", source, deposit_account(card_no), rule.amount), number, now)
        of_card, how = (number, card_no, product, rule.amount), (payment.method, source, rule.id)
        when = today, now, by.staff_id
        reference = payment.reference
        return uow.deposits.add(Deposit(*of_card, DepositState.TAKEN, *how, *when, payment_reference=reference))

    return store.transact(work)


def _issued(uow: UnitOfWork, card_no: str) -> None:
    uow.cards.lock(card_no)
    issued_card(uow, card_no)
    refuse_hot(uow, card_no)


def return_deposit(
    store: Store, rules: RuleBook, actor: Actor, card_no: str, *, told: int | None = None, by: Staff, now: dt.datetime
) -> Deposit:
    """Give back what is left of a deposit, the way it came: cash in cash from the drawer of ``by``, everything else through
    its channel. ``told``: what the holder was shown, in fen; another amount is refused.

    Raises RequestError ``deposit_not_held``, ``deposit_card_holds_money``, ``deposit_application_open``, ``deposit_changed``,
    ``not_permitted``; RuleError ``bicycle_guarantee_held``, ``rule_day_before_issue``; OperationError ``drawer_holds_less``,
    ``drawer_of_another``.
    """
    require_role(by, *MAY_HANDLE)
    return store.transact(lambda uow: _return(uow, rules, actor, (card_no, told), by, now))


def _return(
    uow: UnitOfWork, rules: RuleBook, actor: Actor, asked: tuple[str, int | None], by: Staff, now: dt.datetime
) -> Deposit:
    card_no, told = asked
    uow.cards.lock(card_no)
    held, terms = _plan(uow, rules, card_no, now)
    if told not in (None, terms.returned):
        raise RequestError("deposit_changed", told=format_yuan(told or 0), returned=format_yuan(terms.returned))
    cash = held.payment_method == CASH
    back = cash_out(uow, actor, terms.returned, by) if cash else payout_account(held.payment_method)
    parts = (("deposit_returned", back, terms.returned), ("deposit_worn", fee_account("depreciation"), terms.depreciation))
    for kind, account, amount in parts:
        if amount:
            uow.ledger.post(card_no, Posting(kind, deposit_account(card_no), account, amount), held.deposit_id, now)
    state = DepositState.RETURNED
    return uow.deposits.change(held, state=state, returned=terms.returned, returned_by=by.staff_id, returned_at=now)


def _plan(uow: UnitOfWork, rules: RuleBook, card_no: str, now: dt.datetime) -> tuple[Deposit, DepositTerms]:
    """The deposit that is held, and what becomes of it now. Raises as ``return_deposit``."""
    held = uow.deposits.held_on(card_no)
    if held is None:
        raise RequestError("deposit_not_held", card_no=card_no)
    refuse_bicycle(uow, card_no)
    if is_wanted(uow, card_no):  # who brings a card back has it, and a lost one is released first
        refuse_hot(uow, card_no)
    if held.product == LIBRARY:
        _refuse_borrowing(uow, card_no)
    else:
        _refuse_money(uow, card_no)
    today = local_day(now)
    return held, deposit_refund(rules.in_force(uow, today), held.product, held.amount, held.taken_on, today)


def deposit_plan(store: Store, rules: RuleBook, actor: Actor | None, card_no: str, now: dt.datetime) -> dict[str, Any]:
    """What may be done about a card's deposit now: ``deposits`` (all there were, the last first); of the one that is held
    ``back`` (what goes back and what is kept, in fen, and the way) or ``refused`` (why not); else ``takes`` (product, amount,
    rule).

    ``actor``: whose drawer pays cash; None where nobody asks about it."""
    with store.read() as uow:
        found: dict[str, Any] = {"deposits": [deposit_view(row) for row in uow.deposits.of_card(card_no)]}
        held = uow.deposits.held_on(card_no)
        if held is None:
            card, day = uow.cards.get(card_no), local_day(now)
            offered = rules.in_force(uow, day).deposit if card and card.state == "issued" else ()
            takes = [{"product": r.product, "amount": r.amount, "rule": r.id} for r in offered if r.holds(day)]
            return {**found, "takes": takes, "back": None, "refused": None}
        try:
            _held, terms = _plan(uow, rules, card_no, now)
            if actor is not None and held.payment_method == CASH:
                refuse_unpayable(uow, actor, terms.returned)
        except CardsvcError as error:
            return {**found, "takes": [], "back": None, "refused": error}
    back = {"returned": terms.returned, "depreciation": terms.depreciation, "way": held.payment_method, "rules": terms.rules}
    return {**found, "takes": [], "back": back, "refused": None}


def holds_deposit(uow: UnitOfWork, citizen_id: str, product: str) -> bool:
    """Whether a deposit of this product is held on any card of a person: a replaced card keeps its own."""
    held = (uow.deposits.held_on(card.card_no) for card in uow.cards.of_citizen(citizen_id))
    return any(one is not None and one.product == product for one in held)


def follow_replacement(uow: UnitOfWork, new_no: str, now: dt.datetime) -> None:
    """The holder has the new card: the deposit of the one before is on it now, with the day it was taken on. One of a card's
    body stays where that body was lost or damaged. By way of ``held``, so that each card's chain agrees by itself."""
    held = _of_cards_before(uow, new_no)
    if held is None or uow.deposits.held_on(new_no) is not None:
        return
    uow.cards.lock(held.card_no)
    between = held_account(held.card_no)
    for chain, kind, debit, credit in (
        (held.card_no, "deposit_left", deposit_account(held.card_no), between),
        (new_no, "deposit_moved", between, deposit_account(new_no)),
    ):
        uow.ledger.post(chain, Posting(kind, debit, credit, held.amount), held.deposit_id, now)
    uow.deposits.change(held, card_no=new_no)


def _of_cards_before(uow: UnitOfWork, card_no: str) -> Deposit | None:
    """The deposit on the last of the cards that this one replaces, directly or through cards that nobody took."""
    row = uow.replacements.by_new_card(card_no)
    while row is not None:
        held = uow.deposits.held_on(row.old_card_no)
        if held is not None:
            return held if held.product == LIBRARY or row.reason not in BODY_GONE else None
        row = uow.replacements.by_new_card(row.old_card_no)
    return None


def _refuse_borrowing(uow: UnitOfWork, card_no: str) -> None:
    """Everything was returned to the library first, and its application closed, on this card and the one that replaced it."""
    card = uow.cards.get(card_no)
    cards = uow.cards.of_citizen(card.citizen_id) if card else []
    for one in (one for one in cards if one.state in IN_HAND):
        row = uow.applications.get(one.card_no, LIBRARY)
        if row is not None and row.state != "closed":
            raise RequestError("deposit_application_open", card_no=one.card_no)


def _refuse_money(uow: UnitOfWork, card_no: str) -> None:
    """A card that is given back is empty first: its purses are refunded, and nothing is open."""
    own = tuple(f"{kind}:{card_no}" for kind in ("purse", "suspense", "order"))
    left = sum(-amount for account, amount in uow.ledger.balances(card_no).items() if account.startswith(own))
    if left or uow.purchases.open_on(card_no):
        raise RequestError("deposit_card_holds_money", card_no=card_no, amount=format_yuan(left))


def deposit_view(row: Deposit) -> dict[str, Any]:
    """A deposit as a view shows it."""
    return {
        "deposit_id": row.deposit_id,
        "card_no": row.card_no,
        "product": row.product,
        "amount": row.amount,
        "state": str(row.state),
        "taken_on": row.taken_on.isoformat(),
        "returned": row.returned,
        "depreciation": None if row.returned is None else row.amount - row.returned,
        "rule": row.rule,
    }
