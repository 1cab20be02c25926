"""Photos of holders: what a file is, measured without trusting it."""

import io
from typing import NamedTuple

from PIL import Image, ImageChops, UnidentifiedImageError

from cardsvc.errors import RequestError

MOST_PIXELS = 4_000_000
"""A larger picture is measured, never unpacked."""
FORMATS = ("JPEG", "PNG")
"""Pillow knows dozens; a photo of a person comes in one of these, and the others' readers are not reached by an upload."""


WHITE = 200
"""How light red, green and blue each are at least, of 255, where a photo is white: a white wall in a hall's light is no 255."""


class Measured(NamedTuple):
    """Width and height in pixels, size in bytes, format as Pillow names it (JPEG); how much of the background is white, in
    percent."""

    width: int
    height: int
    size: int
    format: str
    white: int


def measure(content: bytes) -> Measured:
    """Measure a photo. Raises RequestError ``photo_unreadable`` for a file that is no picture or breaks off."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            white = _white(picture) if picture.width * picture.height <= MOST_PIXELS else 0
            found = Measured(picture.width, picture.height, len(content), picture.format or "", white)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError):
        raise RequestError("photo_unreadable") from None
    return found


def _white(picture: Image.Image) -> int:
    """How much of the background is white, in percent: the top edge, and both sides as far down as shoulders leave free."""
    red, green, blue = picture.convert("RGB").split()
    darkest = ImageChops.darker(red, ImageChops.darker(green, blue))
    width, height = picture.size
    edge, free = max(1, width // 12), max(1, height // 2)
    strips = (0, 0, width, edge), (0, 0, edge, free), (width - edge, 0, width, free)
    counts = [darkest.crop(strip).histogram() for strip in strips]
    return sum(sum(count[WHITE:]) for count in counts) * 100 // max(1, sum(map(sum, counts)))


def sample_photo(width: int = 358, height: int = 441) -> bytes:
    """A photo of nobody, a JPEG of grey noise on white, as large as an application wants it: for training and simulation."""
    photo = Image.new("RGB", (width, height), "white")
    photo.paste(Image.effect_noise((width // 2, height * 2 // 3), 40).convert("RGB"), (width // 4, height // 4))
    kept = io.BytesIO()
    photo.save(kept, "JPEG", quality=60)
    return kept.getvalue()
