"""Text in columns of a fixed width, where a Chinese character is two columns wide (UAX #11: wide and full-width)."""

import unicodedata
from collections.abc import Iterable


def width(text: str) -> int:
    """Columns that a text takes on a receipt printer."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, columns: int) -> list[str]:
    """A text in lines of at most so many columns, broken anywhere."""
    lines = [""]
    for character in text:
        if width(lines[-1]) + width(character) > columns:
            lines.append("")
        lines[-1] += character
    return lines


def centred(text: str, columns: int) -> str:
    """A text in the middle of a line."""
    return " " * max(0, (columns - width(text)) // 2) + text


def labelled(rows: Iterable[tuple[str, str]], columns: int) -> list[str]:
    """Label on the left, value on the right; a value that does not fit goes below, to the right."""
    lines: list[str] = []
    for label, value in rows:
        space = columns - width(label) - width(value)
        if space > 0:
            lines.append(label + " " * space + value)
            continue
        lines.append(label)
        lines += [" " * (columns - width(part)) + part for part in wrapped(value, columns - 2)]
    return lines
