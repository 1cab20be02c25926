"""What can be seen on a card of no known family, by reading only: SELECT, READ, GET BALANCE. No command costs a try."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from cardsvc.card import purse as pboc
from cardsvc.card.commands import read_binary, read_record, select_by_id, select_by_name
from cardsvc.errors import CardError
from cardsvc.iso7816.apdu import Answer
from cardsvc.iso7816.exchange import Ask, Procedure
from cardsvc.iso7816.status import SW
from cardsvc.iso7816.tlv import parse_tlv

ANY = ("xxxx",)
SFIS = tuple(range(1, 31))
RECORDS = 10
DIRECTORY_SFI = 1
RECORD_SFIS = (DIRECTORY_SFI, 0x18)
"""DIR and the log of a purse: read as records also where a card says to READ BINARY that there is no such file."""
TEMPLATE, NAME = 0x61, 0x4F
MF = bytes.fromhex("3F00")

WELL_KNOWN = (
    b"1PAY.SYS.DDF01",
    bytes.fromhex("A00000000386980700"),
    bytes.fromhex("A00000000386980701"),
    bytes.fromhex("A000000632010105"),
    bytes.fromhex("A000000632010106"),
    bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF"),
    bytes.fromhex("7378322E73682EC9E7BBE1B1A3D5CF"),
    bytes.fromhex("D15600000500"),
)
"""Names that city, transport-union and social-security cards use (CJ/T 166, JT/T 978, the social-security environment)."""


@dataclass(frozen=True, slots=True)
class FileSeen:
    """A file that answered: ``kind`` binary or records; ``length`` of the binary or of the first record; records seen."""

    sfi: int
    kind: str
    length: int
    records: int = 0


@dataclass(frozen=True, slots=True)
class ApplicationSeen:
    """An application that could be selected, or the MF (empty name). ``balances`` by P2, in fen."""

    name: bytes
    sw: int
    files: tuple[FileSeen, ...]
    balances: dict[int, int]


@dataclass(slots=True)
class Learned:
    """Everything that was seen. ``status_words``: by command name."""

    applications: list[ApplicationSeen] = field(default_factory=list)
    status_words: dict[str, set[str]] = field(default_factory=dict)
    listed: list[bytes] = field(default_factory=list)

    def note(self, asks: Iterable[Ask], answers: Iterable[Answer]) -> None:
        """Remember which command answered with which status word."""
        for ask, answer in zip(asks, answers, strict=True):
            self.status_words.setdefault(ask.name, set()).add(f"{answer.sw:04X}")


MOST_NAMES = 48
"""Names that are looked at: a card whose directory lists new ones for ever is left at some point."""


def learn(names: tuple[bytes, ...] = WELL_KNOWN) -> Procedure[Learned]:
    """Look at the MF, at these names, and at the names that the card's own directory lists."""
    learned = Learned()
    yield from _look(learned, b"", select_by_id(MF, ANY))
    asked: list[bytes] = []
    while (rest := [name for name in (*names, *learned.listed) if name not in asked]) and len(asked) < MOST_NAMES:
        asked.append(rest[0])
        yield from _look(learned, rest[0], select_by_name(rest[0], ANY))
    return learned


def _look(learned: Learned, name: bytes, select: Ask) -> Procedure[None]:
    answers = yield (select,)
    learned.note((select,), answers)
    if answers[0].sw not in (SW.OK, SW.SELECTED_FILE_INVALID):
        return
    files = yield from _files(learned)
    asks = tuple(pboc.get_balance(p2, 0, ANY) for p2 in (pboc.ED, pboc.EP))
    heard = yield asks
    learned.note(asks, heard)
    balances = {
        ask.command.p2: int.from_bytes(answer.data, "big")
        for ask, answer in zip(asks, heard, strict=True)
        if answer.ok and len(answer.data) == 4
    }
    learned.applications.append(ApplicationSeen(name, answers[0].sw, files, balances))


def _files(learned: Learned) -> Procedure[tuple[FileSeen, ...]]:
    """Every short identifier, as a binary; what is none is read as records."""
    asks = tuple(read_binary(sfi, 256, ANY) for sfi in SFIS)
    answers = yield asks
    learned.note(asks, answers)
    files = []
    for sfi, answer in zip(SFIS, answers, strict=True):
        if answer.data:
            files.append(FileSeen(sfi, "binary", len(answer.data)))
        elif answer.sw != SW.FILE_NOT_FOUND or sfi in RECORD_SFIS:
            records = yield from _records(learned, sfi)
            if records:
                files.append(FileSeen(sfi, "records", len(records[0]), len(records)))
    return tuple(files)


def _records(learned: Learned, sfi: int) -> Procedure[list[bytes]]:
    asks = tuple(read_record(number, sfi, expect=ANY) for number in range(1, RECORDS + 1))
    answers = yield asks
    learned.note(asks, answers)
    records = [answer.data for answer in answers if answer.ok and answer.data]
    if sfi == DIRECTORY_SFI:
        learned.listed += [name for record in records if (name := _listed(record))]
    return records


def _listed(record: bytes) -> bytes | None:
    """The name in a DIR entry: an application template 61 with the name 4F, or the name alone (ISO/IEC 7816-4:2013, 12.2.1)."""
    try:
        entry = parse_tlv(record)
        name = parse_tlv(entry.get(TEMPLATE, record)).get(NAME, b"")
    except CardError:
        return None
    return name if 5 <= len(name) <= 16 else None
