"""Reading a file of people: encoding, header, lines. Every bad line is named; nothing is stored here.

UTF-8 (with or without a byte-order mark), or GB18030 where the bytes are no UTF-8. The first line names the columns, in Chinese
or English and in any order. A line is a record: no field goes over the end of its line, so that one lost quotation mark does
not swallow the lines after it.
"""

import csv
import datetime as dt
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from cardsvc.errors import RequestError
from cardsvc.service.bulk.columns import COLUMNS, REQUIRED, PersonLine, column_of, person_line
from cardsvc.service.bulk.reasons import BadLine

MAX_BYTES = 16 * 1024 * 1024
MAX_LINES = 20_000
MAX_LINE = 500
"""Characters in a line: the longest that makes sense has a name, a number and an address."""


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """What a file says: its people, and everything that is wrong with the other lines. ``sha256``: of its bytes."""

    sha256: str
    people: tuple[PersonLine, ...]
    problems: tuple[BadLine, ...]


def digest(content: bytes) -> str:
    """By what a file is known again."""
    return hashlib.sha256(content).hexdigest()


def read_people(content: bytes, today: dt.date) -> PeopleFile:
    """The people of a file. Raises RequestError for what is wrong with the file as a whole: ``bulk_file_size_wrong``,
    ``file_encoding_wrong``, ``bulk_header_wrong``.
    """
    if not 0 < len(content) <= MAX_BYTES:
        raise _size_wrong()
    lines = re.split(r"\r\n|\n|\r", _text(content))
    while lines and not lines[-1].strip():
        lines.pop()
    if not 2 <= len(lines) <= MAX_LINES + 1:
        raise _size_wrong()
    columns = _header(lines[0])
    people: dict[str, PersonLine] = {}
    problems: list[BadLine] = []
    for read in _records(lines[1:], columns, today):
        if not isinstance(read, PersonLine):
            problems += read
        elif read.id_number in people:
            problems.append(BadLine(read.line, "id_number", "same_as_line", str(people[read.id_number].line)))
        else:
            people[read.id_number] = read
    if not people and not problems:
        raise _size_wrong()
    return PeopleFile(digest(content), tuple(people.values()), tuple(problems))


def _size_wrong() -> RequestError:
    return RequestError("bulk_file_size_wrong", lines=MAX_LINES, limit=MAX_BYTES // 1024 // 1024)


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise RequestError("file_encoding_wrong")


def _header(line: str) -> list[str]:
    """The columns by their own names. Raises RequestError for unknown, doubled and missing ones."""
    titles = _fields(line) or []
    columns = [column_of(title) for title in titles]
    known = [column for column in columns if column]
    wrong = [title for title, column in zip(titles, columns, strict=True) if not column or known.count(column) > 1]
    missing = [column for column in REQUIRED if column not in known]
    if wrong or missing:
        told = ", ".join([*(title.strip()[:20] or "-" for title in wrong), *(f"+{column}" for column in missing)])
        raise RequestError("bulk_header_wrong", wrong=told, columns=", ".join(COLUMNS))
    return known


def _records(lines: list[str], columns: list[str], today: dt.date) -> Iterator[PersonLine | list[BadLine]]:
    """Each line that is not empty: a person, or what is wrong with it. The header is line 1."""
    for number, line in enumerate(lines, start=2):
        fields = _fields(line) if len(line) <= MAX_LINE else None
        if len(line) > MAX_LINE:
            yield [BadLine(number, "", "line_too_long")]
        elif fields is None:
            yield [BadLine(number, "", "not_csv")]
        elif not any(fields):
            continue
        elif len(fields) != len(columns):
            yield [BadLine(number, "", "too_many_columns" if len(fields) > len(columns) else "too_few_columns")]
        else:
            yield person_line(number, dict(zip(columns, fields, strict=True)), today)


def _fields(line: str) -> list[str] | None:
    """The fields of a line without the blanks around them, None where it is not CSV."""
    try:
        return [field.strip() for row in csv.reader([line], strict=True) for field in row]
    except csv.Error:
        return None
