"""What is open on a card, at its contact: noted by the identify phase, asked about, judged, settled.

Loads and purchases by settle.py, fees of openings by fees.py.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from cardsvc.card.records import ApplicationRecord
from cardsvc.errors import CardError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.applications import read_application
from cardsvc.procedures.purse import TransactionEvidence, load_evidence, purchase_evidence, unload_evidence
from cardsvc.service.operations.kinds import Context
from cardsvc.service.purse.claims import Claim, claim_of, claim_of_load, claim_of_purchase, others_near
from cardsvc.service.purse.fees import settle_fee
from cardsvc.service.purse.settle import UNDECIDED, judge, look_challenge, settle_load, settle_purchase
from cardsvc.store import UnitOfWork
from cardsvc.store.records import ApplicationFee, Load, Purchase

OPEN = {"load": "open_loads", "purchase": "open_purchases", "fee": "open_fees"}
"""The facts that the ids of what is open are kept as."""
Gathered = list[tuple[str, str, TransactionEvidence | ApplicationRecord | None]]
"""Kind and id of what is open, and what the card showed: of a fee the record of its application, None where it shows none."""
Asked = Procedure[TransactionEvidence] | Procedure[ApplicationRecord | None]


def open_facts(uow: UnitOfWork, card_no: str) -> dict[str, list[str]]:
    """The ids of what is open on a card."""
    found = uow.open_money.on(card_no)
    return {fact: [identifier for kind, identifier in found if kind == what] for what, fact in OPEN.items()}


def anything_open(context: Context) -> bool:
    """Whether money of this card is on its way."""
    return any(context.facts.get(fact) for fact in OPEN.values())


def gather(context: Context, uow: UnitOfWork) -> Procedure[Gathered]:
    """Ask the card about everything that is open on it: what is open was noted as facts by the identify phase."""
    asked = [(kind, identifier) for kind, fact in OPEN.items() for identifier in context.facts.get(fact, ())]
    questions = [(kind, identifier, _question(context, uow, kind, identifier)) for kind, identifier in asked]
    return _ask(questions)


def _ask(questions: list[tuple[str, str, Asked]]) -> Procedure[Gathered]:
    gathered: Gathered = []
    for kind, identifier, procedure in questions:
        gathered.append((kind, identifier, (yield from procedure)))
    return gathered


def _question(context: Context, uow: UnitOfWork, kind: str, identifier: str) -> Asked:
    if kind == "fee":
        fee = uow.application_fees.get(context.card_no, identifier)
        if fee is None:
            raise ValueError("the fee that was open is gone")
        return read_application(context.profile, fee.application)
    claim = _claim(context, uow, kind, identifier)
    where = context.profile, claim.ref, claim.counter
    if kind == "load":
        return load_evidence(*where, look_challenge(context))
    if claim.unload_random is not None:
        return unload_evidence(*where, look_challenge(context))
    return purchase_evidence(*where)


def _claim(context: Context, uow: UnitOfWork, kind: str, identifier: str) -> Claim:
    load = uow.loads.get(context.card_no, identifier) if kind == "load" else None
    purchase = uow.purchases.get(context.card_no, identifier) if kind == "purchase" else None
    if load is not None:
        return claim_of_load(load)
    if purchase is not None:
        return claim_of_purchase(purchase)
    raise ValueError(f"the {kind} that was open is gone")


def judge_all(context: Context, uow: UnitOfWork, gathered: Gathered) -> list[dict[str, Any]]:
    """What settling the purses would come to, without doing it: ``written`` is True, False, or None where it cannot be told."""
    judged = []
    for kind, identifier, evidence in gathered:
        row = uow.loads.get(context.card_no, identifier) if kind == "load" else uow.purchases.get(context.card_no, identifier)
        if row is not None and isinstance(evidence, TransactionEvidence):
            verdict = judge(context, claim_of(row), evidence, row.key_versions, others_near(uow, row))
            entry = {"kind": kind, "id": identifier, "amount": row.amount, "written": verdict.written, "rule": verdict.rule}
            judged.append(entry)
    return judged


def settle_all(context: Context, uow: UnitOfWork, gathered: Gathered, now: dt.datetime) -> list[dict[str, Any]]:
    """Settle everything that was asked about. What another worker settled meanwhile is left alone."""
    return list(_settled(context, uow, gathered, now)) if gathered else []


def _settled(context: Context, uow: UnitOfWork, gathered: Gathered, now: dt.datetime) -> Iterator[dict[str, Any]]:
    still_open = {
        **{("load", load.load_id): load for load in uow.loads.open_on(context.card_no)},
        **{("purchase", purchase.purchase_id): purchase for purchase in uow.purchases.open_on(context.card_no)},
        **{("fee", fee.fee_id): fee for fee in uow.application_fees.open_on(context.card_no)},
    }
    for kind, identifier, shown in gathered:
        match still_open.get((kind, identifier)), shown:
            case Load() as load, TransactionEvidence() as evidence:
                yield settle_load(context, uow, load, evidence, now)
            case Purchase() as purchase, TransactionEvidence() as evidence:
                yield settle_purchase(context, uow, purchase, evidence, now)
            case ApplicationFee() as fee, (ApplicationRecord() | None) as record:
                yield settle_fee(context, uow, fee, record, now)


def refuse_while_open(settled: list[Mapping[str, Any]]) -> None:
    """No new money moves on a purse while the card cannot say what became of the last; a fee is not on it."""
    if any(entry["rule"] == UNDECIDED and "fee_id" not in entry for entry in settled):
        raise CardError("suspect_undecided")
