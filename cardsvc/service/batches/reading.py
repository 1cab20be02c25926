"""Reading a file: encoding, header, lines, trailer. Every bad line is named; a file with one gives no records at all.

line 1    the names of the columns
lines     one record each
last      END, how many records, the sum of their amounts in fen

UTF-8 (with or without a byte-order mark) or GB18030 (GBK), which is tried when the bytes are no UTF-8. The trailer tells a
whole file from one that was cut off. Format for those who send them: docs/batches.md.
"""

import csv
import datetime as dt
import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cardsvc.errors import RequestError
from cardsvc.service.batches.reasons import reason_in_words
from cardsvc.service.people.lines import decoded
from cardsvc.text import Text
from cardsvc.units import MAX_AMOUNT

MAX_BYTES = 64 * 1024 * 1024
MAX_RECORDS = 300_000
MAX_FIELD = 200
MAX_PROBLEMS = 1000
SHOWN = 20
TRAILER = "END"

R = TypeVar("R")
Check = Callable[[str], str | None]
"""Says in one word what is wrong with a field, or None."""


@dataclass(frozen=True, slots=True)
class BadLine:
    """What is wrong with one line. ``field``: the column, empty for the line as a whole; ``reason``: one word."""

    line: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.line} {self.field} {self.reason}".replace("  ", " ")

    @property
    def said(self) -> Text:
        """As a person reads it."""
        words = reason_in_words(self.reason)
        zh, en = (f" {self.field}：", f", {self.field}: ") if self.field else ("：", ": ")
        return Text(f"第 {self.line} 行{zh}{words.zh}", f"line {self.line}{en}{words.en}")


@dataclass(frozen=True, slots=True)
class Format(Generic[R]):
    """A kind of file: its columns with their checks, ``make`` a record of (line number, fields)."""

    kind: str
    columns: Mapping[str, Check]
    make: Callable[[int, Mapping[str, str]], R]
    whole: Callable[[Mapping[str, str]], tuple[str, str] | None] = lambda _fields: None
    """What is wrong between the fields of a line: column and reason, or None."""


@dataclass(frozen=True, slots=True)
class ReadFile(Generic[R]):
    """A file without a bad line. ``amount``: the sum of its records in fen."""

    sha256: str
    records: tuple[R, ...]
    amount: int


def matches(pattern: str, reason: str) -> Check:
    """A check by a pattern over the whole field."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: None if compiled.fullmatch(value) else reason


def amount_check(value: str) -> str | None:
    """An amount in fen: a whole number above zero, with at most ten digits."""
    if not value.isascii() or not value.isdigit() or len(value) > 10:
        return "not_an_amount_in_fen"
    return None if 0 < int(value) <= MAX_AMOUNT else "amount_out_of_range"


def fee_check(value: str) -> str | None:
    """As an amount, but it may be zero or left out."""
    return None if value in ("", "0") else amount_check(value)


def moment_check(value: str) -> str | None:
    """YYYYMMDDhhmmss of local time, a day and time that there are."""
    if len(value) != 14 or not value.isascii() or not value.isdigit():
        return "not_a_time"
    try:
        local_time(value)
    except ValueError:
        return "not_a_time"
    return None


def local_time(text: str) -> dt.datetime:
    """The local time in YYYYMMDDhhmmss, as it stands on the card. Raises ValueError."""
    return dt.datetime.fromisoformat(f"{text[:8]}T{text[8:]}")


def read(content: bytes, format_: Format[R]) -> ReadFile[R]:
    """The records of a file. Raises RequestError: ``file_size_wrong``, ``file_encoding_wrong``, ``file_header_wrong``,
    ``file_cut_off``, ``file_total_wrong``, or ``file_lines_wrong`` with every bad line (``details["problems"]``).
    """
    if not 0 < len(content) <= MAX_BYTES:
        raise RequestError("file_size_wrong", limit=MAX_BYTES // 1024 // 1024, records=MAX_RECORDS)
    rows = _rows(decoded(content))
    if not rows or tuple(rows[0][1]) != tuple(format_.columns):
        raise RequestError("file_header_wrong", columns=",".join(format_.columns))
    body, promised = _without_trailer(rows[1:])
    if len(body) > MAX_RECORDS:
        raise RequestError("file_size_wrong", limit=MAX_BYTES // 1024 // 1024, records=MAX_RECORDS)
    records, amount = _records(body, format_)
    if promised != (len(records), amount):
        raise RequestError("file_total_wrong", records=len(records), amount=amount, promised=f"{promised[0]}, {promised[1]}")
    return ReadFile(hashlib.sha256(content).hexdigest(), records, amount)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """Numbered lines that are not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if row)
    except csv.Error:
        raise _wrong([BadLine(reader.line_num, "", "not_csv")]) from None
    return rows


def _without_trailer(rows: list[tuple[int, list[str]]]) -> tuple[list[tuple[int, list[str]]], tuple[int, int]]:
    """The lines of records, and count and sum as the trailer says them."""
    last = rows[-1][1] if rows else []
    if len(last) != 3 or last[0] != TRAILER or not all(re.fullmatch(r"[0-9]{1,18}", field) for field in last[1:]):
        raise RequestError("file_cut_off")
    return rows[:-1], (int(last[1]), int(last[2]))


def _records(rows: Iterable[tuple[int, list[str]]], format_: Format[R]) -> tuple[tuple[R, ...], int]:
    problems: list[BadLine] = []
    records: list[R] = []
    amount, names, checks = 0, tuple(format_.columns), tuple(format_.columns.values())
    for line, row in rows:
        wrong = _problems(line, row, names, checks, format_)
        if wrong:
            problems += wrong
            if len(problems) >= MAX_PROBLEMS:
                break
            continue
        fields = dict(zip(names, row, strict=True))
        records.append(format_.make(line, fields))
        amount += int(fields["amount"])
    if problems:
        raise _wrong(problems)
    return tuple(records), amount


def _problems(
    line: int, row: list[str], names: tuple[str, ...], checks: tuple[Check, ...], format_: Format[Any]
) -> list[BadLine]:
    if len(row) != len(names):
        return [BadLine(line, "", f"{len(row)}_fields_instead_of_{len(names)}")]
    if max(map(len, row)) > MAX_FIELD:
        return [BadLine(line, name, "too_long") for name, value in zip(names, row, strict=True) if len(value) > MAX_FIELD]
    found = []
    for name, value, check in zip(names, row, checks, strict=True):
        reason = check(value)
        if reason is not None:
            found.append(BadLine(line, name, reason))
    if not found:
        between = format_.whole(dict(zip(names, row, strict=True)))
        found += [BadLine(line, *between)] if between else []
    return found


def _wrong(problems: list[BadLine]) -> RequestError:
    said, more = [problem.said for problem in problems[:SHOWN]], " ..." if len(problems) > SHOWN else ""
    shown = Text("；".join(text.zh for text in said) + more, "; ".join(text.en for text in said) + more)
    return RequestError("file_lines_wrong", count=len(problems), lines=shown, problems=problems)
