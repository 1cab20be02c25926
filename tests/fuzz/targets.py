"""What is fuzzed: every parser of what a card, a reader or a line says. Each takes bytes and may raise CardsvcError."""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import suppress

from cardsvc.card import classic
from cardsvc.card.holder import holder_from_records
from cardsvc.card.periods import PursePeriods
from cardsvc.card.profiles import recognise
from cardsvc.card.purse import InitializeForLoadAnswer, InitializeForPurchaseAnswer, LogRecord, TransactionProof
from cardsvc.card.records import ApplicationRecord, CardIssueSeen
from cardsvc.card.trips import TripRecord
from cardsvc.cli.certify.command import answer_in
from cardsvc.diagnosis.contact import Contact, atr_evidence, contact_evidence, stranger_evidence
from cardsvc.diagnosis.evidence import check
from cardsvc.diagnosis.files import purse_card_no
from cardsvc.diagnosis.probes import Readings, proof_number
from cardsvc.diagnosis.table import findings
from cardsvc.errors import CardError, ProfileError
from cardsvc.iso7816.apdu import Answer, Command
from cardsvc.iso7816.atr import Atr
from cardsvc.iso7816.links import mask_answer, mask_command
from cardsvc.iso7816.status import describe, tries_left
from cardsvc.iso7816.tlv import parse_tlv
from cardsvc.procedures.strangers import Kind, who_is_it
from cardsvc.units import parse_bcd_date
from cardsvc.wire import answers_from_json, answers_to_json
from tests.world import profiles

Target = Callable[[bytes], object]


def atr(raw: bytes) -> None:
    """ATR, family by ATR, chip serial, and what a diagnosis says of it."""
    with suppress(CardError):
        Atr.parse(raw)
    with suppress(ProfileError):
        recognise(profiles(), raw).chip_serial(raw)
    evidence = {**contact_evidence(Contact()), **atr_evidence(raw.hex().upper(), ("3B00",), None, "3B00")}
    check(evidence)
    findings(evidence)


def files(raw: bytes) -> None:
    """Card-issue file, application records with their months, EF15, dates."""
    CardIssueSeen.parse(raw)
    purse_card_no(raw)
    parse_bcd_date(raw[:4])
    record = ApplicationRecord.parse(raw)
    if record is not None:
        again = ApplicationRecord.parse(record.encode())
        assert again is not None
        PursePeriods.parse(record.own).encode(record.own)


def records(raw: bytes) -> None:
    """The holder's records: one for all tags, and tag by tag."""
    holder_from_records(dict.fromkeys(range(8, 14), raw))
    holder_from_records({8 + place: raw[place * 8 : place * 8 + 8 + place] for place in range(6)})


def log(raw: bytes) -> None:
    """The purse's log and the journeys of transport-union cards."""
    TripRecord.parse(raw)
    with suppress(CardError):
        record = LogRecord.parse(raw)
        proof_number(profiles()[0], record)
        parse_bcd_date(record.date)


def proof(raw: bytes) -> None:
    """Answers of purse commands."""
    for parser in (TransactionProof.parse, InitializeForLoadAnswer.parse, InitializeForPurchaseAnswer.parse):
        with suppress(CardError):
            parser(raw)


def blocks(raw: bytes) -> None:
    """Blocks of old bus cards."""
    classic.value_of(raw)
    mark = classic.Mark.parse(raw)
    if mark is not None:
        assert classic.Mark.parse(mark.encode()) == mark


def apdus(raw: bytes) -> None:
    """Commands and answers as bytes, whole and masked; statuses in words."""
    with suppress(CardError):
        assert Command.parse(Command.parse(raw).encode()) == Command.parse(raw)
    mask_command(raw)
    mask_answer(raw)
    with suppress(CardError):
        answer = Answer.parse(raw)
        tries_left(answer.sw)
        describe(answer.sw)
        assert answers_from_json(answers_to_json((answer,))) == (answer,)
        assert Readings.from_json(Readings({"x": answer}).to_json()).sw("x") == answer.sw


def lines(raw: bytes) -> None:
    """Lines of text with hex in them, as the program at the other end of a pipe says them."""
    for line in (raw.decode("latin-1"), "answer " + raw.hex(), "answer " + raw.decode("latin-1"), "atr " + raw.hex()[1:]):
        with suppress(CardError):
            answer_in(line, "answer")


def fci(raw: bytes) -> None:
    """BER-TLV."""
    with suppress(CardError):
        parse_tlv(raw)


def stranger(raw: bytes) -> None:
    """What the operation ``stranger`` makes of a card whose ATR and whose every answer are such bytes: always something."""
    procedure = who_is_it()
    asks = next(procedure)
    said = [raw[place % max(len(raw), 1) :][:40].rjust(2, b"\x6a") for place in range(len(asks))]
    kind: Kind = "nameless"
    try:
        procedure.send(tuple(Answer.parse(one) for one in said))
    except StopIteration as end:
        kind = end.value or kind
    seen = Contact(atrs=(raw[:33].hex().upper(),), stranger=kind)
    evidence = {**contact_evidence(seen), **atr_evidence(seen.atrs[0] or "3B", seen.atrs, None, None), "books.known": False}
    evidence |= stranger_evidence(raw[:33], seen, face_is_ours=False)
    check(evidence)
    assert findings(evidence), kind


TARGETS: Mapping[str, Target] = {
    "ATR": atr,
    "FCI/TLV": fci,
    "files": files,
    "records": records,
    "log": log,
    "proof": proof,
    "ClassicCard blocks": blocks,
    "APDUs": apdus,
    "hex lines": lines,
    "stranger": stranger,
}
DAY = dt.date(2026, 11, 24)
