"""Photos of holders: what a file is, measured without trusting it."""

import io
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError

from cardsvc.errors import RequestError

MOST_PIXELS = 4_000_000
"""A larger picture is measured, never unpacked."""
FORMATS = ("JPEG", "PNG")
"""Pillow knows dozens; a photo of a person comes in one of these, and the others' readers are not reached by an upload."""


class Measured(NamedTuple):
    """Width and height in pixels, size in bytes, format as Pillow names it (JPEG)."""

    width: int
    height: int
    size: int
    format: str


def measure(content: bytes) -> Measured:
    """Measure a photo. Raises RequestError ``photo_unreadable`` for a file that is no picture or breaks off."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            found = Measured(picture.width, picture.height, len(content), picture.format or "")
            if picture.width * picture.height <= MOST_PIXELS:
                picture.load()
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        raise RequestError("photo_unreadable") from None
    return found


def sample_photo(width: int = 358, height: int = 441) -> bytes:
    """A photo of nobody, a JPEG of grey noise as large as an application wants it: for training and simulation."""
    kept = io.BytesIO()
    Image.effect_noise((width, height), 40).convert("RGB").save(kept, "JPEG", quality=40)
    return kept.getvalue()
