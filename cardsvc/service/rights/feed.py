"""Reading a file of an insurance office: CSV or JSON, every bad line named; nothing is stored here.

CSV has the form of people/lines.py; JSON is a list of objects with the same names, where a line is the object's place, from 1.
Of a person who stands in a file more than once the later change counts; two different ones of the same moment are a mistake.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cardsvc.errors import RequestError
from cardsvc.json_text import read_json
from cardsvc.service.people.columns import SEXES, date_of
from cardsvc.service.people.lines import Columns, Fields, digest, read_lines, text_of
from cardsvc.service.people.reasons import BadLine
from cardsvc.service.people.register import number_problem
from cardsvc.units import LOCAL

NAMES = ("id_number", "name", "sex", "birth_date", "kind", "place", "right_from", "right_until", "changed_at")
OPTIONAL = ("right_from", "right_until")
ALIASES: Mapping[str, str] = {
    "身份证号": "id_number",
    "公民身份号码": "id_number",
    "证件号码": "id_number",
    "姓名": "name",
    "性别": "sex",
    "出生日期": "birth_date",
    "险种": "kind",
    "参保地": "place",
    "生效日期": "right_from",
    "终止日期": "right_until",
    "变更时间": "changed_at",
}
MAX_LINES = 20_000
"""All of them are stored in one transaction, which keeps others from writing on SQLite: a second or two."""
FEED = Columns(NAMES, tuple(name for name in NAMES if name not in OPTIONAL), ALIASES, MAX_LINES)
MAX_NAME, MAX_WORD, FIRST_YEAR = 60, 30, 1990


@dataclass(frozen=True, slots=True)
class FeedLine:
    """What a line says of a person; names as in store.records.InsuranceRight."""

    line: int
    id_number: str = field(repr=False)
    name: str = field(repr=False)
    sex: int = field(repr=False)
    birth_date: dt.date = field(repr=False)
    kind: str
    place: str
    right_from: dt.date | None
    right_until: dt.date | None
    changed_at: dt.datetime

    @property
    def digest(self) -> str:
        """By what two changes of the same moment are told apart, the same in every file."""
        told = (self.name, self.sex, self.birth_date, self.kind, self.place, self.right_from, self.right_until)
        return hashlib.sha256("\n".join(map(str, told)).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Feed:
    """What a file says: its people, and everything that is wrong with the other lines. ``sha256``: of its bytes."""

    sha256: str
    people: tuple[FeedLine, ...]
    problems: tuple[BadLine, ...]


def read_feed(content: bytes, today: dt.date) -> Feed:
    """The people of a file. Raises RequestError for what is wrong with the file as a whole: ``bulk_file_size_wrong``,
    ``file_encoding_wrong``, ``bulk_header_wrong``, ``rights_json_wrong``.
    """
    text = text_of(content, FEED)
    lines = _objects(text) if text.lstrip()[:1] in ("[", "{") else read_lines(text, FEED)
    people: dict[str, FeedLine] = {}
    problems: list[BadLine] = []
    for number, fields in lines:
        read = [fields] if isinstance(fields, BadLine) else _feed_line(number, fields, today)
        if not isinstance(read, FeedLine):
            problems += read
            continue
        known = people.get(read.id_number)
        if known and known.changed_at == read.changed_at and known.digest != read.digest:
            problems.append(BadLine(number, "changed_at", "contradicts_line", str(known.line)))
        elif known is None or read.changed_at > known.changed_at:
            people[read.id_number] = read
    if not people and not problems:
        raise FEED.size_wrong()
    return Feed(digest(content), tuple(people.values()), tuple(problems))


def _objects(text: str) -> Iterator[tuple[int, Fields | BadLine]]:
    """The objects of a JSON list. Raises RequestError ``rights_json_wrong``, ``bulk_file_size_wrong``."""
    try:
        found = read_json(text)
    except ValueError:
        raise RequestError("rights_json_wrong") from None
    if not isinstance(found, list):
        raise RequestError("rights_json_wrong")
    if len(found) > FEED.max_lines:
        raise FEED.size_wrong()
    return ((number, _object(number, one)) for number, one in enumerate(found, start=1))


def _object(number: int, found: object) -> Fields | BadLine:
    if not isinstance(found, dict):
        return BadLine(number, "", "not_an_object")
    named = {FEED.called(str(title)): value for title, value in found.items()}
    if None in named or len(named) < len(found):
        return BadLine(number, "", "unknown_field")
    values = {name: "" if named.get(name) is None else named[name] for name in NAMES}
    wrong = next((name for name, value in values.items() if not isinstance(value, str | int) or isinstance(value, bool)), None)
    return BadLine(number, wrong, "not_text") if wrong else {name: str(value).strip() for name, value in values.items()}


def _feed_line(line: int, fields: Fields, today: dt.date) -> FeedLine | list[BadLine]:
    """The person of a line, or everything that is wrong with it."""
    number, changed = fields["id_number"].upper(), _moment(fields["changed_at"])
    born, first, last = (date_of(fields.get(name, "")) for name in ("birth_date", "right_from", "right_until"))
    checks = {
        "id_number": number_problem(number),
        "name": _word_problem(fields["name"], MAX_NAME),
        "sex": None if fields["sex"] in SEXES else "not_a_sex",
        "birth_date": _day_problem(fields["birth_date"], born) or ("in_the_future" if born and born > today else None),
        "kind": _word_problem(fields["kind"], MAX_WORD),
        "place": _word_problem(fields["place"], MAX_WORD),
        "right_from": _day_problem(fields.get("right_from", ""), first, optional=True),
        "right_until": _day_problem(fields.get("right_until", ""), last, optional=True) or _order_problem(first, last),
        "changed_at": _moment_problem(changed, today),
    }
    wrong = [BadLine(line, column, reason) for column, reason in checks.items() if reason]
    if wrong or born is None or changed is None:
        return wrong
    return FeedLine(
        line=line,
        id_number=number,
        name=fields["name"],
        sex=SEXES[fields["sex"]],
        birth_date=born,
        kind=fields["kind"],
        place=fields["place"],
        right_from=first,
        right_until=last,
        changed_at=changed,
    )


def _word_problem(text: str, longest: int) -> str | None:
    if not text:
        return "missing"
    return "not_a_word" if len(text) > longest or re.search(r"[\x00-\x1f]", text) else None


def _day_problem(text: str, day: dt.date | None, *, optional: bool = False) -> str | None:
    if not text:
        return None if optional else "missing"
    return None if day else "not_a_date"


def _order_problem(first: dt.date | None, last: dt.date | None) -> str | None:
    """A right that ends has begun before."""
    return "ends_before_it_begins" if last and (first is None or last < first) else None


def _moment(text: str) -> dt.datetime | None:
    """A moment in ISO form; without a zone it is the city's."""
    try:
        told = dt.datetime.fromisoformat(text)
        return (told if told.tzinfo else told.replace(tzinfo=LOCAL)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


def _moment_problem(moment: dt.datetime | None, today: dt.date) -> str | None:
    """A change of tomorrow would stand over every true one: a day that has not come is a mistake."""
    if moment is None or moment.year < FIRST_YEAR:
        return "not_a_moment"
    return "in_the_future" if moment.astimezone(LOCAL).date() > today else None
