"""Orders (补登): paid online through a channel, written at the card's next tap at any terminal, exactly once.

paid -> written, when a load of it was confirmed; paid -> returned, when it was for a month that is over. While a terminal
writes it the money is with the load and the order stays paid: a load that the card proved not to have gives it back.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Self, cast

from pydantic import Field, ValidationError, model_validator

from cardsvc.card.periods import Period, parse_month, period_of
from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.errors import CardError, RequestError, RuleError
from cardsvc.errors.fields import FieldsError, reasons
from cardsvc.ledger import postings
from cardsvc.ledger.postings import Posting
from cardsvc.ledger.states import ORDER_ALLOWED, OrderState, advance
from cardsvc.procedures.areas import AreaSight
from cardsvc.rules import RuleSet, credited
from cardsvc.rules.ruleset import Method
from cardsvc.service.operations.known_card import issued_card
from cardsvc.service.operations.rule_book import RuleBook, local_day
from cardsvc.service.purse.areas import CITY_PURSE, LoadAreaParams, Target, application_of, record_of, target_for_load
from cardsvc.service.purse.load_rules import Proposal, decide
from cardsvc.service.purse.payments import BY_ORDER, Payment, refuse_used
from cardsvc.service.purse.swapped import SWAP_CHANNEL
from cardsvc.service.staff.accounts import require_role
from cardsvc.service.staff.acts import BOOKKEEPERS, Act, note_act
from cardsvc.store import Store, UnitOfWork
from cardsvc.store.records import Staff, TopUpOrder
from cardsvc.units import LOCAL, MAX_AMOUNT

CHANNEL = "channel"
MOVED_CHANNEL = "legacy"
"""Channel of orders that hold money moved from old cards."""
OWN_CHANNELS = (MOVED_CHANNEL, SWAP_CHANNEL)
"""Channels of orders that hold a balance as it was, whatever it is: no payment channel may bring them."""
_ORDERS = uuid.UUID("6f9ad1f2-6a5e-4c1e-9d0c-3a8f6e2b7c41")


class OrderParams(LoadAreaParams):
    """An order as a channel brings it. ``amount`` in fen; the payment's reference tells one order from another."""

    card_no: str = Field(pattern="^[0-9]{16}$")
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    payment: Payment

    @model_validator(mode="after")
    def _was_paid_online(self) -> Self:
        if self.payment.reference is None:
            raise FieldsError("补登订单不收现金", "an order is not paid in cash")
        return self


def order_params(values: Mapping[str, Any]) -> OrderParams:
    """An order from plain values. Raises RequestError ``params_invalid`` naming the fields."""
    try:
        return OrderParams.model_validate(values)
    except ValidationError as error:
        raise RequestError("params_invalid", reason=reasons(error)) from None


def channel_of(store: Store, terminal_id: str) -> str:
    """The name of a payment channel that may bring orders. Raises RequestError ``channel_unknown``."""
    with store.read() as uow:
        terminal = uow.terminals.get(terminal_id)
    if terminal_id in OWN_CHANNELS or terminal is None or terminal.role != CHANNEL or terminal.state != "enabled":
        raise RequestError("channel_unknown", channel=terminal_id)
    return terminal.terminal_id


def create_order(
    store: Store, rules: RuleBook, channel: str, params: OrderParams, now: dt.datetime, *, by: Staff | None = None
) -> tuple[TopUpOrder, bool]:
    """Take an order, or find the one that this payment made before (then True). The money is taken: rules are asked first.
    ``by``: who typed it in for the channel, and is kept; None where the channel itself brings it, signed.

    Raises CardError ``card_unknown``, ``card_not_issued``, ``card_hot_listed``; RequestError ``payment_reference_used`` for the
    same payment with other contents, ``application_not_open``, ``product_not_on_card``, ``not_permitted``; RuleError.
    """
    if by is not None:
        require_role(by, "cashier", "supervisor")

    def work(uow: UnitOfWork) -> tuple[TopUpOrder, bool]:
        order, known = _create(uow, rules, channel, params, now)
        if by is not None and not known:
            _note(uow, by, Act.ORDER_CREATE, order, now)
        return order, known

    return store.transact(work)


def _create(uow: UnitOfWork, rules: RuleBook, channel: str, params: OrderParams, now: dt.datetime) -> tuple[TopUpOrder, bool]:
    uow.cards.lock(params.card_no)
    payment = params.payment.model_dump()
    order_id = str(uuid.uuid5(_ORDERS, f"{channel} {payment['method']} {payment['reference']}"))
    known = uow.orders.by_id(order_id)
    if known is not None:
        if not _is_same(known, params):
            raise RequestError("payment_reference_used")
        return known, True
    refuse_used(uow, payment)
    if uow.loads.paid_by(payment["method"], payment["reference"]):
        raise RequestError("payment_reference_used")
    target = _target(uow, params, now)
    order = _order(order_id, channel, params, target, now)
    proposal = Proposal(order.card_no, target, order.amount, params.payment.method, CHANNEL)
    in_force = rules.in_force(uow, local_day(now))
    decide(in_force, uow, proposal, _expected_balance(uow, in_force, order, target, local_day(now)), now)
    uow.orders.add(order)
    clearing = postings.clearing_account(CHANNEL, channel)
    uow.ledger.post(order.card_no, postings.order_paid(order.card_no, clearing, order.amount), order.order_id, now)
    return order, False


def _is_same(known: TopUpOrder, params: OrderParams) -> bool:
    """Whether this is the order sent again; what was left to default then is left to default now."""
    product = params.product or ("citizen" if params.area == "purse" else known.product)
    month = parse_month(params.month) if params.month else known.first_month
    period = period_of(params.area, month).first if month and params.area != "purse" else None
    wanted = params.card_no, product, params.area, params.amount, period
    return wanted == (known.card_no, known.product, known.area, known.amount, known.first_month)


def _target(uow: UnitOfWork, params: OrderParams, now: dt.datetime) -> Target:
    """Where it will go, by what the books know of the card."""
    card = issued_card(uow, params.card_no)
    listed = uow.hotlist.listing_of(card.card_no)
    if listed is not None:
        raise CardError("card_hot_listed", version=listed.version)
    area = params.model_dump()
    application = application_of(area)
    if application == CITY_PURSE.application:
        return Target("citizen", "purse", CITY_PURSE)
    row = uow.applications.get(card.card_no, application)
    state = ApplicationState.OPEN if row and row.state == "open" else ApplicationState.CLOSED
    review = row.valid_to + dt.timedelta(days=1) if row and row.valid_to else None
    record = ApplicationRecord(state, row.product if row else " ", review=review)
    return target_for_load(area, record_of(area, AreaSight(record, {})), now.astimezone(LOCAL).date())


def _order(order_id: str, channel: str, params: OrderParams, target: Target, now: dt.datetime) -> TopUpOrder:
    return TopUpOrder(
        card_no=params.card_no,
        order_id=order_id,
        channel=channel,
        product=target.product,
        area=target.area,
        first_month=target.period.first if target.period else None,
        last_month=target.period.last if target.period else None,
        amount=params.amount,
        payment_method=params.payment.method,
        payment_reference=params.payment.reference or "",
        state=OrderState.PAID,
        paid_at=now,
    )


def _expected_balance(uow: UnitOfWork, rules: RuleSet, order: TopUpOrder, target: Target, day: dt.date) -> int:
    """A purse as the books know it, with the orders that wait for it and their gifts. The card's own balance decides when it is
    written."""
    area = order.product, order.area, order.first_month
    same = [o.amount for o in uow.orders.waiting(order.card_no) if (o.product, o.area, o.first_month) == area]
    waiting = (credited(rules, target.product, target.area, amount, day) for amount in same)
    if target.period is not None:
        return sum(waiting)
    purse = postings.purse_account(order.card_no, target.ref.application, target.ref.purse)
    return sum(waiting) + max(0, -uow.ledger.balances(order.card_no).get(purse, 0))


def return_expired(store: Store, now: dt.datetime, *, by: Staff) -> list[TopUpOrder]:
    """Send the money of every order back whose month, season or term is over; who did it is kept with each. One that a card
    may have waits for that card. Raises RequestError ``not_permitted``."""
    require_role(by, *BOOKKEEPERS)
    month = now.astimezone(LOCAL).date().replace(day=1)
    with store.read() as uow:
        over = uow.orders.over(month)
    returned = (store.transact(partial(_return, order.card_no, order.order_id, by, now)) for order in over)
    return [order for order in returned if order is not None]


def _return(card_no: str, order_id: str, by: Staff, now: dt.datetime, uow: UnitOfWork) -> TopUpOrder | None:
    uow.cards.lock(card_no)
    order = uow.orders.get(card_no, order_id)
    if order is None or order.state != OrderState.PAID or uow.loads.paid_by(BY_ORDER, order_id):
        return None
    _note(uow, by, Act.ORDER_RETURN, order, now)
    return _send_back(uow, order, now)


def _note(uow: UnitOfWork, by: Staff, act: Act, order: TopUpOrder, now: dt.datetime, **more: Any) -> None:
    told = {"channel": order.channel, "card_no": order.card_no, "amount": order.amount, **more}
    note_act(uow, by, act, f"order:{order.order_id}", {name: [None, value] for name, value in told.items()}, now)


def return_waiting(
    uow: UnitOfWork,
    card_no: str,
    now: dt.datetime,
    *,
    by: Staff | None = None,
    papers: str = "",
    those: Callable[[TopUpOrder], bool] = lambda _order: True,
) -> list[TopUpOrder]:
    """Send back what was paid online for a card and never written; what it may have been given waits until that is settled.

    The caller holds the card's lock. ``those``: which of them, by default all. ``by``, ``papers``: who did it and what was
    shown, where nothing else keeps that.
    """
    returned = []
    for order in uow.orders.waiting(card_no):
        if uow.loads.paid_by(BY_ORDER, order.order_id) or not those(order):
            continue
        if by is not None:
            _note(uow, by, Act.ORDER_RETURN, order, now, papers=papers)
        returned.append(_send_back(uow, order, now))
    return returned


def _send_back(uow: UnitOfWork, order: TopUpOrder, now: dt.datetime) -> TopUpOrder:
    """The money of a waiting order goes back through its channel."""
    state = advance(ORDER_ALLOWED, OrderState(order.state), OrderState.RETURNED)
    uow.ledger.post(order.card_no, postings.order_returned(order.card_no, order.channel, order.amount), order.order_id, now)
    return uow.orders.change(order, state=state, ended_at=now)


def is_refused(uow: UnitOfWork, rules: RuleSet, order: TopUpOrder, now: dt.datetime) -> bool:
    """Whether the rules of today do not let this order be written any more, whatever is on the card: another version took
    effect, or loading of its product has stopped."""
    job = {"product": order.product, "area": order.area, "month": f"{order.first_month:%Y-%m}" if order.first_month else None}
    city = application_of(job) == CITY_PURSE.application
    record = ApplicationRecord(ApplicationState.OPEN, order.product if not city else " ")
    target = Target("citizen", "purse", CITY_PURSE) if city else target_for_load(job, record, local_day(now))
    moved = order.channel in OWN_CHANNELS
    proposal = Proposal(order.card_no, target, order.amount, _method(order), CHANNEL, ordered=True, moved=moved)
    try:
        decide(rules, uow, proposal, 0, now)
    except RuleError as refused:
        return refused.code != "rule_loads_a_day"
    return False


def _method(order: TopUpOrder) -> Method:
    return cast("Method", order.payment_method)


def move_orders(uow: UnitOfWork, old_no: str, new_no: str, now: dt.datetime) -> None:
    """What waits for a card that was replaced waits for its holder's new card. What the old card may have been given already
    stays until it is settled. By way of ``held``, so that each card's chain agrees by itself; leaving a card and coming to one
    are of two kinds, as an order that nobody fetches does both on every card between."""
    uow.cards.lock(old_no)
    held = postings.held_account(old_no)
    for order in uow.orders.waiting(old_no):
        if uow.loads.paid_by(BY_ORDER, order.order_id):
            continue
        for chain, kind, debit, credit in (
            (old_no, "order_left", postings.order_account(old_no), held),
            (new_no, "order_moved", held, postings.order_account(new_no)),
        ):
            uow.ledger.post(chain, Posting(kind, debit, credit, order.amount), order.order_id, now)
        uow.orders.change(order, card_no=new_no)


def order_json(order: TopUpOrder) -> dict[str, Any]:
    """An order as API, command line and results show it. ``amount`` in fen; ``period`` like ``2026-12`` or null."""
    period = Period(order.first_month, order.last_month) if order.first_month and order.last_month else None
    return {
        "order_id": order.order_id,
        "card_no": order.card_no,
        "channel": order.channel,
        "product": order.product,
        "area": order.area,
        "period": str(period) if period else None,
        "amount": order.amount,
        "payment": {"method": order.payment_method, "reference": order.payment_reference},
        "state": str(order.state),
        "paid_at": order.paid_at.isoformat(),
        "load_id": order.load_id,
        "ended_at": order.ended_at.isoformat() if order.ended_at else None,
    }


def orders_view(store: Store, card_no: str | None = None) -> list[dict[str, Any]]:
    """The orders of a card, newest first, or every order that waits, oldest first."""
    with store.read() as uow:
        return [order_json(order) for order in (uow.orders.of_card(card_no) if card_no else uow.orders.all_waiting())]


def order_view(store: Store, channel: str, order_id: str) -> dict[str, Any]:
    """An order as its channel sees it. Raises RequestError ``order_unknown``, also for other channels' orders."""
    with store.read() as uow:
        order = uow.orders.by_id(order_id)
    if order is None or order.channel != channel:
        raise RequestError("order_unknown")
    return order_json(order)
