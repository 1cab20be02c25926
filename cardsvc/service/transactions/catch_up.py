"""Catching the books up with a card (补账), after they were restored from a backup and know less than the card does.

What the card did in the time that two people said is lost (purse/restored.py) is told by the card, and booked as it happened:

counter   which online transactions the books lack; its MAC1 over a fresh challenge says that this card told it
log       amount, terminal and time of each; it must have them all, all in the lost time, all made by terminals of ours
proof     the TAC of the newest, where the card still has it; what came before is bounded by the balance that it covers
balance   no more than the books have with these loads in them

A load of the amount of an order that waits is that order, or it would be written a second time. Any other was taken by its
terminal, which owes it. Only a desk may ask: the log itself is not proven. What does not fit is refused, and people decide.
"""

import datetime as dt
import uuid
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cardsvc.card.log_order import LogOrder, began_at, shown_order
from cardsvc.card.periods import Period, PursePeriods
from cardsvc.card.purse import LogRecord, TransactionType
from cardsvc.card.records import ApplicationRecord
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger import postings
from cardsvc.ledger.states import LoadState
from cardsvc.procedures.applications import read_application
from cardsvc.procedures.purse import PurseRef, TransactionEvidence, last_load_evidence
from cardsvc.rules import credited
from cardsvc.rules.ruleset import Area
from cardsvc.service.operations.kinds import Actor, Context, Effect, OperationKind, Params, Phase
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.purse.areas import CITY_PURSE, PARKING_CARD, Target
from cardsvc.service.purse.claims import COUNTED_ALIKE, claim_of_load
from cardsvc.service.purse.counters import counted_in_books
from cardsvc.service.purse.open_money import refuse_while_open
from cardsvc.service.purse.payments import BY_ORDER, load_source
from cardsvc.service.purse.restored import FROM_CARD, lost_times, moment_of
from cardsvc.service.purse.settle import (
    Judgement,
    confirm_load,
    evidence_json,
    look_challenge,
    look_of_this_card,
    record_evidence,
)
from cardsvc.service.purse.sightings import note_purse
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Load, TopUpOrder


class CatchUpParams(Params):
    """Catching up takes no parameters."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the card tells of one purse, and of the application that it is in."""

    ref: PurseRef
    record: ApplicationRecord | None
    evidence: TransactionEvidence


@dataclass(frozen=True, slots=True)
class Missing:
    """A load that the books lack: its counter before the increment, its record in the log, and the balance after it in fen."""

    counter: int
    record: LogRecord
    balance: int


def _ask(context: Context, uow: UnitOfWork) -> Procedure[list[Told]]:
    refuse_while_open(context.facts["settled"])
    opened = {row.application: row.product for row in uow.applications.of_card(context.card_no) if row.state == "open"}
    with_purses = [name for name, product in opened.items() if name == "bus" or (name, product) == ("parking", PARKING_CARD)]
    return _tell(context, with_purses)


def _tell(context: Context, applications: list[str]) -> Procedure[list[Told]]:
    told = [Told(CITY_PURSE, None, (yield from last_load_evidence(context.profile, CITY_PURSE, look_challenge(context))))]
    for application in applications:
        record = yield from read_application(context.profile, application)
        for purse in context.profile.layout.find(application).purses:
            ref = PurseRef(application, purse)
            evidence = yield from last_load_evidence(context.profile, ref, look_challenge(context))
            told.append(Told(ref, record, evidence))
    return told


def _catch_up(context: Context, uow: UnitOfWork, told: list[Told], now: dt.datetime) -> Effect:
    """All that is missing, or nothing."""
    loads = [load for one in told for load in _booked(context, uow, one, now)]
    spent = [debit for one in told for debit in _spent_here(context, uow, one)]
    return Effect(done={"card_no": context.card_no, "settled": context.facts["settled"], "loads": loads, "spent": spent})


def _spent_here(context: Context, uow: UnitOfWork, told: Told) -> Iterator[dict[str, Any]]:
    """What terminals of ours took off in the lost time and the books lack: a purchase, or the card was emptied for its holder.
    No operator's file brings it, and the log does not say who got it: people find out, nothing is booked."""
    times, order = lost_times(uow), _order_of_log(context, told)
    for record in told.evidence.log:
        at = record.stamp
        if record.type != told.ref.purchase_type or not any(time.holds(at) for time in times):
            continue
        terminal = uow.terminals.by_number(record.terminal.hex())
        key = context.card_no, told.ref.application, told.ref.purse, began_at(record, order)
        if terminal is not None and not uow.purchases.at_counters([key]):
            where = {"application": told.ref.application, "purse": told.ref.purse, "terminal": terminal.terminal_id}
            yield {"amount": record.amount, "at": at, **where}


def _booked(context: Context, uow: UnitOfWork, told: Told, now: dt.datetime) -> Iterator[dict[str, Any]]:
    evidence, booked = told.evidence, counted_in_books(uow, context.card_no, told.ref)
    if evidence.look is None or evidence.balance is None:
        raise CardError("catch_up_untold", card_no=context.card_no)
    if not look_of_this_card(context, told.ref, evidence.look):
        raise CardError("card_not_genuine")
    if evidence.look.online_counter <= booked:
        return
    missing = list(_missing(context, told, booked))
    _refuse_other_time(context, uow, missing)
    _refuse_above(context, uow, told, missing)
    for one in missing:
        newest = one is missing[-1]
        yield _book(context, uow, told, one, now, newest=newest)
    note_purse(context, uow, told.ref, evidence.balance, now, online=evidence.look.online_counter)


def _missing(context: Context, told: Told, booked: int) -> Iterator[Missing]:
    """The loads from this counter on, oldest first. Raises CardError ``catch_up_untold``: the log has not all of them, or one
    took money off."""
    order = _order_of_log(context, told)
    found: dict[int, Missing] = {}
    balance = told.evidence.balance or 0
    off = COUNTED_ALIKE.get(told.ref.purchase_type, ())
    for record in told.evidence.log:
        if record.type == told.ref.load_type:
            counter = began_at(record, order)
            found.setdefault(counter, Missing(counter, record, balance))
            balance -= record.amount
        elif record.type in off or (record.type == TransactionType.UNLOAD and told.ref.purse == "ed"):
            balance += record.amount
    for counter in range(booked, _shown(told) or 0):
        if counter not in found:
            raise CardError("catch_up_untold", card_no=context.card_no)
        yield found[counter]


def _shown(told: Told) -> int | None:
    """The online counter that the card showed."""
    return told.evidence.look.online_counter if told.evidence.look else None


def _order_of_log(context: Context, told: Told) -> LogOrder:
    """How this card numbers its log: as its newest load shows, else as the profile states."""
    loads = [record for record in told.evidence.log if record.type == told.ref.load_type]
    return shown_order(loads, _shown(told)) or context.profile.purse.log_number


def _refuse_other_time(context: Context, uow: UnitOfWork, missing: list[Missing]) -> None:
    """Raise CardError ``catch_up_not_lost``: nobody said that the books of that time are missing. Then it is no matter of a
    backup, and somebody may have the keys of this card."""
    times = lost_times(uow)
    for one in missing:
        at = _moment(context, one)
        if not any(time.holds(one.record.stamp) for time in times):
            raise CardError("catch_up_not_lost", card_no=context.card_no, at=f"{at:%Y-%m-%d %H:%M:%S}")


def _moment(context: Context, one: Missing) -> dt.datetime:
    """When it was. Raises CardError ``catch_up_untold`` for a time that is none."""
    try:
        return moment_of(one.record.stamp)
    except ValueError:
        raise CardError("catch_up_untold", card_no=context.card_no) from None


def _refuse_above(context: Context, uow: UnitOfWork, told: Told, missing: list[Missing]) -> None:
    """Raise CardError ``catch_up_untold`` where the card has more than these loads explain."""
    account = postings.purse_account(context.card_no, told.ref.application, told.ref.purse)
    booked = -uow.ledger.balances(context.card_no).get(account, 0)
    if (told.evidence.balance or 0) > booked + sum(one.record.amount for one in missing):
        raise CardError("catch_up_untold", card_no=context.card_no)


def _book(context: Context, uow: UnitOfWork, told: Told, one: Missing, now: dt.datetime, *, newest: bool) -> dict[str, Any]:
    """One load, with the lines that it would have: paid and on its way, then on the card."""
    load = _load(context, uow, told, one)
    judgement = _proven(context, load, told.evidence) if newest else Judgement(written=True, rule="log_record")
    uow.loads.add(load)
    uow.ledger.post(load.card_no, postings.load_authorised(load.card_no, load.source_account, load.paid), load.load_id, now)
    if load.gift:
        uow.ledger.post(load.card_no, postings.load_gift(load.card_no, load.product, load.gift), load.load_id, now)
    record_evidence(uow, load, judgement.rule, evidence_json(told.evidence, judgement), now)
    confirm_load(uow, load, judgement.rule, judgement.tac, now)
    return {
        "load_id": load.load_id,
        "application": load.application,
        "area": load.area,
        "amount": load.amount,
        "taken_by": f"{load.actor_kind}:{load.actor_id}",
        "at": one.record.stamp,
        "rule": judgement.rule,
        "order_id": load.payment_reference,
    }


def _load(context: Context, uow: UnitOfWork, told: Told, one: Missing) -> Load:
    """The row that is missing, as it was but for what only the books knew."""
    target, taker, moment = _target(told), _taker(context, uow, one.record.terminal), moment_of(one.record.stamp)
    amount, own = one.record.amount, uuid.UUID(context.operation.operation_id)
    paid = _paid(context, target, amount, local_day(moment))
    order = _order(uow, context.card_no, target, paid)
    method, reference = (BY_ORDER, order.order_id) if order else (FROM_CARD, None)
    which = f"{told.ref.application} {told.ref.purse} {one.counter}"
    return Load(
        card_no=context.card_no,
        load_id=str(uuid.uuid5(own, f"load {which}")),
        operation_id=str(uuid.uuid5(own, which)),
        application=told.ref.application,
        purse=told.ref.purse,
        product=target.product,
        area=target.area,
        first_month=target.period.first if target.period else None,
        last_month=target.period.last if target.period else None,
        amount=amount,
        gift=amount - paid,
        state=LoadState.AUTHORISED,
        actor_kind=taker.kind,
        actor_id=taker.id,
        terminal_no=one.record.terminal.hex(),
        payment_method=method,
        payment_reference=reference,
        source_account=load_source(uow, taker, context.card_no, {"method": method, "reference": reference}),
        rule_version=context.rules.version,
        online_counter=one.counter,
        balance_before=one.balance - amount,
        card_random="00000000",
        host_date_time=one.record.stamp,
        key_versions=dict(context.versions),
        authorised_at=moment.astimezone(dt.UTC),
    )


def _paid(context: Context, target: Target, amount: int, day: dt.date) -> int:
    """What was paid for what the card got, by the rule's gift of that day; both in fen."""
    return bisect_left(range(amount), amount, key=lambda paid: credited(context.rules, target.product, target.area, paid, day))


def _proven(context: Context, load: Load, evidence: TransactionEvidence) -> Judgement:
    """The newest load by its TAC; by the log where the card has no proof of it any more. Raises CardError ``tac_wrong``."""
    claim = claim_of_load(load)
    for _number, proof in evidence.proofs:
        if context.keystore.tac_verifies(load.card_no, load.application, claim.tac_data, proof.tac, load.key_versions):
            return Judgement(written=True, rule="proof", tac=proof.tac)
    if evidence.proofs:
        raise CardError("tac_wrong")
    return Judgement(written=True, rule="log_record")


def _target(told: Told) -> Target:
    """The money area of a purse: of a month ticket the months that it holds now, which are those it was loaded for."""
    if told.record is None:
        return Target("citizen", "purse", CITY_PURSE)
    product = "parking" if told.ref.application == "parking" else told.record.product
    period = None if product == "parking" else _period(told.ref, told.record)
    return Target(product, _area(product, period), told.ref, period)


def _period(ref: PurseRef, record: ApplicationRecord) -> Period | None:
    kept = PursePeriods.parse(record.own)
    return kept.ed if ref.purse == "ed" else kept.ep


def _area(product: str, period: Period | None) -> Area:
    if period is None:
        return "purse"
    if period.first == period.last:
        return "month"
    return "term" if product == "B" else "season"


def _order(uow: UnitOfWork, card_no: str, target: Target, paid: int) -> TopUpOrder | None:
    """The oldest order that waits for just this; ``paid`` in fen."""
    first = target.period.first if target.period else None
    wanted = target.product, target.area, first, paid
    for order in uow.orders.waiting(card_no):
        same = (order.product, order.area, order.first_month, order.amount) == wanted
        if same and not uow.loads.paid_by(BY_ORDER, order.order_id):
            return order
    return None


def _taker(context: Context, uow: UnitOfWork, terminal_no: bytes) -> Actor:
    """Whose terminal it was, by the number that the card has. Raises CardError ``catch_up_terminal_unknown``."""
    if terminal_no == context.actor.terminal_no:
        return context.actor
    terminal = uow.terminals.by_number(terminal_no.hex())
    if terminal is None:
        raise CardError("catch_up_terminal_unknown", terminal=terminal_no.hex())
    return Actor("desk" if terminal.role == "workstation" else "terminal", terminal.terminal_id, terminal_no, terminal.role)


CATCH_UP = OperationKind("catch_up", CatchUpParams, (*CONTACT, Phase("ask", _ask, _catch_up)), roles=frozenset({"desk"}))
