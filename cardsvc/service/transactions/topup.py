"""Top-up: money onto the card, in two steps that are never confused.

authorised, with the online counter that the card showed, is committed before MAC2 leaves the service; confirmed needs a TAC
that verifies. In between only the card knows, and settle.py asks it. The city purse is loaded at once; other areas are looked
at first (areas.py), and a purse that holds a month which is over is cleared (lapse.py).
"""

import datetime as dt
import uuid
from dataclasses import replace
from typing import Any, Self

from pydantic import Field, model_validator

from cardsvc.card.purse import InitializeForLoadAnswer
from cardsvc.errors import CardError, RuleError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.keystore.protocol import MacSession
from cardsvc.ledger import postings
from cardsvc.ledger.states import LOAD_ALLOWED, LoadState, advance
from cardsvc.procedures.areas import AreaSight
from cardsvc.procedures.purse import CreditForLoadOutcome, check_mac1, credit_for_load, initialize_for_load
from cardsvc.service.loss.hotlist import refuse_hot
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Phase
from cardsvc.service.purse import areas
from cardsvc.service.purse.areas import LoadAreaParams, Target, outside_city_purse, target_of, wanted
from cardsvc.service.purse.card_keys import as_shown
from cardsvc.service.purse.claims import HOST_TIME, claim_of_load
from cardsvc.service.purse.counters import check_online
from cardsvc.service.purse.debit import break_off_debit
from cardsvc.service.purse.lapse import MAKE_ROOM
from cardsvc.service.purse.load_rules import Proposal, decide
from cardsvc.service.purse.open_money import refuse_while_open
from cardsvc.service.purse.payments import Payment, load_source, note_given, refuse_short, refuse_used, told_change
from cardsvc.service.purse.settle import (
    PROVEN_TOO_LATE,
    confirm_load,
    look_challenge,
    record_evidence,
    settle_load,
    suspect_load,
)
from cardsvc.service.purse.sightings import note_purse
from cardsvc.service.terminals.limits import check_terminal_limits
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Load
from cardsvc.text import joined
from cardsvc.units import LOCAL, MAX_AMOUNT


class TopUpParams(LoadAreaParams):
    """Parameters of a top-up. ``amount`` in fen: what the citizen pays."""

    amount: int = Field(gt=0, le=MAX_AMOUNT)
    payment: Payment

    @model_validator(mode="after")
    def _is_paid(self) -> Self:
        refuse_short(self.amount, self.payment.model_dump())
        return self


def _look(context: Context, _uow: UnitOfWork) -> Procedure[AreaSight]:
    refuse_while_open(context.facts["settled"])
    return areas.look(context)


def _choose(context: Context, uow: UnitOfWork, sight: AreaSight, now: dt.datetime) -> Effect:
    """Which purse, what must be cleared from it, and what the rules credit: MAC1 covers what is credited, a gift included."""
    job, today = wanted(context), now.astimezone(LOCAL).date()
    record = areas.record_of(job, sight)
    target = areas.target_for_load(job, record, today)
    balance = sight.balances[target.ref.purse]
    room = areas.make_room(target, record, balance, today)
    decision = decide(context.rules, uow, _proposal(context, target), balance - room.get("lapsing", 0), now)
    return Effect(facts={"target": target.to_facts(), "credited": decision.credited, **room})


def _proposal(context: Context, target: Target) -> Proposal:
    job = wanted(context)
    method = job.get("paid_by") or job["payment"]["method"]
    ordered, moved = "order" in context.facts, bool(job.get("moved"))
    return Proposal(context.card_no, target, job["amount"], method, context.actor.kind, ordered, moved)


def _credited(context: Context) -> int:
    """What the card gets, in fen."""
    amount: int = context.facts.get("credited", wanted(context)["amount"])
    return amount


def _session(context: Context, init: InitializeForLoadAnswer) -> MacSession:
    name = f"{target_of(context).ref.application}.load"
    versions = as_shown(context.keystore, context.versions, name, init.key_version)
    return context.keystore.session(context.card_no, name, init.card_random, init.online_counter, versions)


def _initialize(context: Context, _uow: UnitOfWork) -> Procedure[InitializeForLoadAnswer]:
    refuse_while_open(context.facts["settled"])
    return initialize_for_load(context.profile, target_of(context).ref, _credited(context), context.actor.terminal_no)


def _authorise(context: Context, uow: UnitOfWork, init: InitializeForLoadAnswer, now: dt.datetime) -> Effect:
    """The rules, then the promise: from here on the card may have the money."""
    target, credited = target_of(context), _credited(context)
    check_mac1(init, target.ref, credited, context.actor.terminal_no, _session(context, init))
    note_purse(context, uow, target.ref, init.balance, now, online=init.online_counter)
    check_online(uow, context.card_no, target.ref, init.online_counter)
    refuse_hot(uow, context.card_no)  # reported lost since the contact: no money for it any more
    refuse_used(uow, wanted(context)["payment"])
    requested = _requested(context, uow, init, now)
    try:
        check_terminal_limits(uow, context.actor, wanted(context)["amount"], now)
        decision = decide(context.rules, uow, _proposal(context, target), init.balance, now)
        if decision.credited != credited:
            source = joined(decision.sources)
            raise RuleError("rule_gift_changed", rule=", ".join(decision.rules), version=decision.version, source=source)
    except RuleError as error:
        refused = advance(LOAD_ALLOWED, LoadState.REQUESTED, LoadState.REFUSED)
        uow.loads.change(uow.loads.add(requested), state=refused, ended_at=now, settled_by=error.code)
        return Effect(failed=error)
    if init.balance + credited > context.profile.purse.max_balance:
        raise CardError("purse_full")
    load = uow.loads.add(replace(requested, state=advance(LOAD_ALLOWED, LoadState.REQUESTED, LoadState.AUTHORISED)))
    uow.ledger.post(load.card_no, postings.load_authorised(load.card_no, load.source_account, load.paid), load.load_id, now)
    note_given(uow, load.card_no, load.operation_id, load.paid, wanted(context)["payment"], load.source_account, now)
    if load.gift:
        uow.ledger.post(load.card_no, postings.load_gift(load.card_no, load.product, load.gift), load.load_id, now)
    facts = {"init": _init_facts(init), "expires": decision.expires.isoformat() if decision.expires else None}
    judged = {"rules": list(decision.rules), "sources": [source._asdict() for source in decision.sources]}
    return Effect(facts={"load_id": load.load_id, **judged, **facts})


def _requested(context: Context, uow: UnitOfWork, init: InitializeForLoadAnswer, now: dt.datetime) -> Load:
    job, target, credited = wanted(context), target_of(context), _credited(context)
    return Load(
        card_no=context.card_no,
        load_id=str(uuid.uuid5(uuid.UUID(context.operation.operation_id), "load")),
        operation_id=context.operation.operation_id,
        application=target.ref.application,
        purse=target.ref.purse,
        product=target.product,
        area=target.area,
        first_month=target.period.first if target.period else None,
        last_month=target.period.last if target.period else None,
        amount=credited,
        gift=credited - job["amount"],
        state=LoadState.REQUESTED,
        actor_kind=context.actor.kind,
        actor_id=context.actor.id,
        terminal_no=context.actor.terminal_no.hex(),
        payment_method=job["payment"]["method"],
        payment_reference=job["payment"]["reference"],
        source_account=load_source(uow, context.actor, context.card_no, job["payment"]),
        rule_version=context.rules.version,
        online_counter=init.online_counter,
        balance_before=init.balance,
        card_random=init.card_random.hex(),
        host_date_time=f"{now.astimezone(LOCAL):{HOST_TIME}}",
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
    return uow.loads.get_one(context.card_no, context.facts["load_id"])


def _credit(context: Context, uow: UnitOfWork) -> Procedure[CreditForLoadOutcome]:
    init, load = _init_of(context.facts["init"]), _load(context, uow)
    claim = claim_of_load(load)
    session = _session(context, init)
    told = load.amount, claim.terminal, claim.moment, session, look_challenge(context)
    return credit_for_load(context.profile, claim.ref, init, *told)


def _settle_credit(context: Context, uow: UnitOfWork, outcome: CreditForLoadOutcome, now: dt.datetime) -> Effect:
    """A TAC that verifies confirms; anything else is evidence."""
    load = _load(context, uow)
    if load.state == LoadState.CONFIRMED:
        return Effect(done=_result(context, load))
    if load.state in (LoadState.NOT_WRITTEN, LoadState.REFUNDED):
        return Effect(failed=_settled_before(context, uow, load, outcome, now))
    if outcome.tac is None:
        if outcome.evidence is None:
            raise ValueError("a credit without a TAC brings evidence")
        entry = settle_load(context, uow, load, outcome.evidence, now)
        if entry["state"] == LoadState.CONFIRMED:
            return Effect(done=_result(context, _load(context, uow)))
        code = "load_not_written" if entry["state"] == LoadState.REFUNDED else "load_suspect"
        return Effect(failed=CardError(code, sw=f"{outcome.sw:04X}"))
    if _tac_right(context, load, outcome.tac):
        claim = claim_of_load(load)
        note_purse(context, uow, claim.ref, claim.balance_after, now, online=claim.counter + 1)
        return Effect(done=_result(context, confirm_load(uow, load, "tac", outcome.tac, now)))
    record_evidence(uow, suspect_load(uow, load), "tac_wrong", {"tac": outcome.tac.hex()}, now)
    return Effect(failed=CardError("tac_wrong"))


def _settled_before(
    context: Context, uow: UnitOfWork, load: Load, outcome: CreditForLoadOutcome, now: dt.datetime
) -> CardError:
    """The money went back because the card, or two people, said that it has nothing. A TAC that verifies says otherwise: it is
    kept with what the purse must hold now, for reconciliation and the two people who put it right."""
    if outcome.tac is None or not _tac_right(context, load, outcome.tac):
        return CardError("load_not_written", sw=f"{outcome.sw:04X}")
    claim = claim_of_load(load)
    note_purse(context, uow, claim.ref, claim.balance_after, now, online=claim.counter + 1)
    record_evidence(uow, load, PROVEN_TOO_LATE, {"tac": outcome.tac.hex()}, now)
    return CardError(PROVEN_TOO_LATE)


def _tac_right(context: Context, load: Load, tac: bytes) -> bool:
    claim = claim_of_load(load)
    return context.keystore.tac_verifies(context.card_no, claim.ref.application, claim.tac_data, tac, load.key_versions)


def _result(context: Context, load: Load) -> dict[str, Any]:
    target = target_of(context)
    return {
        "card_no": load.card_no,
        "load_id": load.load_id,
        "state": load.state,
        "product": load.product,
        "area": load.area,
        "period": str(target.period) if target.period else None,
        "amount": load.paid,
        "gift": load.gift,
        **told_change(load.paid, wanted(context)["payment"]),
        "lapsed": context.facts.get("lapsing", 0),
        "balance": load.balance_before + load.amount,
        "online_counter": load.online_counter + 1,
        "tac": load.tac,
        "expires": context.facts["expires"],
        "rules": context.facts["rules"],
        "sources": context.facts["sources"],
        "rule_version": load.rule_version,
        "settled": context.facts["settled"],
    }


def break_off_load(context: Context, uow: UnitOfWork, now: dt.datetime) -> None:
    """The card left after MAC2, or MAC1 of a debit, may have reached it: suspect until it comes back."""
    break_off_debit(context, uow, now)
    if "load_id" in context.facts:
        suspect_load(uow, _load(context, uow))


LOAD = (
    Phase("look", _look, _choose, needed=outside_city_purse),
    *MAKE_ROOM,
    Phase("initialize", _initialize, _authorise),
    Phase("credit", _credit, _settle_credit, late=True),
)
TOP_UP = OperationKind("topup", TopUpParams, (*CONTACT, *LOAD), broken_off=break_off_load)
