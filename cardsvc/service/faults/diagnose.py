"""Diagnosis as an operation: it asks the card everything, changes neither card nor books, and keeps what it saw. Only where
somebody asks for it the chip's memory is tried, in a scratch record.

What is open on the card is asked about first, before anything that could disturb its proof, and is judged but not settled:
settling is a repair. A card that does not answer at all never becomes an operation; ``diagnose_reader`` judges it from what
the side with the reader measured.
"""

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import Field

from cardsvc.card.layout import key_name
from cardsvc.card.profile import KnownFault, Profile
from cardsvc.card.profiles import recognise
from cardsvc.card.purse import InitializeForLoadAnswer
from cardsvc.diagnosis.books import Books
from cardsvc.diagnosis.contact import ENOUGH_TIMES, Contact, atr_evidence, contact_evidence, history_evidence, stranger_evidence
from cardsvc.diagnosis.evidence import Evidence, Value
from cardsvc.diagnosis.firmware import firmware_faults
from cardsvc.diagnosis.keys import KeyQuestions
from cardsvc.diagnosis.legacy import legacy_evidence, look_at_old_card, nothing_more, uid_of
from cardsvc.diagnosis.probes import Readings, look, more
from cardsvc.diagnosis.reading import card_no_in, card_state, evidence_of
from cardsvc.diagnosis.report import report
from cardsvc.errors import CardError, KeystoreError, ProfileError
from cardsvc.iso7816.exchange import Procedure
from cardsvc.keystore.protocol import KeyStore, MacSession
from cardsvc.procedures.memory_test import MemoryTest, try_memory
from cardsvc.procedures.strangers import Kind, who_is_it, whose_chip
from cardsvc.rules import RuleSet, payer_of
from cardsvc.service.cards.books import books_of
from cardsvc.service.faults.reader_health import (
    MEMORY,
    MEMORY_FAILED,
    last_cards,
    reader_of_operation,
    times_of,
    wrote_another,
)
from cardsvc.service.faults.sides import elsewhere, of_this_visit, side_evidence
from cardsvc.service.loss.hotlist import is_wanted
from cardsvc.service.operations.engine import READER, Engine
from cardsvc.service.operations.kinds import Context, Effect, OperationKind, Params, Phase
from cardsvc.service.purse.card_keys import CardKeys
from cardsvc.service.purse.open_money import Gathered, anything_open, gather, judge_all, open_facts
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Card, Diagnosis
from cardsvc.units import LOCAL

STRANGER, BEGUN = "stranger", "begun"


class ReaderFacts(Params):
    """What the side with the reader measured: the ATR of each power-up in hex, time of each first answer, error codes, time of
    each power-up, connections that needed another try."""

    atrs: list[str] = Field(default=[], max_length=10)
    milliseconds: list[float] = Field(default=[], max_length=10)
    failures: list[str] = Field(default=[], max_length=10)
    power_ups: list[float] = Field(default=[], max_length=10)
    reconnects: int = Field(default=0, ge=0, le=1000)

    def contact(self, told: Mapping[str, Any], times: Sequence[float]) -> Contact:
        """As the diagnosis takes it. ``told``: what came with the answers, and ``times``: what each took. The quickest of these
        count with the others: commands differ in what they take, and a computer that was busy elsewhere is late once."""
        milliseconds, power_ups, reconnects = tuple(self.milliseconds), tuple(self.power_ups), self.reconnects
        if times:
            milliseconds = (*milliseconds, *sorted(times)[:ENOUGH_TIMES])
        if not power_ups and told.get("power_up_milliseconds") is not None:
            power_ups, reconnects = (told["power_up_milliseconds"],), told["reconnects"]
        return Contact(tuple(self.atrs), milliseconds, tuple(self.failures), power_ups=power_ups, reconnects=reconnects)


class DiagnoseParams(Params):
    """Parameters of a diagnosis. ``person``: the ID number of the document on the desk, where there is one;
    ``other_side_silent``: of a card with contacts and antenna, whether its other side was tried in vain; ``memory``: write into
    the scratch record and read back, on a card of ours that is in use and owes nothing (procedures/memory_test.py)."""

    quick: bool = False
    reader: ReaderFacts = ReaderFacts()
    person: str | None = Field(default=None, pattern="^[0-9]{17}[0-9X]$")
    other_side_silent: bool = False
    memory: bool = False


def ask_first(context: Context, _uow: UnitOfWork) -> Procedure[Readings]:
    """Who is it, and what do its purse and log say."""
    legacy = context.profile.legacy
    if legacy is not None:
        return look_at_old_card(legacy, context.keystore.legacy_key("read", context.versions))
    return look(context.profile, quick=context.params.get("quick", False))


def bind(context: Context, uow: UnitOfWork, readings: Readings, _now: dt.datetime) -> Effect:
    """Bind to the card it is: by its chip, else by the number that stands on it."""
    card = _card_of(context, uow, readings)
    facts: dict[str, Any] = {"readings": readings.to_json(), "judged": []}
    if card is None:
        return Effect(facts=facts)
    if card.chip_serial == _chip_serial(context):
        facts |= open_facts(uow, card.card_no)
        facts["in_use"] = card.state == "issued" and not is_wanted(uow, card.card_no)
        facts[BEGUN] = card.state == "personalising"
    return Effect(facts=facts, card_no=card.card_no, key_versions=card.key_versions)


def _chip_serial(context: Context) -> str:
    return context.profile.chip_serial(bytes.fromhex(context.operation.atr)).hex().upper()


def _card_of(context: Context, uow: UnitOfWork, readings: Readings) -> Card | None:
    number = card_no_in(readings)
    by_number = uow.cards.get(number) if number else None
    return uow.cards.by_chip(_chip_serial(context), context.profile.id) or by_number


def _gather(context: Context, uow: UnitOfWork) -> Procedure[Gathered]:
    return _patiently(gather(context, uow))


def _patiently(procedure: Procedure[Gathered]) -> Procedure[Gathered]:
    """A card whose answers make no sense has told nothing about what is open."""
    try:
        return (yield from procedure)
    except CardError:
        return []


def _judged(context: Context, uow: UnitOfWork, gathered: Gathered, _now: dt.datetime) -> Effect:
    return Effect(facts={"judged": judge_all(context, uow, gathered)})


def not_ours(context: Context) -> bool:
    """Whether neither the card nor the books say that a card of a family that we issue is a citizen card: one that was only
    begun may be another's. A draft tells only the chip that it was made from."""
    profile = context.profile
    if profile.draft:
        return True
    bound = context.operation.card_no is not None and not context.facts.get(BEGUN)
    if bound or profile.legacy is not None or profile.foreign is not None:
        return False
    return card_state(profile, Readings.from_json(context.facts["readings"])) != "citizen"


def _ask_whose(context: Context, _uow: UnitOfWork) -> Procedure[Kind | None]:
    if context.profile.draft:
        return who_is_it()
    seen = Readings.from_json(context.facts["readings"])
    return whose_chip(context.profile, has_mf=seen.ok("mf.select"))


def _told_whose(_context: Context, _uow: UnitOfWork, kind: Kind | None, _now: dt.datetime) -> Effect:
    return Effect(facts={STRANGER: kind})


WHOSE = Phase("whose", _ask_whose, _told_whose, needed=not_ours)
"""Before an ATR that we know makes a fault of ours out of another's card."""


def _tries_memory(context: Context) -> bool:
    """Asked for, and nothing speaks against a write: what may be evidence is left as it is, and so is what owes a proof."""
    wanted = context.params.get("memory", False) and context.facts.get("in_use", False)
    return bool(wanted) and not anything_open(context) and not not_ours(context)


def _try_memory(context: Context, _uow: UnitOfWork) -> Procedure[MemoryTest]:
    keys = CardKeys(context.keystore, context.card_no, context.versions)
    return try_memory(context.profile, partial(keys.line_mac, "purse"))


def _memory_told(_context: Context, _uow: UnitOfWork, told: MemoryTest, _now: dt.datetime) -> Effect:
    return Effect(facts={MEMORY: told})


def ask_more(context: Context, _uow: UnitOfWork) -> Procedure[Readings]:
    """Proof, counters, keys, holder, every application."""
    if context.profile.legacy is not None or context.profile.draft or context.facts.get(STRANGER):
        return nothing_more()
    seen = Readings.from_json(context.facts["readings"])
    quick, ours = context.params.get("quick", False), context.facts.get(BEGUN, False) or not not_ours(context)
    return more(context.profile, seen, quick=quick, anything_open=anything_open(context), ours=ours)


def _concluded(context: Context, uow: UnitOfWork, readings: Readings, now: dt.datetime) -> Effect:
    return Effect(done=conclude(context, uow, readings, now))


def conclude(context: Context, uow: UnitOfWork, readings: Readings, now: dt.datetime) -> dict[str, Any]:
    """The report: evidence, findings, and a row that keeps both."""
    seen = Readings.from_json(context.facts["readings"]).with_more(readings)
    card = uow.cards.get(context.card_no) if context.operation.card_no else None
    books = books_of(uow, card, sum(entry["written"] is None for entry in context.facts["judged"])) if card else None
    facts = ReaderFacts.model_validate(context.params["reader"])
    place, reader = reader_of_operation(context.operation)
    evidence: dict[str, Value] = {
        **contact_evidence(facts.contact(context.facts.get(READER, {}), times_of(uow, context.operation.operation_id))),
        **history_evidence(reader, last_cards(uow, place, reader, context.operation.atr)),
        **atr_evidence(context.operation.atr, facts.atrs, context.profile, books.issued_atr if books else None),
        **evidence_of(
            context.profile,
            seen,
            _chip_serial(context),
            books,
            _keys(context, card),
            now.astimezone(LOCAL).date(),
            context.facts.get(STRANGER),
        ),
        **_person(context, books),
        **_old_card(context, uow, seen),
        **_sides(context, uow, card, reader, now),
        **_memory(context, uow, reader, now),
    }
    faults = firmware_faults(context.profile, bytes.fromhex(context.operation.atr), evidence)
    evidence["firmware.faults"] = [fault.id for fault in faults]
    quick = context.params.get("quick", False)
    number = card.card_no if card else None
    result = report_of(context.rules, evidence, now, context.profile, card_no=number, quick=quick, firmware=faults)
    if card is not None:
        keep(uow, result, card.card_no, context.operation.operation_id, now)
    return result


def _sides(context: Context, uow: UnitOfWork, card: Card | None, reader: str, now: dt.datetime) -> dict[str, Value]:
    atr, number = bytes.fromhex(context.operation.atr), card.card_no if card else None
    told = context.params.get("other_side_silent", False)
    return side_evidence(uow, context.profile, atr, number, reader, now, told_silent=told)


def _memory(context: Context, uow: UnitOfWork, reader: str, now: dt.datetime) -> dict[str, Value]:
    """What the trial came to. A bad contact fails it as a worn memory does: where it failed, whether it did elsewhere too, or
    whether this reader wrote another card since it failed here before."""
    if not context.params.get("memory"):
        return {}
    told = context.facts.get(MEMORY, "not_tested")
    if told not in MEMORY_FAILED:
        return {"memory.test": told}
    before = of_this_visit(uow, context.card_no, now)
    failed = [look for look in before if look.evidence.get("memory.test") in MEMORY_FAILED]
    here = min((look.diagnosed_at for look in failed if look.evidence.get("reader.name") == reader), default=None)
    place, _ = reader_of_operation(context.operation)
    return {
        "memory.test": told,
        "memory.elsewhere": any(elsewhere(look, reader) for look in failed),
        "memory.reader_writes": here is not None and wrote_another(uow, place, reader, context.operation.atr, here),
    }


def _old_card(context: Context, uow: UnitOfWork, seen: Readings) -> dict[str, Value]:
    layout = context.profile.legacy
    if layout is None:
        return {}
    booked = uow.legacy_cards.get(uid_of(seen))
    return legacy_evidence(layout, seen, booked.state if booked else None)


def _person(context: Context, books: Books | None) -> dict[str, Value]:
    presented = context.params["person"]
    return {"person.differs": presented != books.data.holder.id_number} if presented and books else {}


def _keys(context: Context, card: Card | None) -> KeyQuestions | None:
    """This card's load keys by the version that the card names: the key store may know it although the books say another."""
    if card is None:
        return None
    keystore, card_no, versions = context.keystore, card.card_no, context.versions

    def session(application: str, init: InitializeForLoadAnswer) -> MacSession | None:
        return _session(keystore, card_no, key_name(application, "load"), init)

    def tac_verifies(data: bytes, tac: bytes) -> bool | None:
        try:
            return keystore.tac_verifies(card_no, "purse", data, tac, versions)
        except KeystoreError:
            return None

    return KeyQuestions(keystore.versions(), session, tac_verifies)


def _session(keystore: KeyStore, card_no: str, key: str, init: InitializeForLoadAnswer) -> MacSession | None:
    versions = {key: init.key_version}
    try:
        return keystore.session(card_no, key, init.card_random, init.online_counter, versions)
    except KeystoreError:
        return None


def report_of(
    rules: RuleSet,
    evidence: Evidence,
    now: dt.datetime,
    family: Profile | None,
    *,
    card_no: str | None,
    quick: bool,
    firmware: Sequence[KnownFault] = (),
) -> dict[str, Any]:
    """The report of this evidence, with the card's family where it is known, the fees of the day and the known faults of the
    firmware that it shows."""
    day = now.astimezone(LOCAL).date()

    def fee_of(occasion: str) -> Mapping[str, Any]:
        who = payer_of(rules, occasion, day)
        return {
            "payer": who.payer,
            "amount": who.amount,
            "rules": list(who.rules),
            "source": who.source,
            "version": rules.version,
        }

    return report(evidence, fee_of, family, firmware, card_no=card_no, quick=quick, at=now.isoformat())


def keep(uow: UnitOfWork, result: Mapping[str, Any], card_no: str, operation_id: str | None, now: dt.datetime) -> None:
    """A row of history: what was seen and what followed."""
    found = [{"code": finding["code"], "subject": finding["subject"]} for finding in result["findings"]]
    identifier = str(uuid.uuid4())  # a repair keeps two: before and after
    uow.diagnoses.add(Diagnosis(card_no, identifier, operation_id, result["quick"], result["evidence"], found, now))


def diagnose_reader(
    engine: Engine, contact: Contact, *, atr: bytes, card_no: str | None = None, place: str = "", reader: str = ""
) -> dict[str, Any]:
    """A report on a card that cannot be asked: mute, torn away, or of no known family. Kept where the card is known.

    ``atr`` is empty when the card gave none; ``card_no`` as printed on its face, for a card that cannot even say who it is;
    ``place`` and ``reader``: where it lies, as reader_health.py names readers.
    """
    now = engine.clock()
    profile = _family(engine.profiles, atr)

    def work(uow: UnitOfWork) -> dict[str, Any]:
        rules = engine.rules.in_force(uow, now.astimezone(LOCAL).date())
        card = _known(uow, profile, atr, card_no)
        books = books_of(uow, card) if card else None
        evidence = {
            **contact_evidence(contact),
            **history_evidence(reader, last_cards(uow, place, reader, atr.hex().upper())),
            **atr_evidence(atr.hex().upper(), contact.atrs, profile, books.issued_atr if books else None),
            **(stranger_evidence(atr, contact, face_is_ours=card is not None) if profile is None else {}),
            "books.known": books is not None,
        }
        if card is not None:
            family = next(one for one in engine.profiles if one.id == card.profile)
            evidence |= side_evidence(uow, family, atr, card.card_no, reader, now)
        if books is not None:
            evidence |= {"books.state": books.state, "purse.books": books.balance}
        result = report_of(rules, evidence, now, profile, card_no=card.card_no if card else None, quick=True)
        if card is not None:
            keep(uow, result, card.card_no, None, now)
        return result

    return engine.store.transact(work)


def _family(profiles: tuple[Profile, ...], atr: bytes) -> Profile | None:
    try:
        return recognise(profiles, atr)
    except ProfileError:
        return None


def _known(uow: UnitOfWork, profile: Profile | None, atr: bytes, card_no: str | None) -> Card | None:
    serial = profile.chip_serial(atr).hex().upper() if profile else ""
    by_chip = uow.cards.by_chip(serial, profile.id) if profile and serial else None
    return by_chip or (uow.cards.get(card_no) if card_no else None)


DIAGNOSE = OperationKind(
    "diagnose",
    DiagnoseParams,
    (
        Phase("look", ask_first, bind),
        Phase("open", _gather, _judged, needed=anything_open),
        WHOSE,
        Phase("memory", _try_memory, _memory_told, needed=_tries_memory),
        Phase("probe", ask_more, _concluded),
    ),
    roles=frozenset({"desk"}),
)
