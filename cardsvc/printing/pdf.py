"""What all PDFs share: a font that has Chinese and is embedded, and pages that say how many they are."""

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
