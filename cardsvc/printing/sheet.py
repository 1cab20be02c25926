"""The day sheet as CSV for a spreadsheet, and as a PDF that is printed, signed and kept."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from cardsvc.printing.pdf import FONT_NAME, NumberedCanvas, register_font

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet takes for the beginning of a formula, a Chinese one also in full width. Source: OWASP, CSV injection."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its title, its columns, its rows; the last ``numbers`` columns are numbers."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is printed: a title, lines under it, tables, and who signs."""

    title: str
    lines: Sequence[str]
    grids: Sequence[Grid]
    signatures: Sequence[str] = field(default=())


def as_csv(sheet: Sheet) -> bytes:
    """UTF-8 with a byte order mark, which spreadsheets want. Text that would be a formula there begins with an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    for line in (sheet.title, *sheet.lines):
        writer.writerow([harmless(line)])
    for grid in sheet.grids:
        writer.writerow([])
        writer.writerow([harmless(grid.title)])
        writer.writerow([harmless(column) for column in grid.columns])
        words = len(grid.columns) - grid.numbers
        writer.writerows([*map(harmless, row[:words]), *row[words:]] for row in grid.rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + cell if cell.startswith(_FORMULA) and cell != "-" else cell


def as_pdf(sheet: Sheet) -> bytes:
    """A4, with page numbers and lines to sign on."""
    register_font()
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer, pagesize=A4, topMargin=16 * mm, bottomMargin=18 * mm, leftMargin=14 * mm, rightMargin=14 * mm, title=sheet.title
    )
    title = ParagraphStyle("title", fontName=FONT_NAME, fontSize=16, leading=22, alignment=1)
    plain = ParagraphStyle("plain", fontName=FONT_NAME, fontSize=8.5, leading=12, wordWrap="CJK")
    heading = ParagraphStyle("heading", fontName=FONT_NAME, fontSize=11, leading=18)
    parts: list[Flowable] = [Paragraph(_escaped(sheet.title), title)]
    parts += [Paragraph(_escaped(line), plain) for line in sheet.lines]
    for grid in sheet.grids:
        parts += [Spacer(1, 4 * mm), Paragraph(_escaped(grid.title), heading), _table(grid, plain)]
    if sheet.signatures:
        signed = "　　".join(f"{name}：________________" for name in sheet.signatures)
        parts.append(KeepTogether([Spacer(1, 14 * mm), Paragraph(signed, plain)]))
    document.build(parts, canvasmaker=NumberedCanvas)
    return buffer.getvalue()


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _table(grid: Grid, plain: ParagraphStyle) -> Table:
    words = len(grid.columns) - grid.numbers
    body = [[*(Paragraph(_escaped(cell), plain) for cell in row[:words]), *row[words:]] for row in grid.rows]
    wide, narrow = A4[0] - 28 * mm, 20 * mm if grid.numbers > 2 else 28 * mm
    widths = [(wide - narrow * grid.numbers) / words] * words + [narrow] * grid.numbers
    style = TableStyle(
        [
            ("FONT", (0, 0), (-1, -1), FONT_NAME, 8.5),
            ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e8e8e8")),
            ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.grey),
            ("ALIGN", (words, 0), (-1, -1), "RIGHT"),
            ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ]
    )
    return Table([list(grid.columns), *body], colWidths=widths, style=style, repeatRows=1)
