"""A receipt on paper: text for 58 mm and 80 mm rolls, the same with its QR code for ESC/POS printers, and a PDF."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import segno
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from cardsvc.printing.columns import centred, labelled, wrapped
from cardsvc.printing.pdf import FONT_NAME, register_font

COLUMNS = {"58": 32, "80": 48}
"""Half-width characters on a line of a 58 mm and an 80 mm roll (font A, 12 dots each, of 384 and 576 dots)."""

_INIT, _CUT = b"\x1b@", b"\n\n\n\x1dV\x42\x00"
_CHINESE = b"\x1c&"
_MODULE_DOTS = 5


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed: a title, rows of label and value, the text of the QR code and a line that says what it is for."""

    title: str
    rows: Sequence[tuple[str, str]]
    code: str
    hint: str


def as_text(slip: Slip, roll: str) -> str:
    """The receipt for a printer that only knows text; the code is printed as text as well."""
    columns = COLUMNS[roll]
    lines = [centred(slip.title, columns), "-" * columns, *labelled(slip.rows, columns), "-" * columns]
    return "\n".join([*lines, *wrapped(slip.hint, columns), *wrapped(slip.code, columns)]) + "\n"


def as_escpos(slip: Slip, roll: str) -> bytes:
    """The receipt for an ESC/POS printer with Chinese characters (GBK): the code is drawn by the printer (GS ( k, cn 49)."""
    columns = COLUMNS[roll]
    lines = [centred(slip.title, columns), "-" * columns, *labelled(slip.rows, columns), "-" * columns]
    text = "\n".join([*lines, *wrapped(slip.hint, columns)]) + "\n"
    return _INIT + _CHINESE + text.encode("gbk", "replace") + _qr_commands(slip.code.encode()) + _CUT


def _qr_commands(data: bytes) -> bytes:
    """Model 2, module size, error correction M, store, print."""
    stored = (len(data) + 3).to_bytes(2, "little")
    parts = (b"\x04\x001A2\x00", b"\x03\x001C" + bytes((_MODULE_DOTS,)), b"\x03\x001E1", stored + b"1P0" + data, b"\x03\x001Q0")
    return b"\x1ba\x01" + b"".join(b"\x1d(k" + part for part in parts) + b"\x1ba\x00"


def as_pdf(slip: Slip) -> bytes:
    """The receipt as a page 80 mm wide and as long as it needs."""
    register_font()
    matrix = segno.make(slip.code, error="m", micro=False).matrix
    size, line, margin = 46 * mm, 5.2 * mm, 5 * mm
    height = 2 * margin + line * (len(slip.rows) + 4) + size
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(80 * mm, height), invariant=1)
    canvas.setTitle(slip.title)
    y = height - margin - line
    canvas.setFont(FONT_NAME, 13)
    canvas.drawCentredString(40 * mm, y, slip.title)
    canvas.setFont(FONT_NAME, 9.5)
    for label, value in slip.rows:
        y -= line
        canvas.drawString(margin, y, label)
        canvas.drawRightString(80 * mm - margin, y, value)
    y -= size + line
    _draw_code(canvas, [bytes(row) for row in matrix], (80 * mm - size) / 2, y, size)
    canvas.setFont(FONT_NAME, 8)
    canvas.drawCentredString(40 * mm, y - line, slip.hint)
    canvas.save()
    return buffer.getvalue()


def _draw_code(canvas: Canvas, matrix: Sequence[bytes], left: float, bottom: float, size: float) -> None:
    """The modules as filled squares, with the quiet zone of 4 modules around (ISO/IEC 18004, 6.3.8)."""
    module = size / (len(matrix) + 8)
    for number, row in enumerate(matrix):
        for column, dark in enumerate(row):
            if dark:
                x, y = left + (column + 4) * module, bottom + size - (number + 5) * module
                canvas.rect(x, y, module * 1.02, module * 1.02, stroke=0, fill=1)
