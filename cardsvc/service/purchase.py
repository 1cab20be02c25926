"""Purchase from the city purse through this service: for the demo's bus, for tests, and for drawing a purse down."""

import datetime as dt
import uuid
from typing import Any

from pydantic import Field

from cardsvc.card.purse import InitializeForPurchaseAnswer
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger.states import PurchaseState
from cardsvc.procedures.purse import DebitForPurchaseOutcome, debit_for_purchase, initialize_for_purchase
from cardsvc.rules import check_spend
from cardsvc.service.contact import CONTACT
from cardsvc.service.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.settle import (
    HOST_TIME,
    claim_of_purchase,
    confirm_purchase,
    record_evidence,
    refuse_while_open,
    settle_purchase,
    suspect_purchase,
)
from cardsvc.service.topup import CITY_PURSE, MAX_AMOUNT
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Purchase
from cardsvc.units import LOCAL


class PurchaseParams(Params):
    """Parameters of a purchase. ``amount`` in fen; ``merchant``: who is owed, for example "bus"."""

    amount: int = Field(gt=0, le=MAX_AMOUNT)
    merchant: str = Field(pattern="^[a-z0-9-]{1,32}$")


def _initialize(context: Context, _uow: UnitOfWork) -> Procedure[InitializeForPurchaseAnswer]:
    refuse_while_open(context.facts["settled"])
    return initialize_for_purchase(context.profile, CITY_PURSE, context.params["amount"], context.actor.terminal_no)


def _authorise(context: Context, uow: UnitOfWork, init: InitializeForPurchaseAnswer, now: dt.datetime) -> Effect:
    """The rule, then the row: from here on the card may have paid."""
    local = now.astimezone(LOCAL)
    check_spend(context.rules, "citizen", context.params["amount"], local.date())
    purchase_id = uuid.uuid5(uuid.UUID(context.operation.operation_id), "purchase")
    purchase = Purchase(
        card_no=context.card_no,
        purchase_id=str(purchase_id),
        operation_id=context.operation.operation_id,
        application=CITY_PURSE.application,
        purse=CITY_PURSE.purse,
        amount=context.params["amount"],
        state=PurchaseState.AUTHORISED,
        merchant=context.params["merchant"],
        terminal_no=context.actor.terminal_no.hex(),
        terminal_transaction=purchase_id.bytes[:4].hex(),
        offline_counter=init.offline_counter,
        balance_before=init.balance,
        card_random=init.card_random.hex(),
        host_date_time=f"{local:{HOST_TIME}}",
        key_versions=dict(context.versions),
        authorised_at=now,
    )
    uow.purchases.add(purchase)
    return Effect(facts={"purchase_id": purchase.purchase_id, "overdraft_limit": init.overdraft_limit.hex()})


def _purchase(context: Context, uow: UnitOfWork) -> Purchase:
    purchase = uow.purchases.get(context.card_no, context.facts["purchase_id"])
    if purchase is None:
        raise ValueError("the purchase of this operation is gone")
    return purchase


def _debit(context: Context, uow: UnitOfWork) -> Procedure[DebitForPurchaseOutcome]:
    row = _purchase(context, uow)
    claim, random = claim_of_purchase(row), bytes.fromhex(row.card_random)
    limit = bytes.fromhex(context.facts["overdraft_limit"])
    init = InitializeForPurchaseAnswer(row.balance_before, row.offline_counter, limit, 0, 0, random)
    number = bytes.fromhex(row.terminal_transaction)
    name, tail = f"{CITY_PURSE.application}.purchase", number[2:]
    session = context.keystore.session(context.card_no, name, random, row.offline_counter, row.key_versions, tail)
    return debit_for_purchase(context.profile, CITY_PURSE, init, row.amount, claim.terminal, number, claim.moment, session)


def _settle_debit(context: Context, uow: UnitOfWork, outcome: DebitForPurchaseOutcome, now: dt.datetime) -> Effect:
    row = _purchase(context, uow)
    if row.state not in (PurchaseState.AUTHORISED, PurchaseState.SUSPECT):
        return Effect(done=_result(context, row))
    if outcome.tac is None:
        if outcome.evidence is None:
            raise ValueError("a debit without a TAC brings evidence")
        entry = settle_purchase(context, uow, row, outcome.evidence, now)
        if entry["state"] == PurchaseState.CONFIRMED:
            return Effect(done=_result(context, _purchase(context, uow)))
        code = "purchase_not_debited" if entry["state"] == PurchaseState.NOT_DEBITED else "purchase_suspect"
        return Effect(failed=CardError(code, sw=f"{outcome.sw:04X}"))
    claim = claim_of_purchase(row)
    right = context.keystore.tac_verifies(context.card_no, claim.ref.application, claim.tac_data, outcome.tac, row.key_versions)
    if right and outcome.mac2_right:
        return Effect(done=_result(context, confirm_purchase(uow, row, "tac", outcome.tac, now)))
    record_evidence(uow, row, "tac_wrong", {"tac": outcome.tac.hex(), "mac2_right": outcome.mac2_right}, now)
    suspect_purchase(uow, row)
    return Effect(failed=CardError("tac_wrong"))


def _result(context: Context, row: Purchase) -> dict[str, Any]:
    return {
        "card_no": row.card_no,
        "purchase_id": row.purchase_id,
        "state": row.state,
        "amount": row.amount,
        "balance": row.balance_before - row.amount,
        "tac": row.tac,
        "settled": context.facts["settled"],
    }


def _broken_off(context: Context, uow: UnitOfWork, _now: dt.datetime) -> None:
    """The card left after MAC1 may have reached it: suspect until it comes back."""
    if "purchase_id" in context.facts:
        suspect_purchase(uow, _purchase(context, uow))


PURCHASE = OperationKind(
    "purchase",
    PurchaseParams,
    (*CONTACT, Phase("initialize", _initialize, _authorise), Phase("debit", _debit, _settle_debit, late=True)),
    broken_off=_broken_off,
)
