"""An old card that can be read gives its money itself: purse by purse it is drawn to zero, with the card's proof.

One operation draws one purse; it says what is left, and is asked again until nothing is. A card whose last purse is empty is
replaced. An old card that shows up when nothing comes from it any more is told so, and nothing is booked.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.card.periods import PursePeriods
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger import postings
from cardsvc.procedures.areas import AreaSight
from cardsvc.procedures.identify import CardSight, identify
from cardsvc.procedures.money import read_money
from cardsvc.procedures.purse import PurseRef
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.operations.known_card import not_issued
from cardsvc.service.purse.areas import PURSE_PRODUCTS, Target, target_of
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
from cardsvc.service.purse.open_money import open_facts, refuse_while_open
from cardsvc.service.transactions.contact import SETTLE, seen_card
from cardsvc.service.transactions.refund import refuse_above_books, refuse_bicycle
from cardsvc.service.transactions.takeovers import add_part, begin_reading, finish, shows_money
from cardsvc.store import UnitOfWork
from cardsvc.store.records import TakeoverPart
from cardsvc.store.states import OldCardState
from cardsvc.units import LOCAL

TRANSFER = "card_transfer"


class TransferOutParams(Params):
    """A transfer takes no parameters: the card gives all it has."""


def _identify(context: Context, _uow: UnitOfWork) -> Procedure[CardSight]:
    return identify(context.profile)


def _bind(context: Context, uow: UnitOfWork, sight: CardSight, _now: dt.datetime) -> Effect:
    """An issued card, or one that was taken in: whether its money is gone is told when its balance is known."""
    card = seen_card(context, uow, sight)
    takeover = uow.old_cards.get(card.card_no)
    if card.state != "issued" and takeover is None:
        raise not_issued(card)
    return Effect(facts=open_facts(uow, card.card_no), card_no=card.card_no, key_versions=card.key_versions)


def _look(context: Context, _uow: UnitOfWork) -> Procedure[Mapping[str, AreaSight]]:
    refuse_while_open(context.facts["settled"])
    return read_money(context.profile)


def _choose(context: Context, uow: UnitOfWork, sights: Mapping[str, AreaSight], now: dt.datetime) -> Effect:
    """The first purse with money; without any the card is replaced. Month money counts that was good when the card was taken
    in, as it does when the books decide."""
    card_no, takeover = context.card_no, uow.old_cards.get(context.card_no)
    taken_in = takeover is not None and takeover.due is not None
    day = takeover.held_on if takeover and taken_in else now.astimezone(LOCAL).date()
    if takeover is not None and takeover.state == OldCardState.MOVED:
        total = sum(sum(sight.balances.values()) for sight in sights.values())
        return Effect(failed=shows_money(uow, card_no, total))
    refuse_bicycle(uow, card_no)
    found, void = _sorted_out(sights, day)
    if not found:
        begin_reading_once(context, uow, now)
        finish(uow, card_no, void, now)
        return Effect(done=_result(context, None, [], None))
    (target, balance), *left = found
    refuse_above_books(uow, card_no, target, balance)
    others = [{"product": other.product, "area": other.area, "amount": amount} for other, amount in left]
    lapses = [[ref.application, ref.purse, amount] for ref, amount in void]
    return Effect(facts={"target": target.to_facts(), "balance": balance, "left": others, "void": lapses})


def _sorted_out(sights: Mapping[str, AreaSight], day: dt.date) -> tuple[list[tuple[Target, int]], list[tuple[PurseRef, int]]]:
    """Purses whose money moves, and those whose month was over on that day: their money lapses."""
    money = _money(sights)
    found = [(target, balance) for target, balance in money if not target.period or day < target.period.end]
    return found, [(target.ref, balance) for target, balance in money if (target, balance) not in found]


def _money(sights: Mapping[str, AreaSight]) -> list[tuple[Target, int]]:
    """Every purse with money in it, in a fixed order."""
    found = []
    for application, sight in sights.items():
        for purse, balance in sight.balances.items():
            if balance:
                found.append((_target(application, sight, purse), balance))
    return found


def _target(application: str, sight: AreaSight, purse: str) -> Target:
    ref = PurseRef(application, purse)
    if application != "bus":
        return Target("parking" if application == "parking" else "citizen", "purse", ref)
    if sight.record is None or not sight.record.product.strip():
        raise CardError("application_record_lost", application=application)
    product, kept = sight.record.product, PursePeriods.parse(sight.record.own)
    period = kept.ed if purse == "ed" else kept.ep
    if product in PURSE_PRODUCTS or period is None:
        return Target(product, "purse", ref)
    if period.first == period.last:
        return Target(product, "month", ref, period)
    return Target(product, "term" if product == "B" else "season", ref, period)


def begin_reading_once(context: Context, uow: UnitOfWork, now: dt.datetime) -> None:
    """Note that the card gives its money itself, if that is not noted yet."""
    takeover = uow.old_cards.get(context.card_no)
    if takeover is None or takeover.state != OldCardState.READING:
        begin_reading(uow, context.card_no, context.actor.id, now)


def _authorise(context: Context, uow: UnitOfWork, init: Drawn, now: dt.datetime) -> Effect:
    """From here on the card may be empty, and the books give nothing for this purse."""
    target, card_no, balance = target_of(context), context.card_no, init.balance
    refuse_changed(context, init)
    takeover = uow.old_cards.get(card_no)
    if takeover is not None and takeover.state == OldCardState.MOVED:
        raise shows_money(uow, card_no, balance)
    if takeover is None:
        refuse_hot(uow, card_no)
    refuse_bicycle(uow, card_no)
    refuse_above_books(uow, card_no, target, balance)
    begin_reading_once(context, uow, now)
    facts = authorise_drawdown(context, uow, target.ref, init, (balance, TRANSFER, postings.held_account(card_no)), now)
    identifier, ref = facts["purchase_id"], target.ref
    first = target.period.first if target.period else None
    part = TakeoverPart(
        card_no, identifier, ref.application, ref.purse, target.product, target.area, first, balance, [], identifier, now
    )
    add_part(uow, part)
    return Effect(facts=facts)


def _settle(context: Context, uow: UnitOfWork, outcome: DrawnOutcome, now: dt.datetime) -> Effect:
    row, failure = settle_drawdown(context, uow, outcome, now)
    if failure:
        return Effect(failed=failure)
    takeover = uow.old_cards.get(context.card_no)
    if not context.facts["left"] and takeover is not None and takeover.state == OldCardState.READING:
        finish(uow, context.card_no, [(PurseRef(name, purse), amount) for name, purse, amount in context.facts["void"]], now)
    return Effect(done=_result(context, row.amount, context.facts["left"], row.tac))


def _result(context: Context, amount: int | None, left: list[Any], tac: str | None) -> dict[str, Any]:
    target = target_of(context) if amount else None
    return {
        "card_no": context.card_no,
        "state": "reading" if left else "moved",
        "product": target.product if target else None,
        "area": target.area if target else None,
        "period": str(target.period) if target and target.period else None,
        "amount": amount or 0,
        "left": left,
        "tac": tac,
        "settled": context.facts["settled"],
    }


TRANSFER_OUT = OperationKind(
    "transfer_out",
    TransferOutParams,
    (
        Phase("identify", _identify, _bind),
        *SETTLE,
        Phase("look", _look, _choose),
        Phase("initialize", initialize_emptying, _authorise),
        Phase("debit", draw_down, _settle, late=True),
    ),
    roles=frozenset({"desk"}),
    broken_off=break_off_debit,
)
