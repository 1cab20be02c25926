"""Personalisation as an operation: recognise the blank, write, read back, issue. A broken run is resumed on any desk."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pydantic import Field

from cardsvc.card.dialect import dialect_of
from cardsvc.card.huada import HuadaDialect
from cardsvc.card.layout import key_name
from cardsvc.errors import CardError, KeystoreError, RequestError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.identify import CardSight, CardState, identify
from cardsvc.procedures.personalise import Personalisation, personalise
from cardsvc.procedures.personalise_applet import personalise_applet
from cardsvc.procedures.verify import verify_personalised
from cardsvc.service.cards.data import card_data
from cardsvc.service.cards.faces import face_is_due, made_at_outlet
from cardsvc.service.cards.handing_out import card_waits
from cardsvc.service.cards.making_keys import MakingKeys, make_ahead
from cardsvc.service.cards.replacement import close_replacement
from cardsvc.service.cards.requests import card_was_made
from cardsvc.service.cards.telling import tell_ready
from cardsvc.service.messages.library import tell_replaced
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase, silent
from cardsvc.service.operations.known_card import IN_HAND, not_issued
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.service.purse.orders import move_orders
from cardsvc.service.rights.holds import check_before_making
from cardsvc.service.stock.making import article_due
from cardsvc.service.stock.use import take_blank, transport_version
from cardsvc.service.transactions.takeovers import REPLACED
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, Citizen
from cardsvc.store.states import BulkState
from cardsvc.units import LOCAL, CardNo

VALID_YEARS = 10
CARD_TYPE_DIGITS = "0101"
"""Type 01 citizen card, subtype 01 adult, after the city code in the card number."""


class PersonaliseParams(Params):
    """Parameters of a personalisation: for whom."""

    citizen_id: str = Field(min_length=36, max_length=36)


def _identify(context: Context, _uow: UnitOfWork) -> Procedure[CardSight]:
    return identify(context.profile)


def _begin(context: Context, uow: UnitOfWork, sight: CardSight, now: dt.datetime) -> Effect:
    """Decide between a fresh card, a resumed one, and one that must not be written."""
    citizen = uow.citizens.get(context.params["citizen_id"])
    if citizen is None:
        raise RequestError("citizen_unknown")
    refuse_dead(uow, citizen.citizen_id)
    if not context.profile.issuable:
        raise CardError("card_family_not_issued", profile=context.profile.id)
    serial = context.profile.chip_serial(bytes.fromhex(context.operation.atr)).hex().upper()
    if not serial:
        raise CardError("chip_serial_missing")
    card = uow.cards.by_chip(serial, context.profile.id)
    resuming = card is not None
    if sight.state in (CardState.FOREIGN, CardState.LOCKED):
        raise CardError("card_foreign" if sight.state is CardState.FOREIGN else "card_locked")
    if sight.state is CardState.CITIZEN and (card is None or sight.card_no != card.card_no or card.state != "personalising"):
        raise CardError("card_already_personalised", card_no=sight.card_no)
    if card is not None and card.citizen_id != citizen.citizen_id:
        raise CardError("card_begun_for_another")
    if card is not None and card.state != "personalising":
        raise not_issued(card)
    _refuse_second(uow, citizen.citizen_id, card.card_no if card else None)
    stock: Mapping[str, Any] = {}
    if card is None:
        check_before_making(uow, context.rules, citizen, now)
        card = uow.cards.add(_new_card(context, citizen, serial, _next_card_no(context, uow), now))
        stock = take_blank(uow, context, card, now)
    facts = {"state": str(sight.state), "resuming": resuming, "stock": dict(stock)}
    versions = {**card.key_versions, **transport_version(uow, context.profile.id, serial)}
    if not resuming and _in_a_run(uow, citizen.citizen_id):
        make_ahead(context.keystore, context.profile, card.card_no, versions)
    return Effect(facts=facts, card_no=card.card_no, key_versions=versions)


def _refuse_second(uow: UnitOfWork, citizen_id: str, card_no: str | None) -> None:
    """Raise RequestError ``citizen_has_card`` when the person has a card besides this one: two may be begun, one is issued."""
    if any(card.state in IN_HAND and card.card_no != card_no for card in uow.cards.of_citizen(citizen_id)):
        raise RequestError("citizen_has_card")


def _new_card(context: Context, citizen: Citizen, serial: str, card_no: CardNo, now: dt.datetime) -> Card:
    issued = now.astimezone(LOCAL).date()
    versions = _versions_for(context)
    return Card(
        card_no=card_no,
        chip_serial=serial,
        profile=context.profile.id,
        state="personalising",
        citizen_id=citizen.citizen_id,
        ss_card_no="A" + card_no[-8:],
        issue_date=issued,
        expiry_date=_years_later(issued, VALID_YEARS),
        key_versions=versions,
        created_at=now,
    )


def _in_a_run(uow: UnitOfWork, citizen_id: str) -> bool:
    """Whether the cards of a batch are being made, and this is one of them: the next one comes at once."""
    line = uow.bulk_lines.open_of([citizen_id]).get(citizen_id)
    batch = uow.bulk_batches.get(line.batch_id) if line else None
    return batch is not None and batch.state == BulkState.RUNNING


def _versions_for(context: Context) -> dict[str, int]:
    """The versions of the keys that a new card gets, and of no other: they tell later what the card can do. What later layouts
    added and the key store lacks, the card does not get.

    Raises KeystoreError ``key_missing`` before anything is written: a card keeps the versions it was begun with, so one that
    is begun without a key could never be finished."""
    versions = context.keystore.versions()
    slots = [(application.name, slot) for application in context.profile.layout.application for slot in application.keys]
    names = [key_name(application, slot.purpose) for application, slot in slots]
    for name in names:
        if name not in versions:
            raise KeystoreError("key_missing", key=name)
    return {name: versions[name] for name in names}


def _next_card_no(context: Context, uow: UnitOfWork) -> CardNo:
    """City code, card type, then a running number of 8 digits."""
    prefix = context.profile.layout.issuer.city + CARD_TYPE_DIGITS
    highest = uow.cards.highest_number(prefix)
    return CardNo(f"{prefix}{int(highest[-8:]) + 1 if highest else 1:08d}")


def _years_later(day: dt.date, years: int) -> dt.date:
    leap = day.month == 2 and day.day == 29
    return day.replace(year=day.year + years, day=28 if leap else day.day)


def _job(context: Context, uow: UnitOfWork) -> Personalisation:
    card = uow.cards.get_one(context.card_no)
    keys = MakingKeys(context.keystore, card.card_no, context.versions)
    state, resuming = CardState(context.facts["state"]), context.facts["resuming"]
    return Personalisation(context.profile, card_data(uow, card), keys, state, resuming)


def _write(context: Context, uow: UnitOfWork) -> Procedure[None]:
    """A card that was finished but never reported is only read back."""
    job = _job(context, uow)
    if job.state is CardState.CITIZEN:
        return silent()
    dialect = dialect_of(context.profile)
    return personalise_applet(job, dialect) if isinstance(dialect, HuadaDialect) else personalise(job)


def _written(_context: Context, _uow: UnitOfWork, _value: None, _now: dt.datetime) -> Effect:
    return Effect()


def _verify(context: Context, uow: UnitOfWork) -> Procedure[None]:
    keys = CardKeys(context.keystore, context.card_no, context.versions)
    return verify_personalised(_job(context, uow), keys.load_session)


def _issue(context: Context, uow: UnitOfWork, _value: None, now: dt.datetime) -> Effect:
    card = uow.cards.get_one(context.card_no)
    uow.citizens.for_update(card.citizen_id)
    _refuse_second(uow, card.citizen_id, card.card_no)
    card = uow.cards.change(card, state="issued", issued_at=now)
    context.keystore.in_making.forget(card.card_no)
    for old in uow.cards.of_citizen(card.citizen_id):
        if old.state == REPLACED:
            move_orders(uow, old.card_no, card.card_no, now)
    made = card_was_made(uow, card.citizen_id, card.card_no, now)
    replaced = close_replacement(uow, card.citizen_id, card.card_no, now)
    if replaced is not None:
        tell_replaced(uow, replaced.old_card_no, card, now)
    operation_id = context.operation.operation_id
    outlet_id = made_at_outlet(uow, operation_id, card.citizen_id, made, replaced)
    asked = made or replaced
    card_waits(uow, card, asked.outlet_id if asked else outlet_id, outlet_id, now)
    face_due = face_is_due(uow, card, operation_id, outlet_id, made, now)
    tell_ready(uow, card.card_no, now)
    face = {"face_due": True} if face_due else {}
    return Effect(done={**_result(card, context.facts["resuming"]), **face, **_of_stock(context, uow, card, now)})


def _of_stock(context: Context, uow: UnitOfWork, card: Card, now: dt.datetime) -> Mapping[str, Any]:
    """Batch and warning of the blank, and whether the card is a first article, to be checked before the next one."""
    taken = uow.blank_movements.of_chip(card.profile, card.chip_serial, "used")
    if taken is None:
        noted = context.facts.get("stock")
        return {"stock": noted} if noted else {}
    due = article_due(uow, context.rules, taken, now)
    return {"stock": {"batch": taken.batch_id, **context.facts.get("stock", {}), "first_article": due}}


def _result(card: Card, resumed: bool) -> dict[str, Any]:
    return {
        "card_no": card.card_no,
        "profile": card.profile,
        "issue_date": card.issue_date.isoformat(),
        "expiry_date": card.expiry_date.isoformat(),
        "resumed": resumed,
    }


PERSONALISE = OperationKind(
    "personalise",
    PersonaliseParams,
    (Phase("identify", _identify, _begin), Phase("write", _write, _written), Phase("verify", _verify, _issue)),
    roles=frozenset({"desk"}),
)
