"""The lines of an Excel workbook (.xlsx) that people made: its first sheet. Each bad cell is named; formulas are not computed.

A formula shows what whoever saved the file saw, and nobody knows whether that was up to date: it is refused. So are numbers
where a text must stand: an ID number that became a number has lost its last digits. Days may be cells of days.
"""

import datetime as dt
import io
import zipfile
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from openpyxl import load_workbook

from cardsvc.errors import RequestError
from cardsvc.service.people.lines import MAX_BYTES, MAX_LINE, Columns, Fields, columns_of
from cardsvc.service.people.reasons import BadLine

SIGNATURE = b"PK\x03\x04"
MAX_UNPACKED = 8 * MAX_BYTES
"""Bytes of the workbook once it is unpacked: a small file may claim to be a very large one."""
MAX_COLUMNS = 50
MAX_EMPTY = 10_000
"""Rows without anything, after which a sheet is at its end."""


class _Cell(NamedTuple):
    """What stands in a cell: its text, or why it cannot be taken (a word of REASONS)."""

    text: str
    wrong: str | None = None


def is_excel(content: bytes) -> bool:
    """Whether these bytes begin as a workbook does."""
    return content.startswith(SIGNATURE)


def read_sheet(content: bytes, columns: Columns) -> Iterator[tuple[int, Fields | BadLine]]:
    """As ``lines.read_lines`` gives them: each row that is not empty, by its number, or what is wrong with one of its cells.

    Raises RequestError ``bulk_file_size_wrong``, ``bulk_excel_wrong``, ``bulk_header_wrong``.
    """
    if not 0 < len(content) <= MAX_BYTES:
        raise columns.size_wrong()
    rows = _rows(content, columns)
    if len(rows) < 2:
        raise columns.size_wrong()
    return _records(rows[1:], columns_of([cell.text for cell in _cut(rows[0][1])], columns))


def _rows(content: bytes, columns: Columns) -> list[tuple[int, list[_Cell]]]:
    """The rows of the first sheet that hold something, by number."""
    found: list[tuple[int, list[_Cell]]] = []
    empty = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > MAX_UNPACKED:
                raise columns.size_wrong()
        book = load_workbook(io.BytesIO(content), read_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size is not believed
        for number, row in enumerate(sheet.iter_rows(max_col=MAX_COLUMNS), start=1):
            cells = [_cell(cell) for cell in row]
            empty = 0 if _cut(cells) else empty + 1
            found += [(number, cells)] if not empty else []
            if empty > MAX_EMPTY:
                break
            if len(found) > columns.max_lines + 1:
                raise columns.size_wrong()
    except RequestError:
        raise
    except Exception as error:  # a file from outside: whatever the library falls over, it is no workbook
        raise RequestError("bulk_excel_wrong") from error
    return found


def _cut(cells: list[_Cell]) -> list[_Cell]:
    """Without the empty cells at the end."""
    filled = [place for place, cell in enumerate(cells) if cell.text or cell.wrong]
    return cells[: filled[-1] + 1] if filled else []


def _cell(cell: Any) -> _Cell:
    """A cell's text; numbers and days are marked, for only some columns may have them."""
    value = cell.value
    if value is None or isinstance(value, str):
        wrong = {"f": "formula", "e": "cell_error"}.get(cell.data_type) if value is not None else None
        return _Cell("" if wrong else (value or "").strip(), wrong)
    if isinstance(value, dt.datetime):
        return _Cell(value.date().isoformat(), "day")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _Cell(str(int(value)) if value == int(value) else str(value), "number")
    return _Cell("", "not_text")


def _records(rows: list[tuple[int, list[_Cell]]], names: list[str]) -> Iterator[tuple[int, Fields | BadLine]]:
    for number, cells in rows:
        if len(_cut(cells)) > len(names):
            yield number, BadLine(number, "", "too_many_columns")
            continue
        named = list(zip(names, islice(cells, len(names)), strict=False))
        wrong = [(name, reason) for name, cell in named if (reason := _problem(name, cell))]
        for name, reason in wrong:
            yield number, BadLine(number, name, reason)
        if not wrong:
            yield number, {name: cell.text for name, cell in [*((name, _Cell("")) for name in names), *named]}


def _problem(name: str, cell: _Cell) -> str | None:
    """Why a cell cannot stand in this column."""
    if len(cell.text) > MAX_LINE:
        return "line_too_long"
    if cell.wrong == "day":
        return None if name == "birth_date" else "not_text"
    if cell.wrong == "number":
        return "as_a_number" if name == "id_number" else "not_text" if name == "name" else None
    return cell.wrong
