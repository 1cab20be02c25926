"""The database of the settings, its rules, and files that people give to it. Opened when a command runs, not before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

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


def known_outlet(store: "Store", outlet_id: str) -> None:
    """Raise RequestError ``outlet_unknown`` for one that there is not: of that, an empty list would be no answer."""
    from cardsvc.errors import RequestError

    with store.read() as uow:
        if uow.outlets.get(outlet_id) is None:
            raise RequestError("outlet_unknown", outlet=outlet_id[:32])


def write_file(file: Path, content: bytes, *, make_folder: bool = False) -> None:
    """Write what was asked for into a file. Raises RequestError ``file_unwritable``."""
    from cardsvc.errors import RequestError

    try:
        if make_folder:
            file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    except OSError as error:
        raise RequestError("file_unwritable", file=file, reason=error.strerror or type(error).__name__) from None


def write_out(content: bytes, file: Path | None) -> None:
    """Write what was asked for into a file, or to the output where none is named. Raises as ``write_file``."""
    if file is None:
        click.echo(content, nl=False)
    else:
        write_file(file, content)


def rule_book() -> "RuleBook":
    """The rules of the settings, under those of the database."""
    from cardsvc.config import Settings
    from cardsvc.rules import load_rule_set
    from cardsvc.service.operations.rule_book import RuleBook

    return RuleBook(load_rule_set(Settings().rules))
