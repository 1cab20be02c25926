"""Reading a card that another issuer made: the fields, balances, log and journeys that its profile names. Reads only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cardsvc.card import purse as pboc
from cardsvc.card.commands import read_binary, read_record, read_record_by_tag, select_by_id, select_by_name
from cardsvc.card.profile import ForeignCard, ForeignField
from cardsvc.card.purse import LogRecord
from cardsvc.card.trips import TripRecord
from cardsvc.iso7816.apdu import Answer
from cardsvc.iso7816.exchange import Procedure
from cardsvc.units import parse_bcd_date

ANY = ("xxxx",)
MOST_RECORDS = 30


@dataclass(frozen=True, slots=True)
class ForeignSight:
    """What the card shows. ``sw`` of SELECT; ``fields`` by name; ``balances`` by P1, in fen; records newest first."""

    sw: int
    fields: Mapping[str, str | None] = field(default_factory=dict)
    balances: Mapping[int, int | None] = field(default_factory=dict)
    log: tuple[LogRecord, ...] = ()
    trips: tuple[TripRecord, ...] = ()


def read_foreign(card: ForeignCard) -> Procedure[ForeignSight]:
    """Select the application and read what is free to read. A refusal leaves a field out, never ends the reading."""
    answers = yield (select_by_name(bytes.fromhex(card.aid), ANY),)
    if answers[0].sw != 0x9000:
        return ForeignSight(answers[0].sw)
    fields = {}
    for wanted in card.field:
        fields[wanted.name] = yield from _field(wanted)
    balances = {}
    for p1 in card.balances:
        answers = yield (pboc.get_balance(pboc.EP, p1, ANY),)
        balances[p1] = int.from_bytes(answers[0].data, "big") if answers[0].ok and len(answers[0].data) == 4 else None
    log = yield from _records(card.log, LogRecord.LENGTH)
    trips = yield from _records(card.trips, TripRecord.LENGTH)
    parsed = [LogRecord.parse(raw) for raw in log]
    journeys = [TripRecord.parse(raw) for raw in trips]
    return ForeignSight(
        0x9000, fields, balances, tuple(r for r in parsed if r.written), tuple(trip for trip in journeys if trip)
    )


def _field(wanted: ForeignField) -> Procedure[str | None]:
    if wanted.tag is None:
        answers = yield (read_binary(wanted.sfi, wanted.offset + wanted.length, ANY),)
        return _text(wanted, answers[0], wanted.offset)
    answers = yield (select_by_id(bytes.fromhex(wanted.file_id)), read_record_by_tag(wanted.tag, ANY))
    return _text(wanted, answers[-1], 2) if len(answers) > 1 else None


def _text(wanted: ForeignField, answer: Answer, offset: int) -> str | None:
    raw = answer.data[offset : offset + wanted.length]
    if not answer.ok or len(raw) != wanted.length:
        return None
    if wanted.coding == "date":
        day = parse_bcd_date(raw)
        return day.isoformat() if day else None
    if wanted.coding == "text":
        return raw.decode("ascii", "replace").strip("\x00\xff ")
    return raw.hex().upper()[wanted.skip_digits :]


def _records(file_id: str | None, length: int) -> Procedure[list[bytes]]:
    """Records from the newest on, until the card has no more."""
    if file_id is None:
        return []
    sfi = int(file_id, 16) & 0x1F
    answers = yield tuple(read_record(number, sfi, length) for number in range(1, MOST_RECORDS + 1))
    return [answer.data for answer in answers if answer.ok and len(answer.data) == length]
