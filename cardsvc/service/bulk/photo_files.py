"""Photos as they are sent along with a list: single JPG files, or ZIP files of them, each named by its person's ID number.

Nothing is unpacked to disk: of a file in a ZIP only its name's end counts, and no more than a photo may have is read of it.
"""

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import PurePath
from typing import IO

from cardsvc.errors import RequestError
from cardsvc.service.bulk.photos import Files

MOST_FILES = 20_000
MOST_BYTES = 1 << 20
"""Read of one photo, in bytes: far more than the rule allows, which then says what is wrong with it."""
SKIPPED = ("__MACOSX", ".", "Thumbs.db", "desktop.ini")
"""What computers put into folders and ZIP files by themselves."""
Sent = tuple[str, Callable[[], bytes]]
"""A file's name, and how it is read when it is its turn."""


def photo_files(sent: Iterable[Sent]) -> Files:
    """The photos by ID number. Raises RequestError ``bulk_photo_twice`` for two files of one name."""
    found: dict[str, Callable[[], bytes]] = {}
    for name, read in sent:
        number = PurePath(name).stem.strip().upper()
        if number in found:
            raise RequestError("bulk_photo_twice", name=PurePath(name).name[:40])
        found[number] = read
    return found


def is_zip(name: str) -> bool:
    """Whether a file is taken for a ZIP file."""
    return PurePath(name).suffix.lower() == ".zip"


def in_zip(name: str, content: IO[bytes]) -> Iterator[Sent]:
    """The files in a ZIP file, which stays open while they are read. Raises RequestError ``bulk_zip_wrong`` for one that is
    none, is encrypted, or has far too many."""
    try:
        folder = zipfile.ZipFile(content)
        entries = [entry for entry in folder.infolist() if not entry.is_dir() and not _is_skipped(entry.filename)]
    except (zipfile.BadZipFile, ValueError, OSError):
        raise RequestError("bulk_zip_wrong", name=name[:40]) from None
    if len(entries) > MOST_FILES or any(entry.flag_bits & 1 for entry in entries):
        raise RequestError("bulk_zip_wrong", name=name[:40])
    for entry in entries:
        yield entry.filename, partial(_read_entry, name, folder, entry)


def _read_entry(name: str, folder: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with folder.open(entry) as photo:
            return photo.read(MOST_BYTES)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError):
        raise RequestError("bulk_zip_wrong", name=name[:40]) from None


def _is_skipped(name: str) -> bool:
    return any(part.startswith(SKIPPED) for part in PurePath(name).parts)
