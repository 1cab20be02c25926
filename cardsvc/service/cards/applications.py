"""Opening, reviewing and closing applications, and blocking and unblocking them."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.errors import RequestError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.iso7816.status import SW
from cardsvc.procedures.applications import block_application, unavailable, unblock_application, write_application
from cardsvc.procedures.identify import ApplicationSight, read_applications
from cardsvc.rules import OpenRequest, OpenTerms, check_open, is_opened_anew
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.operations.problem import FEE_IN_BOOKS
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.service.purse.fees import (
    READ_BACK,
    authorise_fee,
    book_application,
    confirm_fee,
    refuse_another_payment,
    suspect_fee,
)
from cardsvc.service.purse.held import held_areas
from cardsvc.service.purse.payments import Payment, told_change
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.service.transactions.deposits import holds_deposit
from cardsvc.store import UnitOfWork
from cardsvc.store.records import CardApplication
from cardsvc.units import LOCAL, MAX_AMOUNT, bcd, format_yuan

ApplicationName = Literal["bus", "parking", "library", "park"]
DESK_ONLY = frozenset({"desk"})
ALL = "all"
BUS = "bus"
PAID_BEFORE = "paid_before"
"""In facts and result: fen that were paid by an opening that broke off, and pay for this one."""
RENEWAL = ("park", "2")
"""The application that is sold year by year, and the product that prolongs it while last year's still holds."""


class OpenParams(Params):
    """Parameters of opening. ``product``: the bus product (A B C D T) or the tariff class of the others; ``holder``: the class
    of the person by the papers shown, for example resident, permit, student."""

    application: ApplicationName
    product: str = Field(pattern="^[A-Z1-9]$")
    holder: str = Field(default="resident", pattern="^[a-z]{1,16}$")
    payment: Payment = Payment(method="cash")
    """How the fee is paid, where there is one: in the books before the card is written, and earned once it was read back."""
    paid: int | None = Field(default=None, gt=0, le=MAX_AMOUNT)
    """The fee in fen that nothing is taken for now, as whoever asks was shown: it was paid before, and is not used."""

    @model_serializer(mode="wrap")
    def _without_nothing(self, serialise: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Left out where nothing was paid before: so an opening is the same input as before there was this."""
        plain: dict[str, Any] = serialise(self)
        return {name: value for name, value in plain.items() if name != "paid" or value is not None}


class ReviewParams(Params):
    """Parameters of the yearly review of a pupil's bus card: the desk has seen the school's paper. ``proof``: which it was."""

    application: Literal["bus"] = "bus"
    proof: str | None = Field(default=None, min_length=1, max_length=100)


class CloseParams(Params):
    """Parameters of closing."""

    application: ApplicationName


class BlockParams(Params):
    """Parameters of blocking or unblocking; ``all``: the purse and whatever is open, or blocked, by the books."""

    application: Literal["purse", "bus", "parking", "library", "park", "all"]


def _read(context: Context, _uow: UnitOfWork) -> Procedure[tuple[ApplicationSight, ...]]:
    return read_applications(context.profile)


def _decide_open(context: Context, uow: UnitOfWork, sights: tuple[ApplicationSight, ...], now: dt.datetime) -> Effect:
    """The rules, and from them the record that will be written.

    A bus product takes the place of another one (a pupil is eighteen) where no money of the old one is good any more; what is
    over is taken off as ever.
    """
    name, product = context.params["application"], context.params["product"]
    seen = next(sight for sight in sights if sight.name == name)
    if seen.sw != SW.OK:
        raise unavailable(context.profile, name, seen.sw)
    held = _held(context, uow, seen.record)
    if held is not None and (settled := _settled_opening(context, uow, held)):
        return Effect(done=settled)
    changed = held is not None and name == BUS and product != held.product
    birth_date, card_expiry = _holder(context, uow)
    day, holder = now.astimezone(LOCAL).date(), context.params.get("holder", "resident")
    issued = body_issued(uow, context.card_no) if held and name == RENEWAL[0] else None
    asked = OpenRequest(name, product, birth_date, day, card_expiry, holder, issued)
    anew = issued is not None and is_opened_anew(context.rules, replace(asked, product=RENEWAL[1]))
    if held is not None and (name, product) != RENEWAL and not changed and not anew:
        raise RequestError("application_already_open", application=name)
    if changed:
        _refuse_good_money(name, seen, now)
    if (name, product) == RENEWAL:
        _refuse_renewing_nothing(context, uow)
    terms = check_open(context.rules, asked)
    if terms.deposit:
        _require_deposit(context, uow, name)
    own = _own_data(name, context.card_no, terms.valid_from, seen.record).ljust(ApplicationRecord.OWN_LENGTH, b"\x00")
    since = _renewed_from(held, terms) if held and not changed else terms.valid_from
    record = ApplicationRecord(ApplicationState.OPEN, product, " ", since, terms.valid_to, terms.review, own)
    facts: dict[str, Any] = {"record": record.encode().hex(), "terms": _terms(terms)}
    if terms.fee:
        fee = authorise_fee(context, uow, facts["terms"], (seen.record, record), _payment(context), now)
        facts[FEE_IN_BOOKS] = fee.amount
        facts[PAID_BEFORE] = 0 if fee.fee_id == context.operation.operation_id else fee.amount
    return Effect(facts=facts)


def _refuse_renewing_nothing(context: Context, uow: UnitOfWork) -> None:
    """By the books, for a renewal that broke off after the write stands on the card alone. Raises RequestError
    ``renewal_without_first``."""
    row = uow.applications.get(context.card_no, RENEWAL[0])
    if row is None or row.state != "open":
        raise RequestError("renewal_without_first")


def _settled_opening(context: Context, uow: UnitOfWork, held: CardApplication) -> dict[str, Any] | None:
    """The result of an opening that broke off, and that this contact found on the card: nothing is left to do, or to pay.

    Raises RequestError ``fee_paid_before`` where it was paid for a second time.
    """
    settled = {entry["fee_id"] for entry in context.facts["settled"] if "fee_id" in entry}
    fees = [fee for fee in uow.application_fees.confirmed_on(context.card_no) if fee.fee_id in settled]
    fee = next((fee for fee in fees if (fee.application, fee.product) == (held.application, context.params["product"])), None)
    if fee is None:
        return None
    refuse_another_payment(fee, _payment(context))
    return {**_result(held, {}, context.facts["settled"]), PAID_BEFORE: fee.amount}


def body_issued(uow: UnitOfWork, card_no: str) -> dt.date | None:
    """When the park pass was opened on this card at the first price; with the card itself, where it came from an old one."""
    card = uow.cards.get(card_no)
    paid = [fee.taken_at.astimezone(LOCAL).date() for fee in uow.application_fees.of_first(card_no, *RENEWAL)]
    return max(paid, default=card.issue_date if card else None)


def _require_deposit(context: Context, uow: UnitOfWork, name: str) -> None:
    """Raises RequestError ``deposit_needed`` until the deposit of an application is held on a card of this holder."""
    card = uow.cards.get(context.card_no)
    if card is not None and not holds_deposit(uow, card.citizen_id, name):
        raise RequestError("deposit_needed", card_no=card.card_no)


def _terms(terms: OpenTerms) -> dict[str, Any]:
    return {
        "fee": terms.fee,
        "rules": list(terms.rules),
        "sources": [source._asdict() for source in terms.sources],
        "rule_version": terms.version,
        "review": terms.review.isoformat() if terms.review else None,
    }


def _decide_review(context: Context, uow: UnitOfWork, sights: tuple[ApplicationSight, ...], now: dt.datetime) -> Effect:
    """The terms of opening again, by today's rules, for the product that is there; its money and first day stay."""
    name = context.params["application"]
    seen = next(sight.record for sight in sights if sight.name == name)
    if seen is None or seen.state is not ApplicationState.OPEN:
        raise RequestError("application_not_open", application=name)
    birth_date, card_expiry = _holder(context, uow)
    day = now.astimezone(LOCAL).date()
    terms = check_open(context.rules, OpenRequest(name, seen.product, birth_date, day, card_expiry))
    if terms.review is None:
        raise RequestError("application_not_reviewed", application=name, product=seen.product)
    record = replace(seen, valid_to=terms.valid_to, review=terms.review)
    return Effect(facts={"record": record.encode().hex(), "terms": _terms(terms)})


def _holder(context: Context, uow: UnitOfWork) -> tuple[dt.date, dt.date]:
    """The holder's date of birth and the last day of the card. Raises RequestError ``citizen_died``."""
    card = uow.cards.get(context.card_no)
    citizen = uow.citizens.get(card.citizen_id) if card else None
    if card is None or citizen is None:
        raise ValueError("the card or the person of this operation is gone")
    refuse_dead(uow, citizen.citizen_id)
    return citizen.birth_date, card.expiry_date


def _held(context: Context, uow: UnitOfWork, record: ApplicationRecord | None) -> CardApplication | None:
    """What is open on the card and in the books. Open on the card alone: a run that was broken off after the write."""
    if record is None or record.state is not ApplicationState.OPEN:
        return None
    row = uow.applications.get(context.card_no, context.params["application"])
    return row if row and (row.state, row.product) == ("open", record.product) else None


def _renewed_from(held: CardApplication, terms: OpenTerms) -> dt.date:
    """The first day of a renewed application: the old one, unless it was over before the new one begins.

    Raises RequestError ``application_already_open`` where the renewal would not prolong it. By the books: a renewal that was
    broken off after the write is written again.
    """
    if held.valid_from is None or held.valid_to is None or held.valid_to >= terms.valid_to:
        raise RequestError("application_already_open", application=held.application)
    return held.valid_from if held.valid_to >= terms.valid_from else terms.valid_from


def _own_data(application: str, card_no: str, valid_from: dt.date, before: ApplicationRecord | None) -> bytes:
    """The application's own 16 bytes: see card.records.ApplicationRecord. Money in a bus purse keeps its period."""
    if application == "bus":
        return before.own if before else b""
    if application == "library":
        return bcd(card_no) + b"\x00"
    if application == "park":
        return b"\x01" if valid_from.month == 1 else b"\x02"
    return b""


def _decide_close(context: Context, _uow: UnitOfWork, sights: tuple[ApplicationSight, ...], now: dt.datetime) -> Effect:
    """Not while money in its purses is good: a closed application neither spends nor refunds it."""
    name = context.params["application"]
    seen = next(sight for sight in sights if sight.name == name)
    if seen.record is None or seen.record.state is ApplicationState.NOT_OPENED:
        raise RequestError("application_not_open", application=name)
    _refuse_good_money(name, seen, now)
    record = replace(seen.record, state=ApplicationState.CLOSED)
    return Effect(facts={"record": record.encode().hex(), "terms": {}})


def _refuse_good_money(name: str, seen: ApplicationSight, now: dt.datetime) -> None:
    """Raises RequestError ``application_holds_money``."""
    areas = held_areas(name, seen.record, seen.balances, now.astimezone(LOCAL).date()) if seen.record else ()
    held = sum(area["balance"] for area in areas if not area["over"])
    if held:
        raise RequestError("application_holds_money", application=name, amount=format_yuan(held))


def _write(context: Context, _uow: UnitOfWork) -> Procedure[ApplicationRecord]:
    name, keys = context.params["application"], CardKeys(context.keystore, context.card_no, context.versions)
    record = bytes.fromhex(context.facts["record"])
    return write_application(context.profile, name, record, lambda challenge, text: keys.line_mac(name, challenge, text))


def _recorded(context: Context, uow: UnitOfWork, record: ApplicationRecord, now: dt.datetime) -> Effect:
    name = context.params["application"]
    row = book_application(uow, context.card_no, context.operation.operation_id, name, record, now)
    if context.operation.kind == "open" and context.facts["terms"]["fee"]:
        _earn_fee(context, uow, record, now)
    change = told_change(context.facts["terms"].get("fee", 0), _payment(context))
    before = context.facts.get(PAID_BEFORE)
    told = {**change, **({PAID_BEFORE: before} if before else {})}
    return Effect(done={**_result(row, context.facts["terms"], context.facts["settled"]), **told})


def _earn_fee(context: Context, uow: UnitOfWork, record: ApplicationRecord, now: dt.datetime) -> None:
    """What was paid for is on the card. An opening of before migration 0052 has cash of it in no book yet."""
    fee = uow.application_fees.of_operation(context.card_no, context.operation.operation_id)
    if fee is None:
        fee = authorise_fee(context, uow, context.facts["terms"], (None, record), _payment(context), now)
    confirm_fee(uow, fee, READ_BACK, now)


def _break_off(context: Context, uow: UnitOfWork, _now: dt.datetime) -> None:
    """The card left when it may have been written: whose the fee is, only the card can say."""
    if context.operation.card_no is None:
        return
    fee = uow.application_fees.of_operation(context.card_no, context.operation.operation_id)
    if fee is not None:
        suspect_fee(uow, fee)


def _payment(context: Context) -> Mapping[str, Any]:
    """As it was given; operations of before fees were booked have none."""
    given: Mapping[str, Any] = context.params.get("payment") or {"method": "cash", "reference": None}
    return given


def _result(row: CardApplication, terms: Any, settled: Any) -> dict[str, Any]:
    return {
        "card_no": row.card_no,
        "application": row.application,
        "state": row.state,
        "product": row.product,
        "valid_from": row.valid_from.isoformat() if row.valid_from else None,
        "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        "terms": terms,
        "settled": settled,
    }


def _named(context: Context, uow: UnitOfWork) -> list[str]:
    """The applications that are meant."""
    named = context.params["application"]
    if named != ALL:
        return [named]
    before = "open" if context.operation.kind == "block" else "blocked"
    rows = uow.applications.of_card(context.card_no)
    return ["purse", *sorted(row.application for row in rows if row.state == before)]


def _block(context: Context, uow: UnitOfWork) -> Procedure[None]:
    return _block_each(context, _named(context, uow))


def _block_each(context: Context, names: list[str]) -> Procedure[None]:
    keys = CardKeys(context.keystore, context.card_no, context.versions)
    procedure = block_application if context.operation.kind == "block" else unblock_application
    for name in names:

        def line_mac(challenge: bytes, text: bytes, name: str = name) -> bytes:
            return keys.line_mac(name, challenge, text)

        yield from procedure(context.profile, name, line_mac)


def _blocked(context: Context, uow: UnitOfWork, _value: None, now: dt.datetime) -> Effect:
    state = "blocked" if context.operation.kind == "block" else "open"
    for name in _named(context, uow):
        row = uow.applications.get(context.card_no, name)
        if row is not None:
            uow.applications.change(row, state=state, changed_at=now, operation_id=context.operation.operation_id)
    return Effect(done={"card_no": context.card_no, "application": context.params["application"], "state": state})


_WRITE = Phase("write", _write, _recorded)
OPEN = OperationKind("open", OpenParams, (*CONTACT, Phase("decide", _read, _decide_open), _WRITE), DESK_ONLY, _break_off)
REVIEW = OperationKind("review", ReviewParams, (*CONTACT, Phase("decide", _read, _decide_review), _WRITE), DESK_ONLY)
CLOSE = OperationKind("close", CloseParams, (*CONTACT, Phase("decide", _read, _decide_close), _WRITE), DESK_ONLY)
BLOCK = OperationKind("block", BlockParams, (*CONTACT, Phase("block", _block, _blocked)), DESK_ONLY)
UNBLOCK = OperationKind("unblock", BlockParams, (*CONTACT, Phase("unblock", _block, _blocked)), DESK_ONLY)
