"""Drawing a purse down for its holder: by unload (圈提) where the card can, by purchase elsewhere.

An unload needs an electronic deposit (ED), the key for it, and a card that got that key when it was made: cards of before the
layout had it, and families whose unload is not known, are drawn down by purchase. The steps are those of a purchase
(debit.py), and an unload is a row of the same kind of table: authorised with the online counter before MAC2 leaves the
service, confirmed by MAC3, settled by settle.py in between. Before that the card proves its unload key by MAC1.
"""

import datetime as dt

from cardsvc.card.purse import InitializeForPurchaseAnswer, InitializeForUnloadAnswer
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.ledger.states import PurchaseKind, PurchaseState
from cardsvc.procedures.purse import (
    DebitForPurchaseOutcome,
    DebitForUnloadOutcome,
    PurseRef,
    check_mac1,
    debit_for_unload,
    initialize_for_unload,
)
from cardsvc.service.operations.kinds import Context, Effect
from cardsvc.service.purse.areas import target_of
from cardsvc.service.purse.card_keys import as_shown
from cardsvc.service.purse.claims import claim_of_purchase
from cardsvc.service.purse.counters import check_online
from cardsvc.service.purse.debit import (
    authorise_debit,
    debit,
    debit_row,
    initialize_debit,
    purchase_of,
    settle_debit,
    settle_refused,
    settled_before,
)
from cardsvc.service.purse.settle import confirm_purchase, look_challenge, record_evidence, suspect_purchase, unload_session
from cardsvc.service.purse.sightings import note_purse
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Purchase

Drawn = InitializeForPurchaseAnswer | InitializeForUnloadAnswer
DrawnOutcome = DebitForPurchaseOutcome | DebitForUnloadOutcome


def unloads(context: Context, ref: PurseRef) -> bool:
    """Whether this card gives the money of this purse back by unload."""
    return ref.purse == "ed" and context.profile.layout.find(ref.application).has_key("unload")


def initialize_drawdown(context: Context, ref: PurseRef, amount: int) -> Procedure[Drawn]:
    """INITIALIZE FOR UNLOAD or FOR PURCHASE. Nothing is written to the card."""
    if not unloads(context, ref):
        return initialize_debit(context, ref, amount)
    return initialize_for_unload(context.profile, ref, amount, context.actor.terminal_no)


def initialize_emptying(context: Context, _uow: UnitOfWork) -> Procedure[Drawn]:
    """The same for all that the purse was seen to hold."""
    return initialize_drawdown(context, target_of(context).ref, context.facts["balance"])


def refuse_changed(context: Context, init: Drawn) -> None:
    """Raise CardError ``balance_changed`` where the purse holds something else than what was decided about."""
    if init.balance != context.facts["balance"]:
        raise CardError("balance_changed")


def authorise_drawdown(
    context: Context, uow: UnitOfWork, ref: PurseRef, init: Drawn, payment: tuple[int, str, str], now: dt.datetime
) -> dict[str, str]:
    """The row: from here on the card may be empty. ``payment`` and facts as of a debit.

    Raises CardError ``card_not_genuine``, ``card_counter_back``, ``card_ahead_of_books``.
    """
    if isinstance(init, InitializeForPurchaseAnswer):
        return authorise_debit(context, uow, ref, init, payment, now)
    versions = as_shown(context.keystore, context.versions, f"{ref.application}.unload", init.key_version)
    session = unload_session(context, ref, init.card_random, init.online_counter, versions)
    check_mac1(init, ref, payment[0], context.actor.terminal_no, session)
    check_online(uow, context.card_no, ref, init.online_counter)
    row = uow.purchases.add(debit_row(context, ref, PurchaseKind.UNLOAD, init, init.online_counter, payment, now))
    note_purse(context, uow, ref, init.balance, now, online=init.online_counter)
    return {"purchase_id": row.purchase_id}


def draw_down(context: Context, uow: UnitOfWork) -> Procedure[DrawnOutcome]:
    """The debit, made again the same from the row."""
    row = purchase_of(context, uow)
    if row.kind == PurchaseKind.PURCHASE:
        return debit(context, uow)
    claim, random = claim_of_purchase(row), bytes.fromhex(row.card_random)
    init = InitializeForUnloadAnswer(row.balance_before, row.counter, 0, 0, random, b"")
    session = unload_session(context, claim.ref, random, row.counter, row.key_versions)
    told = row.amount, claim.terminal, claim.moment, session, look_challenge(context)
    return debit_for_unload(context.profile, claim.ref, init, *told)


def settle_drawdown(
    context: Context, uow: UnitOfWork, outcome: DrawnOutcome, now: dt.datetime
) -> tuple[Purchase, CardError | None]:
    """A TAC or MAC3 that is right confirms; anything else is evidence. Returns the row, and why it is not confirmed."""
    if isinstance(outcome, DebitForPurchaseOutcome):
        return settle_debit(context, uow, outcome, now)
    row = purchase_of(context, uow)
    if row.state not in (PurchaseState.AUTHORISED, PurchaseState.SUSPECT):
        return row, settled_before(context, uow, row, outcome.sw, outcome.mac3 if outcome.mac3_right else None, now)
    if outcome.mac3 is None:
        return settle_refused(context, uow, row, outcome.sw, outcome.evidence, now)
    if outcome.mac3_right:
        claim = claim_of_purchase(row)
        note_purse(context, uow, claim.ref, claim.balance_after, now, online=claim.counter + 1)
        return confirm_purchase(uow, row, "mac3", outcome.mac3, now), None
    record_evidence(uow, row, "mac3_wrong", {"mac3": outcome.mac3.hex()}, now)
    suspect_purchase(uow, row)
    return row, CardError("mac3_wrong")


def end_drawdown(context: Context, uow: UnitOfWork, outcome: DrawnOutcome, now: dt.datetime) -> Effect:
    """The same as a phase's effect, where nothing follows from it but what was drawn."""
    _row, failure = settle_drawdown(context, uow, outcome, now)
    return Effect(failed=failure) if failure else Effect()
