"""How a citizen paid, and which account holds what was taken."""

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from cardsvc.errors import RequestError
from cardsvc.errors.fields import FieldsError
from cardsvc.ledger import postings
from cardsvc.ledger.cash import vault_account
from cardsvc.ledger.states import OrderState, ShiftState
from cardsvc.service.operations.kinds import Actor, Params
from cardsvc.store import UnitOfWork
from cardsvc.store.records import CashGiven
from cardsvc.units import MAX_AMOUNT, format_yuan

REFERENCE = r"^[\x21-\x7E]{1,64}$"
CASH = "cash"
WITHOUT_REFERENCE = (CASH,)
CHANNELS = ("bank_card", "mobile", "credit_card", "transfer")
"""Ways of paying that have a channel with files of its own."""


class Payment(Params):
    """How the citizen paid. ``reference``: of the payment at its channel; only cash has none. One payment pays one load.
    ``given``: what was handed over in cash, in fen, where the change is to be told."""

    method: Literal["cash", "bank_card", "mobile", "credit_card", "transfer"]
    reference: str | None = Field(default=None, pattern=REFERENCE)
    given: int | None = Field(default=None, gt=0, le=MAX_AMOUNT)

    @model_validator(mode="after")
    def _can_be_found_again(self) -> Self:
        if self.reference is None and self.method not in WITHOUT_REFERENCE:
            raise FieldsError("现金以外的付款要有付款凭证号", "a payment that is not in cash needs its reference")
        if self.given is not None and self.method != CASH:
            raise FieldsError("只有现金才找零", "only cash is given with change")
        return self

    @model_serializer(mode="wrap")
    def _without_nothing(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Left out where nothing was typed: so a payment is the same input as before there was change."""
        plain: dict[str, Any] = serialise(self)
        return {name: value for name, value in plain.items() if name != "given" or value is not None}


GIVES_BACK = ("reference_unknown", "paid_not_loaded")
"""Differences of a channel's file whose entry sends a payment back to its payer."""


BY_ORDER = "order"
"""Payment method of a load that was paid before, by an order; its reference is the order's id."""


OLD_CARD: Final = "old_card"
"""Payment method of a load whose money was taken over from an old card; its reference: the card's number, a colon, the part."""


def load_source(uow: UnitOfWork, actor: Actor, card_no: str, payment: Mapping[str, Any]) -> str:
    """The account that a load is paid from: the card's orders, the old card whose money it is, or what this actor took."""
    if payment["method"] == BY_ORDER:
        return _order_source(uow, card_no, payment["reference"])
    if payment["method"] == OLD_CARD:
        return postings.held_account(payment["reference"].partition(":")[0])
    return money_source(uow, actor, payment)


def _order_source(uow: UnitOfWork, card_no: str, order_id: str) -> str:
    """It may have gone back to its payer since it was found: two hosts do not see midnight of the 1st at the same moment.

    Raises RequestError ``no_order_waiting``.
    """
    order = uow.orders.get(card_no, order_id)
    if order is None or order.state != OrderState.PAID:
        raise RequestError("no_order_waiting")
    return postings.order_account(card_no)


def refuse_used(uow: UnitOfWork, payment: Mapping[str, Any]) -> None:
    """Raise RequestError ``payment_reference_used`` when this payment paid an order, a deposit or a fee, or was given back.

    Nobody else can use it until the transaction ends. That it pays one load only, the database sees to (uq_load_payment).
    """
    if payment["reference"] is None or payment["method"] == BY_ORDER:
        return None
    method, reference = payment["method"], payment["reference"]
    if method == OLD_CARD:
        return _refuse_paid_back(uow, reference)
    hold_payment(uow, method, reference)
    payers = uow.orders, uow.deposits, uow.replacements, uow.application_fees
    if any(payer.of_payment(method, reference) for payer in payers):
        raise RequestError("payment_reference_used")
    if uow.differences.corrected_about(f"{method}:{reference}", GIVES_BACK):
        raise RequestError("payment_reference_used")


def hold_payment(uow: UnitOfWork, method: str, reference: str) -> None:
    """Nobody else uses this payment, or gives it back, until the transaction ends."""
    uow.hold(f"payment {method} {reference}")


def _refuse_paid_back(uow: UnitOfWork, reference: str) -> None:
    """Money of an old card that its holder got back pays no load. Under the old card's lock, as the payout is."""
    card_no, _, part_id = reference.partition(":")
    uow.cards.lock(card_no)
    if uow.held_payouts.get(card_no, part_id) is not None:
        raise RequestError("payment_reference_used")


def take_fee(
    uow: UnitOfWork,
    actor: Actor,
    card_no: str,
    job: str,
    amount: int,
    payment: Mapping[str, Any],
    subject: str,
    now: dt.datetime,
) -> str:
    """Book a fee that this actor took; gives the account that the money is in. ``subject``: what it was taken for.

    Raises RequestError ``payment_reference_used``.
    """
    refuse_paid(uow, payment)
    source = money_source(uow, actor, payment)
    note_given(uow, card_no, subject, amount, payment, source, now)
    uow.ledger.post(card_no, postings.Posting("fee_taken", source, postings.fee_account(job), amount), subject, now)
    return source


def refuse_short(amount: int, payment: Mapping[str, Any]) -> None:
    """Raise RequestError ``cash_given_short`` when less was handed over than is to be paid, both in fen."""
    given = payment.get("given")
    if given is not None and given < amount:
        raise RequestError("cash_given_short", given=format_yuan(given), amount=format_yuan(amount))


def note_given(
    uow: UnitOfWork, card_no: str, number: str, amount: int, payment: Mapping[str, Any], source: str, now: dt.datetime
) -> None:
    """Keep what was handed over for what has this number, and the account ``source`` that it lies in. Nothing typed, nothing
    kept. Raises as ``refuse_short`` does."""
    refuse_short(amount, payment)
    if payment.get("given") is not None:
        uow.cash_given.add(CashGiven(card_no, number, amount, payment["given"], now, source))


def told_change(amount: int, payment: Mapping[str, Any]) -> dict[str, int]:
    """``given`` and ``change`` for a result, in fen; nothing where nothing was typed, or nothing cost anything."""
    given = payment.get("given")
    return {} if given is None or not amount else {"given": given, "change": given - amount}


def refuse_paid(uow: UnitOfWork, payment: Mapping[str, Any]) -> None:
    """Raise RequestError ``payment_reference_used`` when this payment pays anything already, a load included; see above."""
    refuse_used(uow, payment)
    if payment["reference"] is not None and uow.loads.paid_by(payment["method"], payment["reference"]):
        raise RequestError("payment_reference_used")


def money_source(uow: UnitOfWork, actor: Actor, payment: Mapping[str, Any]) -> str:
    """The account that money of this payment, taken by this actor, is in: where a refund goes back to.

    Cash goes into the drawer of the shift that is open at the workstation; where there is none, and for everything else, the
    workstation or terminal owes it.
    """
    shift = uow.shifts.open_on(actor.kind, actor.id) if payment["method"] == CASH else None
    return postings.drawer_account(shift.shift_id) if shift else postings.clearing_account(actor.kind, actor.id)


def refund_target(uow: UnitOfWork, source_account: str) -> str:
    """The account that money taken into ``source_account`` goes back from: a drawer that was closed since is empty, and its
    cash is in the vault."""
    kind, _, identifier = source_account.partition(":")
    shift = uow.shifts.held(identifier) if kind == "drawer" else None
    if shift is None or shift.state == ShiftState.OPEN:
        return source_account
    return vault_account(shift.outlet_id)
