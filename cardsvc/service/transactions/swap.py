"""A withdrawn bus product that holds money is swapped on the same card (停用产品换杭州通): free, the balance at once.

Its purse is drawn to zero with the card's proof, the application becomes the product that the rules name, and the money is
written to the city purse. From the first step on it is an order that waits for this card (purse/swapped.py): pulled away
anywhere, the card gets it at its next tap, and the same job again does what is left.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from cardsvc.card.periods import PursePeriods
from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.errors import RequestError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger import postings
from cardsvc.procedures.applications import write_application
from cardsvc.procedures.areas import AreaSight
from cardsvc.procedures.money import read_money
from cardsvc.procedures.purse import PurseRef
from cardsvc.rules import OpenRequest, check_moved, check_open
from cardsvc.rules.life import swapped
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase, silent
from cardsvc.service.people.died import refuse_dead_holder
from cardsvc.service.purse.areas import CITY_PURSE, PURSE_PRODUCTS, Target, target_of
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.service.purse.drawdown import (
    Drawn,
    authorise_drawdown,
    draw_down,
    end_drawdown,
    initialize_emptying,
    refuse_changed,
)
from cardsvc.service.purse.open_money import refuse_while_open
from cardsvc.service.purse.swapped import SWAP, SWAP_CHANNEL, swap_order_id
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.service.transactions.fetch import order_job
from cardsvc.service.transactions.refund import refuse_above_books, refuse_bicycle
from cardsvc.service.transactions.topup import LOAD, break_off_load
from cardsvc.store import UnitOfWork
from cardsvc.store.records import CardApplication, TopUpOrder
from cardsvc.units import LOCAL, format_yuan

BUS = "bus"


class SwapParams(Params):
    """A swap takes no parameters: the card has one bus product, and the rules say what it becomes."""


def _look(context: Context, _uow: UnitOfWork) -> Procedure[Mapping[str, AreaSight]]:
    refuse_while_open(context.facts["settled"])
    return read_money(context.profile)


def _choose(context: Context, uow: UnitOfWork, sights: Mapping[str, AreaSight], now: dt.datetime) -> Effect:
    """Everything that may refuse it, before the card is touched. What was drawn by a swap that broke off is not drawn again.

    Raises RequestError ``application_not_open``, ``product_not_withdrawn``, ``application_holds_money`` (of months, which are
    bound to the product), ``nothing_to_swap``; RuleError where the new product or the city purse says no, or a bicycle is out;
    CardError ``balance_above_books``.
    """
    day, seen = now.astimezone(LOCAL).date(), sights[BUS]
    record = seen.record
    if record is None or record.state is not ApplicationState.OPEN:
        raise RequestError("application_not_open", application=BUS)
    becomes = _becomes(context, uow, record.product, day)
    target, balance = Target(record.product, "purse", PurseRef(BUS, "ep")), 0
    if record.product in PURSE_PRODUCTS:
        balance = seen.balances["ep"]
    elif record.product != becomes:
        _refuse_month_money(record, seen, day)
    if not balance and _waiting(context, uow) is None:
        raise RequestError("nothing_to_swap", product=becomes)
    refuse_bicycle(uow, context.card_no)
    refuse_above_books(uow, context.card_no, target, balance)
    _check_room(context, uow, sights[CITY_PURSE.application].balances["ep"] + balance, day)
    own = record.own if record.product == becomes else bytes(ApplicationRecord.OWN_LENGTH)
    written = _record(context, uow, becomes, own, day).encode().hex()
    return Effect(facts={"target": target.to_facts(), "balance": balance, "records": {BUS: written}})


def _becomes(context: Context, uow: UnitOfWork, on_card: str, day: dt.date) -> str:
    """What the card's product, or the one that the books still have, becomes."""
    row = uow.applications.get(context.card_no, BUS)
    for product in (on_card, row.product if row else on_card):
        becomes, rule = swapped(context.rules, BUS, product, day)
        if rule is not None:
            return becomes
    raise RequestError("product_not_withdrawn", product=on_card)


def _waiting(context: Context, uow: UnitOfWork) -> TopUpOrder | None:
    """What an earlier swap drew, and did not write."""
    return next((order for order in uow.orders.waiting(context.card_no) if order.channel == SWAP_CHANNEL), None)


def _draws(context: Context) -> bool:
    return bool(context.facts["balance"])


def _refuse_month_money(record: ApplicationRecord, seen: AreaSight, day: dt.date) -> None:
    kept = PursePeriods.parse(record.own)
    periods = (("ed", kept.ed), ("ep", kept.ep))
    good = sum(seen.balances[purse] for purse, period in periods if period is not None and day < period.end)
    if good:
        raise RequestError("application_holds_money", application=BUS, amount=format_yuan(good))


def _check_room(context: Context, uow: UnitOfWork, balance: int, day: dt.date) -> None:
    """The cap of the city purse, over what waits for it too."""
    refuse_dead_holder(uow, context.card_no)
    waiting = sum(order.amount for order in uow.orders.waiting(context.card_no) if order.product == "citizen")
    check_moved(context.rules, "citizen", "purse", balance + waiting, day)


def _record(context: Context, uow: UnitOfWork, product: str, own: bytes, day: dt.date) -> ApplicationRecord:
    """The application as the new product, from today on and by its terms."""
    card = uow.cards.get_one(context.card_no)
    citizen = uow.citizens.get_one(card.citizen_id)
    terms = check_open(context.rules, OpenRequest(BUS, product, citizen.birth_date, day, card.expiry_date))
    return ApplicationRecord(ApplicationState.OPEN, product, " ", terms.valid_from, terms.valid_to, terms.review, own)


def _authorise(context: Context, uow: UnitOfWork, init: Drawn, now: dt.datetime) -> Effect:
    """From here on the purse may be empty, and its money an order."""
    target, balance = target_of(context), init.balance
    refuse_changed(context, init)
    refuse_hot(uow, context.card_no)
    refuse_bicycle(uow, context.card_no)
    refuse_above_books(uow, context.card_no, target, balance)
    payee = postings.order_account(context.card_no)
    return Effect(facts=authorise_drawdown(context, uow, target.ref, init, (balance, SWAP, payee), now))


def _write(context: Context, _uow: UnitOfWork) -> Procedure[ApplicationRecord]:
    keys = CardKeys(context.keystore, context.card_no, context.versions)
    record = bytes.fromhex(context.facts["records"][BUS])
    return write_application(context.profile, BUS, record, lambda challenge, text: keys.line_mac(BUS, challenge, text))


def _written(context: Context, uow: UnitOfWork, record: ApplicationRecord, now: dt.datetime) -> Effect:
    dates = record.valid_from, record.valid_to
    row = CardApplication(context.card_no, BUS, "open", record.product, *dates, context.operation.operation_id, now)
    uow.applications.put(row)
    return Effect()


def _nothing(_context: Context, _uow: UnitOfWork) -> Procedure[None]:
    return silent()


def _ordered(context: Context, uow: UnitOfWork, _value: Any, _now: dt.datetime) -> Effect:
    """The order takes the place of a top-up's parameters, the city purse that of the bus purse."""
    drawn = context.facts.get("purchase_id")
    order = uow.orders.get(context.card_no, swap_order_id(drawn)) if drawn else _waiting(context, uow)
    if order is None:
        raise RequestError("no_order_waiting")
    return Effect(facts={"order": order_job(order), "target": None})


SWAP_PRODUCT = OperationKind(
    "swap",
    SwapParams,
    (
        *CONTACT,
        Phase("look", _look, _choose),
        Phase("draw", initialize_emptying, _authorise, needed=_draws),
        Phase("debit", draw_down, end_drawdown, late=True, needed=_draws),
        Phase("write", _write, _written),
        Phase("order", _nothing, _ordered),
        *LOAD,
    ),
    roles=frozenset({"desk"}),
    broken_off=break_off_load,
)
