"""The texts of all errors, from the TOML files beside this one. One table a code; the file says the family."""

import tomllib
from functools import cache
from importlib import resources
from typing import NamedTuple


class Entry(NamedTuple):
    """One error code: default outcome, HTTP status, what happened and what to do next, in both languages.

    ``family``: the file it stands in.
    """

    outcome: str
    http: int
    zh: str
    en: str
    next_zh: str
    next_en: str
    family: str


def entry(code: str) -> Entry:
    """The entry of a code. Raises KeyError for a code that is in no file: a defect, found by the tests."""
    return all_entries()[code]


@cache
def all_entries() -> dict[str, Entry]:
    """Every code of every file. Read on first use: a start without an error never pays for it."""
    entries: dict[str, Entry] = {}
    for file in sorted(resources.files(__name__).iterdir(), key=lambda file: file.name):
        if file.name.endswith(".toml"):
            for code, table in tomllib.loads(file.read_text("utf-8")).items():
                if code in entries:
                    raise ValueError(f"error code {code} stands in two catalog files")
                entries[code] = Entry(**table, family=file.name.removesuffix(".toml"))
    return entries
