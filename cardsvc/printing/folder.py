"""A card printer for training: what would be printed onto a card lies in a folder, as a picture that the page shows."""

import os
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped] # it brings no types

from cardsvc.errors import ReaderError
from cardsvc.printing.cups import Job, JobState

SUFFIX = ".png"
DOTS_A_POINT = 300 / 72
"""Card printers have 300 dots an inch; a PDF counts 72 points an inch."""
DONE = Job(0, JobState.COMPLETED, begun=True, note="")


class FolderPrinter:
    """It prints at once, and remembers a job by the file of its title."""

    name = "practice"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, title: str, pdf: bytes) -> None:
        """Print. Raises ReaderError ``face_refused`` where the folder takes nothing or the PDF is none."""
        try:
            picture = pypdfium2.PdfDocument(pdf)[0].render(scale=DOTS_A_POINT).to_pil()
            half = self._folder / f".{title}{SUFFIX}"
            picture.save(half, "PNG")
            os.replace(half, self._folder / f"{title}{SUFFIX}")
        except (OSError, pypdfium2.PdfiumError) as error:
            raise ReaderError("face_refused", note=type(error).__name__) from None

    def find(self, title: str) -> Job | None:
        """The job of this title."""
        return DONE if (self._folder / f"{title}{SUFFIX}").exists() else None

    def cancel(self, _job: Job) -> None:
        """Nothing waits here."""
