"""Purchase through this service: for the demo's bus, for tests, and for drawing a purse down."""

import datetime as dt
from typing import Any, Self

from pydantic import Field, model_validator

from cardsvc.card.purse import InitializeForPurchaseAnswer
from cardsvc.errors import CardError
from cardsvc.errors.fields import FieldsError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger import postings
from cardsvc.procedures.areas import AreaSight, read_areas
from cardsvc.procedures.purse import DebitForPurchaseOutcome
from cardsvc.rules import check_spend
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Phase
from cardsvc.service.purse import areas
from cardsvc.service.purse.areas import AreaParams, outside_city_purse, target_of, wanted
from cardsvc.service.purse.debit import authorise_debit, break_off_debit, debit, initialize_debit, settle_debit
from cardsvc.service.purse.held import month_ticket_first
from cardsvc.service.purse.open_money import refuse_while_open
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Purchase
from cardsvc.units import LOCAL, MAX_AMOUNT


class PurchaseParams(AreaParams):
    """Parameters of a purchase. ``amount`` in fen; ``merchant``: who is owed, for example "bus"; ``month_first``: from the
    month ticket if it has enough, else from the city purse."""

    month_first: bool = False
    amount: int = Field(gt=0, le=MAX_AMOUNT)
    merchant: str = Field(pattern="^[a-z0-9-]{1,32}$")

    @model_validator(mode="after")
    def _chooses_once(self) -> Self:
        if self.month_first and (self.area, self.product) != ("purse", None):
            raise FieldsError("month_first 自己选资金区，不能再给", "month_first chooses the area by itself")
        return self


def _needs_look(context: Context) -> bool:
    return context.params["month_first"] or outside_city_purse(context)


def _look(context: Context, _uow: UnitOfWork) -> Procedure[AreaSight]:
    return read_areas(context.profile, "bus") if context.params["month_first"] else areas.look(context)


def _choose(context: Context, _uow: UnitOfWork, sight: AreaSight, now: dt.datetime) -> Effect:
    """Month money that is over is not spent."""
    area, today = wanted(context), now.astimezone(LOCAL).date()
    if context.params["month_first"]:
        target = month_ticket_first(sight, context.params["amount"], today)
    else:
        target = areas.target_for_purchase(area, areas.record_of(area, sight), today)
    return Effect(facts={"target": target.to_facts()})


def _initialize(context: Context, _uow: UnitOfWork) -> Procedure[InitializeForPurchaseAnswer]:
    refuse_while_open(context.facts["settled"])
    return initialize_debit(context, target_of(context).ref, context.params["amount"])


def _authorise(context: Context, uow: UnitOfWork, init: InitializeForPurchaseAnswer, now: dt.datetime) -> Effect:
    """The rule, then the row."""
    target, amount, merchant = target_of(context), context.params["amount"], context.params["merchant"]
    today = now.astimezone(LOCAL).date()
    refuse_hot(uow, context.card_no)
    if target.period is not None and not target.period.holds(today):  # midnight of the 1st since it was chosen
        raise CardError("area_not_loaded", month=f"{today:%Y-%m}")
    check_spend(context.rules, target.product, amount, today)
    payment = amount, merchant, postings.merchant_account(merchant)
    return Effect(facts=authorise_debit(context, uow, target.ref, init, payment, now))


def _debit(context: Context, uow: UnitOfWork) -> Procedure[DebitForPurchaseOutcome]:
    return debit(context, uow)


def _settle(context: Context, uow: UnitOfWork, outcome: DebitForPurchaseOutcome, now: dt.datetime) -> Effect:
    row, failure = settle_debit(context, uow, outcome, now)
    return Effect(failed=failure) if failure else Effect(done=_result(context, row))


def _result(context: Context, row: Purchase) -> dict[str, Any]:
    target = target_of(context)
    return {
        "card_no": row.card_no,
        "purchase_id": row.purchase_id,
        "state": row.state,
        "product": target.product,
        "area": target.area,
        "period": str(target.period) if target.period else None,
        "amount": row.amount,
        "balance": row.balance_before - row.amount,
        "tac": row.tac,
        "settled": context.facts["settled"],
    }


PURCHASE = OperationKind(
    "purchase",
    PurchaseParams,
    (
        *CONTACT,
        Phase("look", _look, _choose, needed=_needs_look),
        Phase("initialize", _initialize, _authorise),
        Phase("debit", _debit, _settle, late=True),
    ),
    broken_off=break_off_debit,
)
