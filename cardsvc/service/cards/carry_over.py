"""Applications of an old card on the new one (应用转入): after a replacement or a renewal everything that was open opens again.

Nothing is paid for twice: product, validity and review date are those that were last written to the old card. What held for as
long as the old card did holds for as long as the new one does; what is over stays behind. A withdrawn product becomes the one
that the rules name. A run that was broken off is simply done again.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cardsvc.card.records import ApplicationRecord, ApplicationState
from cardsvc.errors import RequestError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.procedures.applications import write_application
from cardsvc.procedures.identify import ApplicationSight, read_applications
from cardsvc.rules import RuleSet
from cardsvc.rules.life import swapped
from cardsvc.service.cards.repair_steps import last_record
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.people.died import refuse_dead
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.service.stock.finished import check_face
from cardsvc.service.transactions.contact import CONTACT
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, CardApplication
from cardsvc.units import LOCAL, bcd

LEFT_OPEN = ("open", "blocked")
"""A block was about the old card, not about the right to the application."""
READER_NUMBER = slice(0, 8)
"""Of the library's own data."""


class CarryOverParams(Params):
    """A card takes over what the card that it replaces had: there is nothing to choose."""


def carried(uow: UnitOfWork, rules: RuleSet, card: Card, day: dt.date) -> Iterator[tuple[str, ApplicationRecord]]:
    """What is to be opened on a new card, by application: what its old card had, is not over, and is not open here."""
    replaced = uow.replacements.by_new_card(card.card_no)
    old = uow.cards.get(replaced.old_card_no) if replaced else None
    if old is None:
        return
    here = {row.application for row in uow.applications.of_card(card.card_no) if row.state in LEFT_OPEN}
    for row in uow.applications.of_card(old.card_no):
        written = last_record(uow, old.card_no, row.application) if row.state in LEFT_OPEN else None
        before = ApplicationRecord.parse(bytes.fromhex(written)) if written else None
        if before is None or row.application in here or before.state is not ApplicationState.OPEN:
            continue
        record = _on_new_card(rules, row.application, before, old, card, day)
        if record.valid_to is None or record.valid_to >= day:
            yield row.application, record


def _on_new_card(
    rules: RuleSet, application: str, before: ApplicationRecord, old: Card, new: Card, day: dt.date
) -> ApplicationRecord:
    valid_to = new.expiry_date if before.valid_to == old.expiry_date else before.valid_to
    product, _rule = swapped(rules, application, before.product, day)
    return replace(before, product=product, valid_to=valid_to, own=_own(application, before.own, new.card_no))


def _own(application: str, before: bytes, card_no: str) -> bytes:
    """The application's own bytes: a purse without periods, for its money comes by a transfer; the new reader number."""
    if application == "bus":
        return bytes(ApplicationRecord.OWN_LENGTH)
    return bcd(card_no) + before[READER_NUMBER.stop :] if application == "library" else before


def _read(context: Context, _uow: UnitOfWork) -> Procedure[tuple[ApplicationSight, ...]]:
    return read_applications(context.profile)


def _decide(context: Context, uow: UnitOfWork, sights: tuple[ApplicationSight, ...], now: dt.datetime) -> Effect:
    """Raises RequestError ``nothing_to_carry_over``, ``citizen_died``, ``face_not_looked_at``."""
    card, day = uow.cards.get_one(context.card_no), now.astimezone(LOCAL).date()
    refuse_dead(uow, card.citizen_id)
    check_face(uow, card.card_no)
    usable = {sight.name for sight in sights if not sight.blocked}
    records = {name: record for name, record in carried(uow, context.rules, card, day) if name in usable}
    if not records:
        raise RequestError("nothing_to_carry_over", card_no=card.card_no)
    return Effect(facts={"records": {name: record.encode().hex() for name, record in records.items()}})


def _write(context: Context, _uow: UnitOfWork) -> Procedure[Mapping[str, ApplicationRecord]]:
    keys = CardKeys(context.keystore, context.card_no, context.versions)
    return _write_all(context, keys)


def _write_all(context: Context, keys: CardKeys) -> Procedure[Mapping[str, ApplicationRecord]]:
    written = {}
    for name, record in context.facts["records"].items():

        def line_mac(challenge: bytes, text: bytes, name: str = name) -> bytes:
            return keys.line_mac(name, challenge, text)

        written[name] = yield from write_application(context.profile, name, bytes.fromhex(record), line_mac)
    return written


def _recorded(context: Context, uow: UnitOfWork, written: Mapping[str, ApplicationRecord], now: dt.datetime) -> Effect:
    card_no, operation_id = context.card_no, context.operation.operation_id
    for name, record in written.items():
        dates = record.valid_from, record.valid_to
        uow.applications.put(CardApplication(card_no, name, "open", record.product, *dates, operation_id, now))
    opened = {name: record.product for name, record in written.items()}
    return Effect(done={"card_no": card_no, "opened": opened, "settled": context.facts["settled"]})


CARRY_OVER = OperationKind(
    "carry_over",
    CarryOverParams,
    (*CONTACT, Phase("decide", _read, _decide), Phase("write", _write, _recorded)),
    roles=frozenset({"desk"}),
)
