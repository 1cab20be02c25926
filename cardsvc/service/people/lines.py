"""The lines of a CSV file that people made: encoding, header, fields. What is wrong with a line is named; nothing is read past.

UTF-8 (with or without a byte-order mark), or GB18030 where the bytes are no UTF-8. The first line names the columns, in Chinese
or English and in any order, and shows what stands between fields: commas, or what spreadsheets save in their place, semicolons
or tabs. A line is a record: no field goes over the end of its line, so that one lost quotation mark does not swallow the lines
after it.
"""

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cardsvc.errors import RequestError
from cardsvc.service.people.reasons import BadLine

MAX_BYTES = 16 * 1024 * 1024
MAX_LINE = 500
"""Characters in a line: the longest that makes sense has a name, a number and an address."""
SEPARATORS = (",", ";", "\t")

Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Columns:
    """What the columns of a kind of file are called, and how many lines it may have. ``aliases``: other titles for them."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    aliases: Mapping[str, str]
    max_lines: int

    def called(self, title: str) -> str | None:
        """The column that a title of the header means, None for one that is not known."""
        plain = title.strip().lower().replace(" ", "_")
        return self.aliases.get(plain, plain if plain in self.names else None)

    def size_wrong(self) -> RequestError:
        """The refusal of a file that is empty or too large."""
        return RequestError("bulk_file_size_wrong", lines=self.max_lines, limit=MAX_BYTES // 1024 // 1024)


def digest(content: bytes) -> str:
    """By what a file is known again."""
    return hashlib.sha256(content).hexdigest()


def text_of(content: bytes, columns: Columns) -> str:
    """The text of a file. Raises RequestError ``bulk_file_size_wrong``, ``file_encoding_wrong``."""
    if not 0 < len(content) <= MAX_BYTES:
        raise columns.size_wrong()
    return decoded(content)


def decoded(content: bytes) -> str:
    """The text of bytes in UTF-8 or GB18030, of which GBK is a part. Raises RequestError ``file_encoding_wrong``."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise RequestError("file_encoding_wrong")


def read_lines(text: str, columns: Columns) -> Iterator[tuple[int, Fields | BadLine]]:
    """Each line that is not empty, by its number: its fields by column, or what is wrong with it. The header is line 1.

    Raises RequestError ``bulk_file_size_wrong``, ``bulk_header_wrong``.
    """
    lines = re.split(r"\r\n|\n|\r", text)
    while lines and not lines[-1].strip():
        lines.pop()
    if not 2 <= len(lines) <= columns.max_lines + 1:
        raise columns.size_wrong()
    separator = max(SEPARATORS, key=lines[0].count)
    return _records(lines[1:], separator, columns_of(_fields(lines[0], separator) or [], columns))


def columns_of(titles: Sequence[str], columns: Columns) -> list[str]:
    """The columns of a header by their own names. Raises RequestError ``bulk_header_wrong`` for unknown, doubled and missing
    ones."""
    named = [columns.called(title) for title in titles]
    known = [column for column in named if column]
    wrong = [title for title, column in zip(titles, named, strict=True) if not column or known.count(column) > 1]
    missing = [column for column in columns.required if column not in known]
    if wrong or missing:
        told = ", ".join([*(title.strip()[:20] or "-" for title in wrong), *(f"+{column}" for column in missing)])
        raise RequestError("bulk_header_wrong", wrong=told, columns=", ".join(columns.names))
    return known


def _records(lines: list[str], separator: str, columns: list[str]) -> Iterator[tuple[int, Fields | BadLine]]:
    for number, line in enumerate(lines, start=2):
        fields = _fields(line, separator) if len(line) <= MAX_LINE else None
        if len(line) > MAX_LINE:
            yield number, BadLine(number, "", "line_too_long")
        elif fields is None:
            yield number, BadLine(number, "", "not_csv")
        elif not any(fields):
            continue
        elif len(fields) != len(columns):
            yield number, BadLine(number, "", "too_many_columns" if len(fields) > len(columns) else "too_few_columns")
        else:
            yield number, dict(zip(columns, fields, strict=True))


def _fields(line: str, separator: str) -> list[str] | None:
    """The fields of a line without the blanks around them, None where it is not CSV."""
    try:
        return [field.strip() for row in csv.reader([line], delimiter=separator, strict=True) for field in row]
    except csv.Error:
        return None
