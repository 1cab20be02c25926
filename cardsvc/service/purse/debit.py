"""Taking money off a purse, in two steps that are never confused; who gets it is the caller's matter.

authorised, with the offline counter that the card showed, is committed before MAC1 leaves the service; confirmed needs a TAC
that verifies. In between only the card knows, and settle.py asks it.
"""

import datetime as dt
import uuid

from cardsvc.card.huada import authentication_id
from cardsvc.card.purse import InitializeForPurchaseAnswer, InitializeForUnloadAnswer
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger.states import PurchaseKind, PurchaseState
from cardsvc.procedures.purse import (
    DebitForPurchaseOutcome,
    PurseRef,
    TransactionEvidence,
    debit_for_purchase,
    initialize_for_purchase,
)
from cardsvc.service.operations.kinds import Context
from cardsvc.service.purse.card_keys import as_shown
from cardsvc.service.purse.claims import HOST_TIME, claim_of_purchase
from cardsvc.service.purse.counters import refuse_offline_back
from cardsvc.service.purse.settle import PROVEN_TOO_LATE, confirm_purchase, record_evidence, settle_purchase, suspect_purchase
from cardsvc.service.purse.sightings import note_purse
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Purchase
from cardsvc.units import LOCAL, CardNo


def initialize_debit(context: Context, ref: PurseRef, amount: int) -> Procedure[InitializeForPurchaseAnswer]:
    """INITIALIZE FOR PURCHASE. Nothing is written to the card."""
    return initialize_for_purchase(context.profile, ref, amount, context.actor.terminal_no)


def authorise_debit(
    context: Context,
    uow: UnitOfWork,
    ref: PurseRef,
    init: InitializeForPurchaseAnswer,
    payment: tuple[int, str, str],
    now: dt.datetime,
) -> dict[str, str]:
    """The row: from here on the card may have paid. ``payment``: amount, merchant, payee account. Returns facts to keep.

    Raises CardError ``card_counter_back``.
    """
    refuse_offline_back(uow, context.card_no, ref, init.offline_counter)
    purchase = uow.purchases.add(debit_row(context, ref, PurchaseKind.PURCHASE, init, init.offline_counter, payment, now))
    note_purse(context, uow, ref, init.balance, now, offline=init.offline_counter)
    return {"purchase_id": purchase.purchase_id, "overdraft_limit": init.overdraft_limit.hex()}


def debit_row(
    context: Context,
    ref: PurseRef,
    kind: PurchaseKind,
    init: InitializeForPurchaseAnswer | InitializeForUnloadAnswer,
    counter: int,
    payment: tuple[int, str, str],
    now: dt.datetime,
) -> Purchase:
    """A purchase or unload, authorised. ``payment``: amount, merchant, payee account."""
    amount, merchant, payee = payment
    purchase_id = uuid.uuid5(uuid.UUID(context.operation.operation_id), "purchase")
    return Purchase(
        card_no=context.card_no,
        purchase_id=str(purchase_id),
        operation_id=context.operation.operation_id,
        application=ref.application,
        purse=ref.purse,
        amount=amount,
        state=PurchaseState.AUTHORISED,
        merchant=merchant,
        payee_account=payee,
        terminal_no=context.actor.terminal_no.hex(),
        terminal_transaction=purchase_id.bytes[:4].hex(),
        counter=counter,
        balance_before=init.balance,
        card_random=init.card_random.hex(),
        host_date_time=f"{now.astimezone(LOCAL):{HOST_TIME}}",
        key_versions=dict(as_shown(context.keystore, context.versions, f"{ref.application}.{kind}", init.key_version)),
        authorised_at=now,
        kind=kind,
    )


def purchase_of(context: Context, uow: UnitOfWork) -> Purchase:
    """The purchase of this operation."""
    return uow.purchases.get_one(context.card_no, context.facts["purchase_id"])


def debit(context: Context, uow: UnitOfWork) -> Procedure[DebitForPurchaseOutcome]:
    """DEBIT FOR PURCHASE, made again the same from the row."""
    row = purchase_of(context, uow)
    claim, random = claim_of_purchase(row), bytes.fromhex(row.card_random)
    limit = bytes.fromhex(context.facts["overdraft_limit"])
    init = InitializeForPurchaseAnswer(row.balance_before, row.counter, limit, 0, 0, random)
    number = bytes.fromhex(row.terminal_transaction)
    name, tail = f"{claim.ref.application}.purchase", number[2:]
    session = context.keystore.session(context.card_no, name, random, row.counter, row.key_versions, tail)
    card_id = authentication_id(CardNo(row.card_no)) if context.profile.purse.purchase_mac1_card_id else b""
    return debit_for_purchase(
        context.profile, claim.ref, init, row.amount, claim.terminal, number, claim.moment, session, card_id
    )


def settle_debit(
    context: Context, uow: UnitOfWork, outcome: DebitForPurchaseOutcome, now: dt.datetime
) -> tuple[Purchase, CardError | None]:
    """A TAC that verifies confirms; anything else is evidence. Returns the purchase, and why it is not confirmed."""
    row = purchase_of(context, uow)
    claim = claim_of_purchase(row)
    right = outcome.tac is not None and context.keystore.tac_verifies(
        context.card_no, claim.ref.application, claim.tac_data, outcome.tac, row.key_versions
    )
    if row.state not in (PurchaseState.AUTHORISED, PurchaseState.SUSPECT):
        return row, settled_before(context, uow, row, outcome.sw, outcome.tac if right else None, now)
    if outcome.tac is None:
        return settle_refused(context, uow, row, outcome.sw, outcome.evidence, now)
    if right and outcome.mac2_right:
        note_purse(context, uow, claim.ref, claim.balance_after, now, offline=claim.counter + 1)
        return confirm_purchase(uow, row, "tac", outcome.tac, now), None
    record_evidence(uow, row, "tac_wrong", {"tac": outcome.tac.hex(), "mac2_right": outcome.mac2_right}, now)
    suspect_purchase(uow, row)
    return row, CardError("tac_wrong")


def settled_before(
    context: Context, uow: UnitOfWork, row: Purchase, sw: int, proof: bytes | None, now: dt.datetime
) -> CardError | None:
    """The card's answer comes when another contact, or two people, settled it: None where they found that the card paid, else
    why it did not. A ``proof`` that is right says that it did: it is kept, for the two people who put it right."""
    if row.state == PurchaseState.CONFIRMED:
        return None
    if proof is None:
        return CardError("purchase_not_debited", sw=f"{sw:04X}")
    claim = claim_of_purchase(row)
    counted = {"online" if row.kind == PurchaseKind.UNLOAD else "offline": claim.counter + 1}
    note_purse(context, uow, claim.ref, claim.balance_after, now, **counted)
    record_evidence(uow, row, PROVEN_TOO_LATE, {"proof": proof.hex()}, now)
    return CardError(PROVEN_TOO_LATE)


def settle_refused(
    context: Context, uow: UnitOfWork, row: Purchase, sw: int, evidence: TransactionEvidence | None, now: dt.datetime
) -> tuple[Purchase, CardError | None]:
    """The card refused the debit, or what it answered was no answer: the evidence that was gathered at once decides."""
    if evidence is None:
        raise ValueError("a debit without its answer brings evidence")
    entry = settle_purchase(context, uow, row, evidence, now)
    if entry["state"] == PurchaseState.CONFIRMED:
        return purchase_of(context, uow), None
    code = "purchase_not_debited" if entry["state"] == PurchaseState.NOT_DEBITED else "purchase_suspect"
    return row, CardError(code, sw=f"{sw:04X}")


def break_off_debit(context: Context, uow: UnitOfWork, _now: dt.datetime) -> None:
    """The card left after MAC1 of a purchase, MAC2 of an unload, may have reached it: suspect until it comes back."""
    if "purchase_id" in context.facts:
        suspect_purchase(uow, purchase_of(context, uow))
