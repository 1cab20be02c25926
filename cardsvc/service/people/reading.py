"""Reading a file of people. Every bad line is named; nothing is stored here. The form of the file: see lines.py, excel.py."""

import datetime as dt
from dataclasses import dataclass

from cardsvc.service.people.columns import ALIASES, COLUMNS, REQUIRED, PersonLine, person_line
from cardsvc.service.people.excel import is_excel, read_sheet
from cardsvc.service.people.lines import MAX_BYTES, Columns, digest, read_lines, text_of
from cardsvc.service.people.reasons import BadLine

__all__ = ["MAX_BYTES", "MAX_LINES", "PeopleFile", "digest", "read_people"]
MAX_LINES = 20_000
PEOPLE = Columns(COLUMNS, REQUIRED, ALIASES, MAX_LINES)


@dataclass(frozen=True, slots=True)
class PeopleFile:
    """What a file says: its people, and everything that is wrong with the other lines. ``sha256``: of its bytes."""

    sha256: str
    people: tuple[PersonLine, ...]
    problems: tuple[BadLine, ...]


def read_people(content: bytes, today: dt.date) -> PeopleFile:
    """The people of a file. Raises RequestError for what is wrong with the file as a whole: ``bulk_file_size_wrong``,
    ``file_encoding_wrong``, ``bulk_header_wrong``, ``bulk_excel_wrong``.
    """
    people: dict[str, PersonLine] = {}
    problems: list[BadLine] = []
    lines = read_sheet(content, PEOPLE) if is_excel(content) else read_lines(text_of(content, PEOPLE), PEOPLE)
    for number, line in lines:
        read = [line] if isinstance(line, BadLine) else person_line(number, line, today)
        if not isinstance(read, PersonLine):
            problems += read
        elif read.id_number in people:
            problems.append(BadLine(read.line, "id_number", "same_as_line", str(people[read.id_number].line)))
        else:
            people[read.id_number] = read
    if not people and not problems:
        raise PEOPLE.size_wrong()
    return PeopleFile(digest(content), tuple(people.values()), tuple(problems))
