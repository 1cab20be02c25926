"""The database of the settings, its rules, and files that people give to it. Opened when a command runs, not before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cardsvc.service.operations.rule_book import RuleBook
    from cardsvc.store import Store


@contextmanager
def database() -> "Iterator[Store]":
    """The database of the settings, for one command."""
    from cardsvc.bootstrap import open_database
    from cardsvc.config import Settings

    store = open_database(Settings())
    try:
        yield store
    finally:
        store.close()


def content_of(file: Path) -> bytes:
    """The bytes of a file, one more than may be read at most: a larger one is refused without reading it all."""
    from cardsvc.service.people.reading import MAX_BYTES

    with file.open("rb") as stream:
        return stream.read(MAX_BYTES + 1)


def rule_book() -> "RuleBook":
    """The rules of the settings, under those of the database."""
    from cardsvc.config import Settings
    from cardsvc.rules import load_rule_set
    from cardsvc.service.operations.rule_book import RuleBook

    return RuleBook(load_rule_set(Settings().rules))
