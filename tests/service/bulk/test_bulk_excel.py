"""Excel files of people: the same lines as from CSV, and every bad cell named."""

import datetime as dt
import io
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.service.people.reading import MAX_LINES, read_people
from tests.service.bulk.bulk_people import people_file
from tests.service.staff.test_staff import refused
from tests.world import person

TODAY = dt.date(2026, 11, 24)
HEADER = ["姓名", "身份证号", "出生日期"]


def workbook(*rows: list[Any], header: list[str] = HEADER) -> bytes:
    """A workbook with these rows in its first sheet, and another sheet that does not count."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (header, *rows):
        sheet.append(row)
    book.create_sheet("other").append(["x"])
    kept = io.BytesIO()
    book.save(kept)
    return kept.getvalue()


def row(number: int, **cells: Any) -> list[Any]:
    """The row of a synthetic person, with other cells where they are given."""
    usual = {"name": "测试一", "id_number": person(number).id_number, "birth_date": "1999-02-28"}
    return list({**usual, **cells}.values())


def problems(*rows: list[Any], **more: Any) -> list[str]:
    return [str(bad) for bad in read_people(workbook(*rows, **more), TODAY).problems]


def test_a_workbook_says_what_the_same_lines_of_csv_say() -> None:
    """Also with days as days, and with empty rows between."""
    as_excel = read_people(workbook(row(1), [], row(2, birth_date=dt.date(1999, 2, 28))), TODAY)
    as_csv = read_people(people_file(2), TODAY)
    assert not as_excel.problems
    assert [one.id_number for one in as_excel.people] == [one.id_number for one in as_csv.people]
    assert [one.birth_date for one in as_excel.people] == [one.birth_date for one in as_csv.people]
    assert [one.line for one in as_excel.people] == [2, 4]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"name": "=A1"}, "2 name formula"),
        ({"id_number": 330100199902301234}, "2 id_number as_a_number"),
        ({"name": 12}, "2 name not_text"),
        ({"name": True}, "2 name not_text"),
        ({"id_number": dt.date(2026, 1, 1)}, "2 id_number not_text"),
        ({"name": "#N/A"}, "2 name cell_error"),
        ({"name": None}, "2 name missing"),
        ({"birth_date": "gestern"}, "2 birth_date not_a_date"),
        ({"name": "测" * 600}, "2 name line_too_long"),
    ],
)
def test_each_bad_cell_is_named(cells: dict[str, Any], told: str) -> None:
    """With its row and column."""
    assert problems(row(1, **cells)) == [told]


def test_several_bad_cells_of_a_row_are_all_named_and_the_others_are_read() -> None:
    """And a row that is longer than the header."""
    rows = (row(1, name="=A1", birth_date="=TODAY()"), row(2), [*row(3), "more"])
    assert problems(*rows) == ["2 name formula", "2 birth_date formula", "4 too_many_columns"]


def test_what_is_no_workbook_or_too_large_is_refused() -> None:
    """Cut off, another archive, too many rows, a small file that claims to be a large one, a wrong header."""
    bomb, other = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (130 * 1024 * 1024))
    with zipfile.ZipFile(other, "w") as packed:
        packed.writestr("hello.txt", "hello")
    for code, content in (
        ("bulk_excel_wrong", workbook(row(1))[:-300]),
        ("bulk_excel_wrong", other.getvalue()),
        ("bulk_file_size_wrong", bomb.getvalue()),
        ("bulk_file_size_wrong", workbook()),
        ("bulk_header_wrong", workbook(row(1), header=["姓名", "号码", "出生日期"])),
    ):
        with refused(code):
            read_people(content, TODAY)
    assert MAX_LINES == 20_000


@given(st.binary(max_size=60), st.integers(0, 4000))
def test_no_garbled_workbook_is_anything_but_read_or_refused(garbage: bytes, at: int) -> None:
    """Whatever a broken disk or a sender makes of it."""
    content = bytearray(WHOLE)
    at = 4 + at % (len(content) - 4)
    content[at : at + len(garbage)] = garbage
    try:
        read_people(bytes(content), TODAY)
    except CardsvcError as error:
        assert isinstance(error, RequestError)


WHOLE = workbook(row(1), row(2))
