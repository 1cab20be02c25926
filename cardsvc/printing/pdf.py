"""What all PDFs share: a font that has Chinese and is embedded, and pages that say how many they are."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.pdfgen.canvas import Canvas

from cardsvc.errors import OperationError

FONT_NAME = "WenQuanYiMicroHei"
FONT_FILE = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
"""Of Debian's fonts-wqy-microhei: TrueType outlines, which reportlab embeds as a subset. It cannot embed fonts-noto-cjk, whose
outlines are PostScript's."""


def register_font() -> None:
    """Make the font known. Raises OperationError ``font_missing``."""
    if FONT_NAME in pdfmetrics.getRegisteredFontNames():
        return
    try:
        pdfmetrics.registerFont(TTFont(FONT_NAME, str(FONT_FILE), subfontIndex=0))
    except (TTFError, OSError):
        raise OperationError("font_missing", file=FONT_FILE) from None


RARE_FONTS: Mapping[str, Path] = {
    name: Path(f"/usr/share/fonts/truetype/hanazono/{name}.ttf") for name in ("HanaMinA", "HanaMinB")
}
"""Of Debian's fonts-hanazono, where it is installed: the characters that the first font lacks, to Extension F."""


def drawn_with(text: str, others: Mapping[str, Path] = RARE_FONTS) -> list[tuple[str, str]]:
    """A text in pieces, each with a font that has all of its characters, so that nothing is printed as a box.

    Raises OperationError ``glyph_missing`` for characters of no font that is here, ``font_missing``.
    """
    register_font()
    found = [(_font_of(character, others), character) for character in text]
    if any(font is None for font, _ in found):
        raise OperationError("glyph_missing")
    return [(str(font), "".join(one for _, one in pieces)) for font, pieces in groupby(found, key=itemgetter(0))]


def _font_of(character: str, others: Mapping[str, Path]) -> str | None:
    """A font is read (30 MB) when the first name needs it, and then kept."""
    if _has(FONT_NAME, character):
        return FONT_NAME
    for name, file in others.items():
        if name not in pdfmetrics.getRegisteredFontNames() and file.exists():
            pdfmetrics.registerFont(TTFont(name, str(file)))
        if name in pdfmetrics.getRegisteredFontNames() and _has(name, character):
            return name
    return None


def _has(font: str, character: str) -> bool:
    known: Any = pdfmetrics.getFont(font)
    return ord(character) in known.face.charToGlyph


class NumberedCanvas(Canvas):
    """A canvas that writes "page n of m" at the foot of every page: pages wait until their number is known."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Keep the page for later."""
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined] # the way reportlab itself does it

    def save(self) -> None:
        """Write all pages, each with its number."""
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self.setFont(FONT_NAME, 8)
            self.drawCentredString(A4[0] / 2, 9 * mm, f"{number} / {len(self._pages)}")
            super().showPage()
        super().save()
