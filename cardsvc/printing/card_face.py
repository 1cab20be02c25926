"""The face of a citizen card as a PDF of the card's size: what a card printer prints onto the white body.

Millimetres from the lower left corner (ID-1, ISO/IEC 7810: 85.60 by 53.98):

    left   bottom  width  height  what
    6.0    9.0     22.0   27.1    photo, 358 by 441 pixels
    32.0   31.0                   name
    32.0   24.0                   ID number
    32.0   17.0                   card number
    32.0   11.0                   issued, valid until
"""

import io
from typing import NamedTuple

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cardsvc.printing.pdf import FONT_NAME, drawn_with

WIDTH, HEIGHT = 85.60 * mm, 53.98 * mm
PHOTO = (6.0 * mm, 9.0 * mm, 22.0 * mm, 27.1 * mm)
TEXT_LEFT = 32.0 * mm


class Face(NamedTuple):
    """What stands on a card. ``photo``: the JPEG file; dates as they are printed."""

    name: str
    id_number: str
    card_no: str
    issued: str
    expires: str
    photo: bytes


def card_face(face: Face) -> bytes:
    """The PDF: one page of the card's size. Raises OperationError ``glyph_missing``, ``font_missing``."""
    name = drawn_with(face.name)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(face.card_no)
    canvas.drawImage(ImageReader(io.BytesIO(face.photo)), *PHOTO)
    canvas.setFont(FONT_NAME, 13)
    canvas.drawCentredString(WIDTH / 2, 44 * mm, "市民卡")
    number = " ".join(face.card_no[place : place + 4] for place in range(0, 16, 4))
    written = canvas.beginText(TEXT_LEFT, 31 * mm)
    for font, piece in name:
        written.setFont(font, 11)
        written.textOut(piece)
    canvas.drawText(written)
    lines = ((24, 8.5, face.id_number), (17, 9.5, number), (11, 7, f"{face.issued} - {face.expires}"))
    for bottom, size, text in lines:
        canvas.setFont(FONT_NAME, size)
        canvas.drawString(TEXT_LEFT, bottom * mm, text)
    canvas.save()
    return buffer.getvalue()
