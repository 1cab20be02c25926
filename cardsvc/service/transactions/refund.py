"""Refund (退款): a purse is drawn to zero with the card's proof, and its money goes back the way it came.

How much goes back, and to whom, is decided and committed before the MAC leaves; it is booked with the confirmation, so a card
that was pulled away is settled at its next contact as any purchase is. The desk shows the holder the same plan beforehand
(``plan_refund``), and what was shown is done or refused, never something else. An electronic deposit is drawn down by unload
where the card can, everything else by purchase (drawdown.py). The limit of a single spend does not apply.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cardsvc.card.periods import PursePeriods
from cardsvc.errors import CardError, RuleError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger import postings
from cardsvc.procedures.areas import AreaSight
from cardsvc.procedures.purse import read_balance
from cardsvc.rules import RefundRequest, RefundTerms, RuleSet, check_refund
from cardsvc.service.cash.drawer import cash_out
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Phase
from cardsvc.service.purse import areas
from cardsvc.service.purse.areas import LoadAreaParams, Target, outside_city_purse, target_of, wanted
from cardsvc.service.purse.debit import break_off_debit
from cardsvc.service.purse.drawdown import (
    Drawn,
    DrawnOutcome,
    authorise_drawdown,
    draw_down,
    initialize_emptying,
    refuse_changed,
    settle_drawdown,
)
from cardsvc.service.purse.open_money import refuse_while_open
from cardsvc.service.purse.settle import REFUND
from cardsvc.service.purse.ways import CASH, split, ways_of
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Refund
from cardsvc.units import LOCAL, format_yuan


class RefundParams(LoadAreaParams):
    """Parameters of a refund: which area, and of a month ticket which month.

    ``told``: the parts of the plan that the holder was shown and agreed to, in fen; None where nobody was shown one.
    """

    told: dict[str, int] | None = None


KEPT = ("fee", "forfeited", "gift")
"""Parts of a balance that do not go to its holder."""


@dataclass(frozen=True, slots=True)
class RefundPlan:
    """What becomes of a balance. ``back``: what goes to its holder, in fen, by way: ``cash``, or the account that pays it back
    through the channel it came by."""

    terms: RefundTerms
    back: Mapping[str, int]

    @property
    def parts(self) -> dict[str, int]:
        """Every part of the balance, in fen: the ways back, and what is kept."""
        kept = {name: int(getattr(self.terms, name)) for name in KEPT}
        return {**self.back, **{name: amount for name, amount in kept.items() if amount}}


def plan_refund(uow: UnitOfWork, rules: RuleSet, card_no: str, target: Target, balance: int, now: dt.datetime) -> RefundPlan:
    """What a refund of this balance does at this moment. Raises RuleError where a rule says no, CardError
    ``balance_above_books``."""
    refuse_bicycle(uow, card_no)
    refuse_above_books(uow, card_no, target, balance)
    ways = ways_of(uow, card_no, target.ref, balance)
    gift = sum(way.gift for way in ways)
    day = now.astimezone(LOCAL).date()
    terms = check_refund(rules, RefundRequest(target.product, target.area, balance, day, gift, target.period))
    if not terms.returned:
        raise RuleError(
            "rule_nothing_refunded", balance=format_yuan(balance), rule=", ".join(terms.rules), version=terms.version
        )
    return RefundPlan(terms, split(terms.returned, ways))


def _look(context: Context, _uow: UnitOfWork) -> Procedure[AreaSight]:
    refuse_while_open(context.facts["settled"])
    return areas.look(context)


def _choose(context: Context, _uow: UnitOfWork, sight: AreaSight, now: dt.datetime) -> Effect:
    """The purse that holds the month that is asked for."""
    area = wanted(context)
    record = areas.record_of(area, sight)
    target = areas.target_for_load(area, record, now.astimezone(LOCAL).date())
    if target.period is not None:
        kept = PursePeriods.parse(record.own)
        if target.period != (kept.ed if target.ref.purse == "ed" else kept.ep):
            raise CardError("area_not_loaded", month=target.period)
    return Effect(facts={"target": target.to_facts()})


def _balance(context: Context, _uow: UnitOfWork) -> Procedure[int]:
    refuse_while_open(context.facts["settled"])
    return read_balance(context.profile, target_of(context).ref)


def _plan(context: Context, uow: UnitOfWork, balance: int, now: dt.datetime) -> Effect:
    """Refuse early, before anything is asked of the purse."""
    _payouts(context, uow, target_of(context).product, _agreed(context, uow, balance, now))
    return Effect(facts={"balance": balance})


def refuse_bicycle(uow: UnitOfWork, card_no: str) -> None:
    """Raise RuleError ``bicycle_guarantee_held`` while a bicycle is out."""
    bicycle = uow.bicycle_holds.live_on(card_no)
    if bicycle is not None:
        raise RuleError("bicycle_guarantee_held", amount=format_yuan(bicycle.amount), card_no=card_no)


def refuse_above_books(uow: UnitOfWork, card_no: str, target: Target, balance: int) -> None:
    """Raise CardError ``balance_above_books``: a card cannot give back what was never put on it. Less than the books say is no
    error: offline purchases come in later, and a bicycle's guarantee is off the card while it is out."""
    purse = postings.purse_account(card_no, target.ref.application, target.ref.purse)
    booked = -uow.ledger.balances(card_no).get(purse, 0)
    if balance > booked:
        raise CardError("balance_above_books", balance=format_yuan(balance), booked=format_yuan(booked))


def _agreed(context: Context, uow: UnitOfWork, balance: int, now: dt.datetime) -> RefundPlan:
    """The plan, as the holder was told it. Raises RuleError ``refund_changed``, and as ``plan_refund`` does."""
    plan, told = plan_refund(uow, context.rules, context.card_no, target_of(context), balance, now), context.params.get("told")
    if told is not None and told != plan.parts:
        shown = sum(amount for name, amount in told.items() if name not in KEPT)
        raise RuleError("refund_changed", told=format_yuan(shown), returned=format_yuan(plan.terms.returned))
    return plan


def _authorise(context: Context, uow: UnitOfWork, init: Drawn, now: dt.datetime) -> Effect:
    """The terms once more, then the rows: from here on the card may be empty."""
    target, balance = target_of(context), init.balance
    refuse_changed(context, init)
    refuse_hot(uow, context.card_no)
    plan = _agreed(context, uow, balance, now)
    terms = plan.terms
    facts = authorise_drawdown(context, uow, target.ref, init, (balance, REFUND, ""), now)
    refund = Refund(
        card_no=context.card_no,
        purchase_id=facts["purchase_id"],
        product=target.product,
        area=target.area,
        balance=balance,
        returned=terms.returned,
        fee=terms.fee,
        forfeited=terms.forfeited,
        gift=terms.gift,
        payouts=_payouts(context, uow, target.product, plan),
        rules=list(terms.rules),
        rule_version=terms.version,
        planned_at=now,
    )
    uow.refunds.add(refund)
    return Effect(facts=facts)


def _payouts(context: Context, uow: UnitOfWork, product: str, plan: RefundPlan) -> list[dict[str, Any]]:
    """Each part with its account; cash comes out of the drawer, or the till, of who pays it. Raises OperationError
    ``drawer_holds_less``."""
    back, terms = dict(plan.back), plan.terms
    cash = back.pop(CASH, 0)
    parts = [("cash", cash_out(uow, context.actor, cash), cash)] if cash else []
    parts += [(f"channel_{number}", account, amount) for number, (account, amount) in enumerate(back.items(), start=1)]
    parts += [
        ("fee", postings.fee_account("refund"), terms.fee),
        ("forfeited", postings.fee_account("forfeited"), terms.forfeited),
        ("gift", postings.gift_account(product), terms.gift),
    ]
    return [{"kind": f"refund_{kind}", "account": account, "amount": amount} for kind, account, amount in parts if amount]


def _settle(context: Context, uow: UnitOfWork, outcome: DrawnOutcome, now: dt.datetime) -> Effect:
    row, failure = settle_drawdown(context, uow, outcome, now)
    if failure:
        return Effect(failed=failure)
    refund = uow.refunds.get_one(row.card_no, row.purchase_id)
    return Effect(done=_result(context, refund, row.state, row.tac))


def _result(context: Context, refund: Refund, state: str, tac: str | None) -> dict[str, Any]:
    target = target_of(context)
    return {
        "card_no": refund.card_no,
        "purchase_id": refund.purchase_id,
        "state": state,
        "product": refund.product,
        "area": refund.area,
        "period": str(target.period) if target.period else None,
        "amount": refund.balance,
        "returned": refund.returned,
        "fee": refund.fee,
        "forfeited": refund.forfeited,
        "gift": refund.gift,
        "payouts": refund.payouts,
        "tac": tac,
        "rules": refund.rules,
        "rule_version": refund.rule_version,
        "settled": context.facts["settled"],
    }


REFUND_OF_CARD = OperationKind(
    "refund",
    RefundParams,
    (
        *CONTACT,
        Phase("look", _look, _choose, needed=outside_city_purse),
        Phase("balance", _balance, _plan),
        Phase("initialize", initialize_emptying, _authorise),
        Phase("debit", draw_down, _settle, late=True),
    ),
    roles=frozenset({"desk"}),
    broken_off=break_off_debit,
)
