"""Deposits (押金): taken with a product's card, given back less what its use took off. Money moves by postings only."""

import datetime as dt
from typing import Any

from cardsvc.errors import RequestError
from cardsvc.ledger.postings import Posting, deposit_account, fee_account, payout_account
from cardsvc.rules import deposit_refund
from cardsvc.rules.refunds import deposit_rule
from cardsvc.service.cash.drawer import cash_in, cash_out
from cardsvc.service.loss.hotlist import is_wanted, refuse_hot
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.operations.known_card import issued_card
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
        if uow.deposits.get(card_no) is not None:
            raise RequestError("deposit_already_taken", card_no=card_no)
        paid = payment.model_dump()
        refuse_paid(uow, paid)
        source = cash_in(uow, actor, by) if payment.method == CASH else money_source(uow, actor, paid)
        note_given(uow, card_no, card_no, rule.amount, paid, source, now)
        uow.ledger.post(card_no, Posting("deposit_taken", source, deposit_account(card_no), rule.amount), card_no, now)
        state = DepositState.TAKEN
        return uow.deposits.add(
            Deposit(
                card_no,
                product,
                rule.amount,
                state,
                payment.method,
                source,
                rule.id,
                today,
                by.staff_id,
                payment_reference=payment.reference,
            )
        )

    return store.transact(work)


def _issued(uow: UnitOfWork, card_no: str) -> None:
    uow.cards.lock(card_no)
    issued_card(uow, card_no)
    refuse_hot(uow, card_no)


def return_deposit(store: Store, rules: RuleBook, actor: Actor, card_no: str, *, by: Staff, now: dt.datetime) -> Deposit:
    """Give back what is left of a deposit, the way it came: cash in cash from the drawer of ``by``, everything else through
    its channel.

    Raises RequestError ``deposit_not_held``, ``deposit_card_holds_money``, ``not_permitted``; RuleError
    ``bicycle_guarantee_held``, ``rule_day_before_issue``; OperationError ``drawer_holds_less``, ``drawer_of_another``.
    """
    require_role(by, *MAY_HANDLE)
    return store.transact(lambda uow: _return(uow, rules, actor, card_no, by, now))


def _return(uow: UnitOfWork, rules: RuleBook, actor: Actor, card_no: str, by: Staff, now: dt.datetime) -> Deposit:
    uow.cards.lock(card_no)
    held = uow.deposits.get(card_no)
    if held is None or held.state != DepositState.TAKEN:
        raise RequestError("deposit_not_held", card_no=card_no)
    refuse_bicycle(uow, card_no)
    if is_wanted(uow, card_no):  # who brings a card back has it, and a lost one is released first
        refuse_hot(uow, card_no)
    _refuse_money(uow, card_no)
    today = local_day(now)
    terms = deposit_refund(rules.in_force(uow, today), held.product, held.amount, held.taken_on, today)
    cash = held.payment_method == CASH
    back = cash_out(uow, actor, terms.returned, by) if cash else payout_account(held.payment_method)
    parts = (("deposit_returned", back, terms.returned), ("deposit_worn", fee_account("depreciation"), terms.depreciation))
    for kind, account, amount in parts:
        if amount:
            uow.ledger.post(card_no, Posting(kind, deposit_account(card_no), account, amount), card_no, now)
    state = DepositState.RETURNED
    return uow.deposits.change(held, state=state, returned=terms.returned, returned_by=by.staff_id, returned_at=now)


def _refuse_money(uow: UnitOfWork, card_no: str) -> None:
    """A card that is given back is empty first: its purses are refunded, and nothing is open."""
    own = tuple(f"{kind}:{card_no}" for kind in ("purse", "suspense", "order"))
    left = sum(-amount for account, amount in uow.ledger.balances(card_no).items() if account.startswith(own))
    if left or uow.purchases.open_on(card_no):
        raise RequestError("deposit_card_holds_money", card_no=card_no, amount=format_yuan(left))


def deposit_view(row: Deposit) -> dict[str, Any]:
    """A deposit as a view shows it."""
    return {
        "card_no": row.card_no,
        "product": row.product,
        "amount": row.amount,
        "state": str(row.state),
        "taken_on": row.taken_on.isoformat(),
        "returned": row.returned,
        "depreciation": None if row.returned is None else row.amount - row.returned,
        "rule": row.rule,
    }
