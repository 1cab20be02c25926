"""The fee of opening an application, in two steps that are never confused: the money side of service/cards/applications.py.

authorised, with the record that will be written, is committed before the application is written; confirmed needs that record on
the card. In between only the card knows, and its next contact asks it:

rule              decides when                                               the card
read_back         the opening itself read the record back                    has it
record_written    the card shows the record, and nothing else paid for it    has it
record_unwritten  the card shows a desk the record of before                 does not have it
(none)            anything else: it stays open, with the evidence            undecided

Nothing proves what a card says of its applications, and a terminal may tell anything: so it alone never gives money back. Where
the card does not have it, the money is its payer's: it waits in suspense, and pays for the same opening when that is done
again, or goes back (service/cards/fees_back.py).
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.errors import RequestError
from cardsvc.ledger import postings
from cardsvc.ledger.states import FEE_ALLOWED, FeeState, advance
from cardsvc.service.messages.library import APPLICATION as LIBRARY_APPLICATION
from cardsvc.service.messages.library import tell_opened
from cardsvc.service.operations.kinds import Context
from cardsvc.service.purse.payments import money_source, note_given, refuse_paid
from cardsvc.service.purse.settle import UNDECIDED, record_evidence
from cardsvc.store import UnitOfWork
from cardsvc.store.records import ApplicationFee, CardApplication
from cardsvc.units import format_yuan

READ_BACK = "read_back"
WRITTEN, UNWRITTEN = "record_written", "record_unwritten"


def authorise_fee(
    context: Context,
    uow: UnitOfWork,
    terms: Mapping[str, Any],
    records: tuple[ApplicationRecord | None, ApplicationRecord],
    payment: Mapping[str, Any],
    now: dt.datetime,
) -> ApplicationFee:
    """From here on, before the card is written, the fee of this opening is in the books: taken now, or paid before and not
    used. ``terms``: ``fee`` in fen, and ``rules``; ``records``: what the card showed, if it could be read, and what is written.

    Raises RequestError ``fee_paid_before``, ``fee_waits``, ``fee_open``, ``fee_gone``, ``payment_reference_used``,
    ``cash_given_short``.
    """
    card_no, name, amount = context.card_no, context.params["application"], terms["fee"]
    operation_id = context.operation.operation_id
    before, record = records
    written = {"record": record.encode().hex(), "record_before": before.encode().hex() if before else None}
    job = {"operation_id": operation_id, "product": record.product, **written}
    rule = ", ".join(terms["rules"])
    if any(fee.application == name for fee in uow.application_fees.open_on(card_no)):
        raise RequestError("fee_open", application=name)
    waiting = next((fee for fee in uow.application_fees.waiting_on(card_no) if fee.application == name), None)
    if waiting is not None:
        if waiting.amount != amount:
            raise RequestError("fee_waits", **_paid(waiting), fee=format_yuan(amount))
        refuse_another_payment(waiting, payment)
        state = advance(FEE_ALLOWED, FeeState(waiting.state), FeeState.AUTHORISED)
        return uow.application_fees.change(waiting, state=state, rule=rule, **job)
    if context.params.get("paid") is not None:
        raise RequestError("fee_gone", application=name, fee=format_yuan(amount))
    refuse_paid(uow, payment)
    source, paid = money_source(uow, context.actor, payment), (payment["method"], payment["reference"])
    note_given(uow, card_no, operation_id, amount, payment, source, now)
    fee = ApplicationFee(
        card_no, operation_id, operation_id, name, record.product, amount, FeeState.AUTHORISED, rule, *paid, source, now
    )
    fee = uow.application_fees.add(replace(fee, record=written["record"], record_before=written["record_before"]))
    uow.ledger.post(card_no, postings.fee_authorised(card_no, source, amount), fee.fee_id, now)
    return fee


def refuse_another_payment(fee: ApplicationFee, payment: Mapping[str, Any]) -> None:
    """Raise RequestError ``fee_paid_before`` when what this fee paid for is paid for once more."""
    if payment.get("given") is not None or payment["reference"] not in (None, fee.payment_reference):
        raise RequestError("fee_paid_before", **_paid(fee))


def _paid(fee: ApplicationFee) -> dict[str, Any]:
    return {"application": fee.application, "amount": format_yuan(fee.amount), "card_no": fee.card_no}


def suspect_fee(uow: UnitOfWork, fee: ApplicationFee) -> ApplicationFee:
    """An authorised fee whose application was not read back."""
    if fee.state != FeeState.AUTHORISED:
        return fee
    return uow.application_fees.change(fee, state=advance(FEE_ALLOWED, FeeState(fee.state), FeeState.SUSPECT))


def confirm_fee(uow: UnitOfWork, fee: ApplicationFee, rule: str, now: dt.datetime) -> ApplicationFee:
    """The card has what was paid for: the fee is earned."""
    state = advance(FEE_ALLOWED, FeeState(fee.state), FeeState.CONFIRMED)
    posting = postings.fee_confirmed(fee.card_no, fee.application, fee.amount)
    uow.ledger.post(fee.card_no, posting, fee.fee_id, now)
    return uow.application_fees.change(fee, state=state, settled_by=rule, ended_at=now)


def confirm_opening(uow: UnitOfWork, fee: ApplicationFee, rule: str, now: dt.datetime) -> ApplicationFee:
    """The card has it although its opening broke off: the application is opened in the books as that would have done."""
    record = ApplicationRecord.parse(bytes.fromhex(fee.record or ""))
    if record is None:
        raise ValueError("a fee that is open says what is written for it")
    book_application(uow, fee.card_no, fee.operation_id, fee.application, record, now)
    return confirm_fee(uow, fee, rule, now)


def unwritten_fee(uow: UnitOfWork, fee: ApplicationFee, rule: str) -> ApplicationFee:
    """The card does not have it: the money is its payer's again, and waits."""
    suspect = suspect_fee(uow, fee)
    state = advance(FEE_ALLOWED, FeeState(suspect.state), FeeState.NOT_WRITTEN)
    return uow.application_fees.change(suspect, state=state, settled_by=rule)


def book_application(
    uow: UnitOfWork, card_no: str, operation_id: str, application: str, record: ApplicationRecord, now: dt.datetime
) -> CardApplication:
    """The books' row of an application whose record is on the card; the library is told of its own."""
    state = "open" if record.state is ApplicationState.OPEN else "closed"
    dates = record.valid_from, record.valid_to
    row = CardApplication(card_no, application, state, record.product, *dates, operation_id, now)
    uow.applications.put(row)
    if application == LIBRARY_APPLICATION:
        tell_opened(uow, row, now)
    return row


def settle_fee(
    context: Context, uow: UnitOfWork, fee: ApplicationFee, shown: ApplicationRecord | None, now: dt.datetime
) -> dict[str, Any]:
    """Judge one open fee by what the card shows of its application, and carry the judgement out."""
    rule = _judge(uow, fee, shown, now, at_desk=context.actor.role == "desk")
    evidence = {"record": shown.encode().hex() if shown else None, "at": context.actor.role}
    record_evidence(uow, fee, rule, evidence, now)
    if rule == WRITTEN:
        fee = confirm_opening(uow, fee, rule, now)
    elif rule == UNWRITTEN:
        fee = unwritten_fee(uow, fee, rule)
    else:
        fee = suspect_fee(uow, fee)
    named = {"application": fee.application, "product": fee.product}
    return {"fee_id": fee.fee_id, **named, "amount": fee.amount, "state": fee.state, "rule": rule}


def _judge(uow: UnitOfWork, fee: ApplicationFee, shown: ApplicationRecord | None, now: dt.datetime, *, at_desk: bool) -> str:
    """The rules of the module's table. One protected write changes all of a record or nothing; only the application's own bytes
    change without one of an opening (a bus purse's periods). Of two payments that were taken for one record one paid for it."""
    if shown is None:
        return UNDECIDED
    confirmed = uow.application_fees.confirmed_on(fee.card_no)
    paid = {other.record for other in confirmed if other.application == fee.application and other.ended_at == now}
    if _is_record(shown, fee.record) and fee.record not in paid:
        return WRITTEN
    as_before = fee.record_before is None or fee.record in paid or _is_record(shown, fee.record_before)
    return UNWRITTEN if at_desk and as_before else UNDECIDED


def _is_record(shown: ApplicationRecord, record: str | None) -> bool:
    known = ApplicationRecord.parse(bytes.fromhex(record or ""))
    return known is not None and replace(known, own=b"") == replace(shown, own=b"")


def waiting_fees(uow: UnitOfWork, card_no: str) -> list[dict[str, Any]]:
    """What was paid for openings that are not on the card: it waits for the same opening, or for its payer."""
    return [
        {
            "fee_id": fee.fee_id,
            "application": fee.application,
            "product": fee.product,
            "amount": fee.amount,
            "payment_method": fee.payment_method,
            "taken_at": fee.taken_at.isoformat(),
        }
        for fee in uow.application_fees.waiting_on(card_no)
    ]
