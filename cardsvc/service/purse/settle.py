"""Settling what was broken off: only the card decides, and every decision stores its evidence and the rule that made it.

rule               decides when                                                       the card
proof              a proof's TAC (of an unload, MAC3) is right for this transaction   has it
log_record         the log holds it: number, amount, type, terminal, date and time    has it
log_other          the log holds another transaction at its counter: of a load or     does not have it
                   unload one of the books, of a purchase any, whichever way the
                   card numbers its log, or as the profile says and the counter shows
counter_unchanged  the counter is where it was before                                 does not have it
counter_and_balance the counter is one further and the balance is exactly as after it,  has it
                   and no order of the log has another purchase there
(none)             anything else: it stays open, with the evidence                    undecided

Of a load or unload, counter and balance come with a MAC1 of the card over a challenge that is fresh in each phase. Where that
is wrong or missing, somebody in between told it, kept it, or told it again from before, or a bad contact garbled it: then only
a proof counts, and the log where it says that the card has it. Nothing proves the log, so it alone never gives money back.
"""

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cardsvc.card.log_order import ORDERS, LogOrder, shown_order
from cardsvc.card.purse import InitializeForLoadAnswer, TransactionProof, TransactionType
from cardsvc.keystore.protocol import MacSession
from cardsvc.ledger import postings
from cardsvc.ledger.states import (
    LOAD_ALLOWED,
    ORDER_ALLOWED,
    PURCHASE_ALLOWED,
    LoadState,
    OrderState,
    PurchaseState,
    advance,
)
from cardsvc.procedures.purse import (
    LOOK_TERMINAL,
    PurseRef,
    TransactionEvidence,
    look_is_genuine,
)
from cardsvc.service.operations.kinds import LOOKS, Context
from cardsvc.service.purse.card_keys import as_shown
from cardsvc.service.purse.claims import Claim, claim_of_load, claim_of_purchase, others_near
from cardsvc.service.purse.payments import BY_ORDER, refund_target
from cardsvc.service.purse.swapped import SWAP, order_of_swap
from cardsvc.store import UnitOfWork
from cardsvc.store.records import ApplicationFee, Evidence, Load, Purchase

UNDECIDED = "undecided"
PROVEN_TOO_LATE = "proven_too_late"
"""Rule, and error, of a proof that the card has what was settled as not there: it decides nothing any more, two people do."""
REFUND = "card_refund"
"""Merchant of a purchase that draws a purse down for its holder; no merchant's code has a low line."""


def unload_session(context: Context, ref: PurseRef, random: bytes, counter: int, versions: Mapping[str, int]) -> MacSession:
    """The session of an unload: its MACs, MAC3 too, are all under it."""
    return context.keystore.session(context.card_no, f"{ref.application}.unload", random, counter, versions)


@dataclass(frozen=True, slots=True)
class Judgement:
    """``written``: True, False, or None for undecided; ``genuine``: whether it is this card's counter that was told."""

    written: bool | None
    rule: str
    tac: bytes | None = None
    genuine: bool = True


def judge(
    context: Context, claim: Claim, evidence: TransactionEvidence, versions: Mapping[str, int], others: Sequence[Claim]
) -> Judgement:
    """Apply the rules of the module's table, strongest first. ``others``: what else the books know around its counter."""
    stated = context.profile.purse.log_number
    for _number, proof in evidence.proofs:
        if (proven := _proven(context, claim, proof, versions)) is not None:
            return Judgement(True, "proof", proven)
    if claim.is_in(evidence.log, stated, others):
        return Judgement(True, "log_record")
    if not _is_genuine(context, claim, evidence):
        return Judgement(None, UNDECIDED, genuine=False)
    return _by_counter(claim, evidence, stated, others)


def _by_counter(claim: Claim, evidence: TransactionEvidence, stated: LogOrder, others: Sequence[Claim]) -> Judgement:
    """The rest of the table, for a card that told its counter itself."""
    if evidence.look is None:
        another = claim.orders_of_another(evidence.log)
        shown = shown_order(claim.counted_alike(evidence.log), evidence.counter)
        displaced = len(another) == len(ORDERS) or (stated in another and shown == stated)
    else:
        another = set()
        rivals = [other for other in others if other.counter == claim.counter]
        displaced = any(rival.is_in(evidence.log, stated, others) for rival in rivals)
    if displaced:
        return Judgement(False, "log_other")
    if evidence.counter == claim.counter:
        return Judgement(False, "counter_unchanged")
    balance = evidence.look.balance if evidence.look else evidence.balance
    if evidence.counter == claim.counter + 1 and balance == claim.balance_after and not another:
        return Judgement(True, "counter_and_balance")
    return Judgement(None, UNDECIDED)


def look_challenge(context: Context) -> bytes:
    """What the looks of this phase are asked with: nobody knows it before they are. Operations that began before there was one
    are asked as they began."""
    secret = context.facts.get(LOOKS)
    return hashlib.sha256(f"{secret} {context.operation.phase}".encode()).digest()[:6] if secret else LOOK_TERMINAL


def _is_genuine(context: Context, claim: Claim, evidence: TransactionEvidence) -> bool:
    """Whether the card itself told its online counter, just now. Of a purchase nothing can be checked."""
    if evidence.look is None:
        return claim.transaction_type in (TransactionType.EP_PURCHASE, TransactionType.ED_PURCHASE)
    return look_of_this_card(context, claim.ref, evidence.look)


def look_of_this_card(context: Context, ref: PurseRef, look: InitializeForLoadAnswer) -> bool:
    """Whether this card, just now, told its balance and online counter: by its MAC1 over the phase's challenge."""
    name = f"{ref.application}.load"
    versions = as_shown(context.keystore, context.versions, name, look.key_version)
    session = context.keystore.session(context.card_no, name, look.card_random, look.online_counter, versions)
    return look_is_genuine(look, ref, session, look_challenge(context))


def _proven(context: Context, claim: Claim, proof: TransactionProof, versions: Mapping[str, int]) -> bytes | None:
    """The TAC, or MAC3 of an unload, if it is right for this very transaction."""
    if claim.unload_random is not None:
        session = unload_session(context, claim.ref, claim.unload_random, claim.counter, versions)
        return proof.mac if hmac.compare_digest(session.mac(claim.tac_data), proof.mac) else None
    right = context.keystore.tac_verifies(context.card_no, claim.ref.application, claim.tac_data, proof.tac, versions)
    return proof.tac if right else None


def evidence_json(evidence: TransactionEvidence, judgement: Judgement) -> dict[str, Any]:
    """Evidence as it is stored: balances, counters, proofs and log, all of which stand on receipts as well."""
    return {
        **({} if judgement.genuine else {"mac1": "wrong"}),
        "balance": evidence.balance,
        "counter": evidence.counter,
        "proofs": [{"number": number, "mac": p.mac.hex(), "tac": p.tac.hex()} for number, p in evidence.proofs],
        "log": [
            {
                "number": r.number,
                "amount": r.amount,
                "type": r.type,
                "terminal": r.terminal.hex(),
                "at": r.stamp,
            }
            for r in evidence.log
        ],
    }


def subject_id_of(subject: Load | Purchase | ApplicationFee) -> str:
    """What evidence and owners know a load, purchase or fee by."""
    match subject:
        case Load():
            return subject.load_id
        case Purchase():
            return subject.purchase_id
        case ApplicationFee():
            return subject.fee_id


def record_evidence(
    uow: UnitOfWork, subject: Load | Purchase | ApplicationFee, rule: str, evidence: Any, now: dt.datetime
) -> None:
    """Append to the evidence about a load, purchase or fee."""
    subject_id = subject_id_of(subject)
    number = len(uow.evidence.of_subject(subject.card_no, subject_id)) + 1
    uow.evidence.add(Evidence(subject.card_no, subject_id, number, rule, evidence, now))


def suspect_load(uow: UnitOfWork, load: Load) -> Load:
    """An authorised load whose answer was not seen."""
    if load.state != LoadState.AUTHORISED:
        return load
    return uow.loads.change(load, state=advance(LOAD_ALLOWED, LoadState(load.state), LoadState.SUSPECT))


def confirm_load(uow: UnitOfWork, load: Load, rule: str, tac: bytes | None, now: dt.datetime) -> Load:
    """The card has it: the money goes from suspense to the purse."""
    state = advance(LOAD_ALLOWED, LoadState(load.state), LoadState.CONFIRMED)
    purse = postings.purse_account(load.card_no, load.application, load.purse)
    uow.ledger.post(load.card_no, postings.load_confirmed(load.card_no, purse, load.amount), load.load_id, now)
    if load.payment_method == BY_ORDER:
        _order_written(uow, load, now)
    return uow.loads.change(load, state=state, tac=tac.hex() if tac else None, settled_by=rule, ended_at=now)


def _order_written(uow: UnitOfWork, load: Load, now: dt.datetime) -> None:
    order = uow.orders.get(load.card_no, load.payment_reference)
    if order is None:
        raise ValueError("the order of this load is gone")
    state = advance(ORDER_ALLOWED, OrderState(order.state), OrderState.WRITTEN)
    uow.orders.change(order, state=state, load_id=load.load_id, ended_at=now)


def refund_load(uow: UnitOfWork, load: Load, rule: str, now: dt.datetime) -> Load:
    """The card proved that it does not have it: the money goes back to where it was taken, a gift to who gave it."""
    suspect = suspect_load(uow, load)
    state = advance(LOAD_ALLOWED, LoadState(suspect.state), LoadState.NOT_WRITTEN)
    written = uow.loads.change(suspect, state=state, settled_by=rule)
    target = refund_target(uow, load.source_account)
    uow.ledger.post(load.card_no, postings.load_refunded(load.card_no, target, load.paid), load.load_id, now)
    if load.gift:
        uow.ledger.post(load.card_no, postings.load_gift_returned(load.card_no, load.product, load.gift), load.load_id, now)
    state = advance(LOAD_ALLOWED, LoadState(written.state), LoadState.REFUNDED)
    return uow.loads.change(written, state=state, ended_at=now)


def confirm_purchase(uow: UnitOfWork, purchase: Purchase, rule: str, tac: bytes | None, now: dt.datetime) -> Purchase:
    """The card paid: the money goes from the purse to whom it is owed."""
    state = advance(PURCHASE_ALLOWED, PurchaseState(purchase.state), PurchaseState.CONFIRMED)
    purse = postings.purse_account(purchase.card_no, purchase.application, purchase.purse)
    for posting in _owed(uow, purchase, purse):
        uow.ledger.post(purchase.card_no, posting, purchase.purchase_id, now)
    if purchase.merchant == SWAP:
        order_of_swap(uow, purchase, now)
    return uow.purchases.change(purchase, state=state, tac=tac.hex() if tac else None, settled_by=rule, ended_at=now)


def _owed(uow: UnitOfWork, purchase: Purchase, purse: str) -> list[postings.Posting]:
    """Who gets the money: one payee, or those whom the refund names."""
    if purchase.merchant != REFUND:
        return [postings.purchase_confirmed(purse, purchase.payee_account, purchase.amount)]
    refund = uow.refunds.get(purchase.card_no, purchase.purchase_id)
    if refund is None:
        raise ValueError("the refund of this purchase is gone")
    return [
        postings.Posting(part["kind"], purse, refund_target(uow, part["account"]), part["amount"]) for part in refund.payouts
    ]


def suspect_purchase(uow: UnitOfWork, purchase: Purchase) -> Purchase:
    """An authorised purchase whose answer was not seen."""
    if purchase.state != PurchaseState.AUTHORISED:
        return purchase
    state = advance(PURCHASE_ALLOWED, PurchaseState(purchase.state), PurchaseState.SUSPECT)
    return uow.purchases.change(purchase, state=state)


def settle_load(
    context: Context, uow: UnitOfWork, load: Load, evidence: TransactionEvidence, now: dt.datetime
) -> dict[str, Any]:
    """Judge one open load and carry the judgement out."""
    judgement = judge(context, claim_of_load(load), evidence, load.key_versions, others_near(uow, load))
    record_evidence(uow, load, judgement.rule, evidence_json(evidence, judgement), now)
    if judgement.written:
        load = confirm_load(uow, load, judgement.rule, judgement.tac, now)
    elif judgement.written is False:
        load = refund_load(uow, load, judgement.rule, now)
    else:
        load = suspect_load(uow, load)
    return {"load_id": load.load_id, "amount": load.amount, "state": load.state, "rule": judgement.rule}


def settle_purchase(
    context: Context, uow: UnitOfWork, purchase: Purchase, evidence: TransactionEvidence, now: dt.datetime
) -> dict[str, Any]:
    """Judge one open purchase and carry the judgement out."""
    judgement = judge(context, claim_of_purchase(purchase), evidence, purchase.key_versions, others_near(uow, purchase))
    record_evidence(uow, purchase, judgement.rule, evidence_json(evidence, judgement), now)
    if judgement.written:
        purchase = confirm_purchase(uow, purchase, judgement.rule, judgement.tac, now)
    else:
        purchase = suspect_purchase(uow, purchase)
        if judgement.written is False:
            state = advance(PURCHASE_ALLOWED, PurchaseState(purchase.state), PurchaseState.NOT_DEBITED)
            purchase = uow.purchases.change(purchase, state=state, settled_by=judgement.rule, ended_at=now)
    return {"purchase_id": purchase.purchase_id, "amount": purchase.amount, "state": purchase.state, "rule": judgement.rule}
