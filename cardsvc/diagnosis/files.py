"""Evidence of the card's files: there, readable, of the right size, decoding, and as the issue record has them."""

from collections.abc import Mapping

from cardsvc.card.contents import contents
from cardsvc.card.holder import holder_from_records
from cardsvc.card.layout import ApplicationLayout
from cardsvc.card.profile import Profile
from cardsvc.card.records import ApplicationRecord, CardIssueSeen, PurseApplication, card_no_of
from cardsvc.diagnosis.books import Books
from cardsvc.diagnosis.evidence import Value
from cardsvc.diagnosis.probes import CARD_RECORDS, FILES, HOLDER_RECORDS, Readings
from cardsvc.iso7816.status import SW, is_status
from cardsvc.units import CardNo, parse_bcd_date

HOLDER_FIELDS = {0x08: "id_number", 0x09: "name", 0x0A: "sex", 0x0B: "ethnic_group", 0x0C: "birthplace", 0x0D: "birth_date"}
CARD_FIELDS = {0x01: "card_id", 0x07: "ss_card_no"}
SOUND = ("ok", "differs", "usable", "blocked", "locked")
"""States of files and applications in which the card may be wrong, and yet says what it means."""
MANY = 3
ABSENT = (SW.FILE_NOT_FOUND, SW.RECORD_NOT_FOUND)
"""Answers to a read of what is not there."""
WARNING = 0x62
"""First byte of a status with which a card gives data and says that something is wrong with them."""


def file_evidence(profile: Profile, readings: Readings, books: Books | None) -> dict[str, Value]:
    """``file.<application>.<file>``: ok, missing, unreadable, short, unwritten, garbled or differs; and the holder's fields."""
    found: dict[str, Value] = {}
    for label, length in FILES.items():
        if readings.ok(f"{label.partition('.')[0]}.select") and label in readings:
            found[f"file.{label}"] = _binary(profile, readings, label, length, books)
    if readings.ok("mf.select") and "mf.directory" in readings:
        wanted = _expected(profile, profile.layout.mf, books).get("directory")
        found["file.mf.directory"] = _state(profile, readings, "mf.directory", wanted[0] if wanted else None, decodes=True)
    if readings.ok("holder.select"):
        found |= _holder(profile, readings, books)
    return found


def _expected(profile: Profile, application: ApplicationLayout, books: Books | None) -> dict[str, tuple[bytes, ...]]:
    """What personalisation wrote, by file. Own applications change afterwards and have no fixed content."""
    if books is None or application.name not in ("mf", "holder", "purse"):
        return {}
    return {content.file.name: content.records for content in contents(profile.layout, books.data, application)}


def _binary(profile: Profile, readings: Readings, label: str, length: int, books: Books | None) -> str:
    name, _, file = label.partition(".")
    wanted = _expected(profile, profile.layout.find(name), books).get(file)
    data = readings.data(label)
    if readings.ok(label) and len(data) != length:
        return "short"
    return _state(profile, readings, label, wanted[0] if wanted else None, decodes=_decodes(label, data))


def _state(profile: Profile, readings: Readings, label: str, wanted: bytes | None, *, decodes: bool) -> str:
    sw, data = readings.sw(label), readings.data(label)
    if sw in ABSENT:
        return "missing"
    if f"{sw:04X}" in profile.status.unwritten_binary or (data and not data.strip(b"\xff")):
        return "unwritten"
    if sw is not None and sw >> 8 == WARNING:
        return "short" if sw == SW.END_OF_FILE else "garbled"
    if not readings.ok(label):
        return "unreadable"
    if not decodes:
        return "garbled"
    return "ok" if wanted is None or data == wanted else "differs"


def _decodes(label: str, data: bytes) -> bool:
    if label == "mf.card_issue":
        seen = CardIssueSeen.parse(data)
        return seen is not None and seen.card_no is not None and seen.issue_date is not None
    if label == "purse.application":
        dates = data[20:24], data[24:28]
        return purse_card_no(data) is not None and all(parse_bcd_date(raw) is not None for raw in dates)
    return ApplicationRecord.parse(data) is not None


def purse_card_no(data: bytes) -> CardNo | None:
    """The card number in the purse's EF15."""
    return card_no_of(data[PurseApplication.SERIAL]) if len(data) == PurseApplication.LENGTH else None


def _holder(profile: Profile, readings: Readings, books: Books | None) -> dict[str, Value]:
    wanted = _expected(profile, profile.layout.find("holder"), books)
    found: dict[str, Value] = {}
    differs: list[str] = []
    person: dict[int, bytes] = {}
    for file, numbers, names in (
        ("card", CARD_RECORDS, CARD_FIELDS),
        ("holder", range(1, HOLDER_RECORDS + 1), HOLDER_FIELDS),
    ):
        states = []
        for place, number in enumerate(numbers):
            label = f"holder.{file}.{number}"
            data, tag = readings.data(label), list(names)[place]
            record = wanted[file][number - 1] if file in wanted else None
            state = _state(profile, readings, label, record, decodes=data[:2] == bytes((tag, max(len(data) - 2, 0))))
            if file == "holder" and state in ("ok", "differs"):
                person[tag] = data[2:]
            states.append(state)
            differs += [names[tag]] if state == "differs" else []
        found[f"file.holder.{file}"] = next((state for state in states if state not in ("ok", "differs")), "ok")
    if len(person) == HOLDER_RECORDS and holder_from_records(person) is None:
        found["file.holder.holder"] = "garbled"
    elif found["file.holder.holder"] == "ok":
        found["holder.differs"] = differs
    return found


def length_evidence(profile: Profile, readings: Readings) -> dict[str, Value]:
    """Answers that no card of this family gives: a success of another length, a status that cannot be."""
    wrong = [
        label
        for label, length in _lengths(profile).items()
        if readings.ok(label) and readings.of_its_application(label) and len(readings.data(label)) != length
    ]
    cannot_be = (0x6D, 0x6E, 0x6F, 0x67)
    errors = [
        label
        for label in readings.labels()
        if (sw := readings.sw(label)) is not None and (sw >> 8 in cannot_be or not is_status(sw))
    ]
    return {"protocol.wrong_lengths": wrong, "protocol.errors": errors}


def senseless(readings: Readings, found: Mapping[str, Value]) -> bool:
    """Whether most of what a card says cannot be: answers of a wrong length or with an impossible status, or files and
    applications that do not decode or are not there. One part of a card wears out; most of it at once is the chip, or what lies
    between it and the reader."""
    told = [label for label in readings.labels() if not label.endswith(".select")]
    wrong = {str(label) for key in ("protocol.wrong_lengths", "protocol.errors") for label in _list(found[key])}
    parts = [
        found[key] for key in found if key.startswith("file.") or (key.startswith("application.") and key.endswith(".state"))
    ]
    bad = [state for state in parts if state not in SOUND]
    return 2 * len(wrong) > len(told) or (len(bad) >= MANY and 2 * len(bad) > len(parts))


def _list(value: Value) -> list[str]:
    return value if isinstance(value, list) else []


def _lengths(profile: Profile) -> Mapping[str, int]:
    log = profile.layout.find("purse").find("log")
    fixed = {"purse.balance": 4, "purse.load": 16, "purse.purchase": 15, "purse.proof": 8, "bus.ed": 4, "bus.ep": 4}
    fixed |= {"bus.load": 16, "parking.load": 16}
    logs = {f"purse.log.{number}": log.record_length for number in range(1, log.records + 1)}
    return {**FILES, **fixed, **logs, "mf.directory": profile.layout.mf.find("directory").record_length}
