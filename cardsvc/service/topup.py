"""Top-up: money onto the card, in two steps that are never confused.

authorised, with the online counter that the card showed, is committed before MAC2 leaves the service; confirmed needs a TAC
that verifies. In between only the card knows, and settle.py asks it.
"""

import datetime as dt
import uuid
from typing import Any, Literal

from pydantic import Field

from cardsvc.card.purse import InitializeForLoadAnswer
from cardsvc.errors import CardError, RuleError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.keystore.protocol import MacSession
from cardsvc.ledger import postings
from cardsvc.ledger.states import LOAD_ALLOWED, LoadState, advance
from cardsvc.procedures.purse import CreditForLoadOutcome, PurseRef, check_mac1, credit_for_load, initialize_for_load
from cardsvc.rules import LoadDecision, LoadRequest, check_load
from cardsvc.service.contact import CONTACT
from cardsvc.service.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.settle import (
    HOST_TIME,
    claim_of_load,
    confirm_load,
    record_evidence,
    refuse_while_open,
    settle_load,
    suspect_load,
)
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Load
from cardsvc.units import LOCAL

MAX_AMOUNT = 0x7FFFFFFF
CITY_PURSE = PurseRef("purse", "ep")


class Payment(Params):
    """How the citizen paid. ``reference``: of the payment at its channel."""

    method: Literal["cash", "bank_card", "mobile", "credit_card", "transfer"]
    reference: str | None = Field(default=None, max_length=64)


class TopUpParams(Params):
    """Parameters of a top-up of the city purse. ``amount`` in fen."""

    amount: int = Field(gt=0, le=MAX_AMOUNT)
    payment: Payment


def _session(context: Context, init: InitializeForLoadAnswer) -> MacSession:
    name = f"{CITY_PURSE.application}.load"
    return context.keystore.session(context.card_no, name, init.card_random, init.online_counter, context.versions)


def _initialize(context: Context, _uow: UnitOfWork) -> Procedure[InitializeForLoadAnswer]:
    refuse_while_open(context.facts["settled"])
    return initialize_for_load(context.profile, CITY_PURSE, context.params["amount"], context.actor.terminal_no)


def _authorise(context: Context, uow: UnitOfWork, init: InitializeForLoadAnswer, now: dt.datetime) -> Effect:
    """The rules, then the promise: from here on the card may have the money."""
    amount, terminal = context.params["amount"], context.actor.terminal_no
    check_mac1(init, CITY_PURSE, amount, terminal, _session(context, init))
    local = now.astimezone(LOCAL)
    requested = _requested(context, init, local, now)
    try:
        decision = _decide(context, uow, init.balance, local)
    except RuleError as error:
        refused = advance(LOAD_ALLOWED, LoadState.REQUESTED, LoadState.REFUSED)
        uow.loads.change(uow.loads.add(requested), state=refused, ended_at=now, settled_by=error.code)
        return Effect(failed=error)
    if init.balance + amount > context.profile.purse.max_balance:
        raise CardError("purse_full")
    load = uow.loads.change(uow.loads.add(requested), state=advance(LOAD_ALLOWED, LoadState.REQUESTED, LoadState.AUTHORISED))
    clearing = postings.clearing_account(context.actor.kind, context.actor.id)
    uow.ledger.post(load.card_no, postings.load_authorised(load.card_no, clearing, amount), load.load_id, now)
    return Effect(facts={"load_id": load.load_id, "rules": list(decision.rules), "init": _init_facts(init)})


def _decide(context: Context, uow: UnitOfWork, balance: int, local: dt.datetime) -> LoadDecision:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    return check_load(
        context.rules,
        LoadRequest(
            product="citizen",
            area="purse",
            amount=context.params["amount"],
            balance=balance,
            day=local.date(),
            loads_today=len(uow.loads.since(context.card_no, midnight.astimezone(dt.UTC))),
            method=context.params["payment"]["method"],
            named=True,
            channel=context.actor.kind,
        ),
    )


def _requested(context: Context, init: InitializeForLoadAnswer, local: dt.datetime, now: dt.datetime) -> Load:
    return Load(
        card_no=context.card_no,
        load_id=str(uuid.uuid5(uuid.UUID(context.operation.operation_id), "load")),
        operation_id=context.operation.operation_id,
        application=CITY_PURSE.application,
        purse=CITY_PURSE.purse,
        amount=context.params["amount"],
        state=LoadState.REQUESTED,
        actor_kind=context.actor.kind,
        actor_id=context.actor.id,
        terminal_no=context.actor.terminal_no.hex(),
        payment_method=context.params["payment"]["method"],
        payment_reference=context.params["payment"]["reference"],
        rule_version=context.rules.version,
        online_counter=init.online_counter,
        balance_before=init.balance,
        card_random=init.card_random.hex(),
        host_date_time=f"{local:{HOST_TIME}}",
        key_versions=dict(context.versions),
        authorised_at=now,
    )


def _init_facts(init: InitializeForLoadAnswer) -> dict[str, Any]:
    return {
        "balance": init.balance,
        "online_counter": init.online_counter,
        "key_version": init.key_version,
        "algorithm": init.algorithm,
        "card_random": init.card_random.hex(),
        "mac1": init.mac1.hex(),
    }


def _init_of(facts: Any) -> InitializeForLoadAnswer:
    return InitializeForLoadAnswer(
        facts["balance"],
        facts["online_counter"],
        facts["key_version"],
        facts["algorithm"],
        bytes.fromhex(facts["card_random"]),
        bytes.fromhex(facts["mac1"]),
    )


def _load(context: Context, uow: UnitOfWork) -> Load:
    load = uow.loads.get(context.card_no, context.facts["load_id"])
    if load is None:
        raise ValueError("the load of this operation is gone")
    return load


def _credit(context: Context, uow: UnitOfWork) -> Procedure[CreditForLoadOutcome]:
    init, load = _init_of(context.facts["init"]), _load(context, uow)
    claim = claim_of_load(load)
    session = _session(context, init)
    return credit_for_load(context.profile, CITY_PURSE, init, load.amount, claim.terminal, claim.moment, session)


def _settle_credit(context: Context, uow: UnitOfWork, outcome: CreditForLoadOutcome, now: dt.datetime) -> Effect:
    """A TAC that verifies confirms; anything else is evidence."""
    load = _load(context, uow)
    if load.state not in (LoadState.AUTHORISED, LoadState.SUSPECT):
        return Effect(done=_result(context, load))
    if outcome.tac is None:
        if outcome.evidence is None:
            raise ValueError("a credit without a TAC brings evidence")
        entry = settle_load(context, uow, load, outcome.evidence, now)
        if entry["state"] == LoadState.CONFIRMED:
            return Effect(done=_result(context, _load(context, uow)))
        code = "load_not_written" if entry["state"] == LoadState.REFUNDED else "load_suspect"
        return Effect(failed=CardError(code, sw=f"{outcome.sw:04X}"))
    claim = claim_of_load(load)
    application, versions = claim.ref.application, load.key_versions
    if context.keystore.tac_verifies(context.card_no, application, claim.tac_data, outcome.tac, versions):
        return Effect(done=_result(context, confirm_load(uow, load, "tac", outcome.tac, now)))
    record_evidence(uow, suspect_load(uow, load), "tac_wrong", {"tac": outcome.tac.hex()}, now)
    return Effect(failed=CardError("tac_wrong"))


def _result(context: Context, load: Load) -> dict[str, Any]:
    return {
        "card_no": load.card_no,
        "load_id": load.load_id,
        "state": load.state,
        "amount": load.amount,
        "balance": load.balance_before + load.amount,
        "online_counter": load.online_counter + 1,
        "tac": load.tac,
        "rules": context.facts["rules"],
        "rule_version": load.rule_version,
        "settled": context.facts["settled"],
    }


def _broken_off(context: Context, uow: UnitOfWork, _now: dt.datetime) -> None:
    """The card left after MAC2 may have reached it: suspect until it comes back."""
    if "load_id" in context.facts:
        suspect_load(uow, _load(context, uow))


TOP_UP = OperationKind(
    "topup",
    TopUpParams,
    (*CONTACT, Phase("initialize", _initialize, _authorise), Phase("credit", _credit, _settle_credit, late=True)),
    broken_off=_broken_off,
)
