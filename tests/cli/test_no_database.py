"""A database that is not there is told, and one of another program is left alone: a mistyped address makes no empty city."""

import sqlite3
from pathlib import Path

import pytest

from tests.cli.test_cli import run


def at(home: dict[str, str], file: Path) -> dict[str, str]:
    """The same set-up with another database."""
    return {**home, "CARDSVC_DATABASE_URL": f"sqlite:///{file}"}


@pytest.mark.parametrize(
    "command",
    [("staff", "list"), ("staff", "outlet", "hall", "市民之家"), ("why", "3100010100000001"), ("serve",), ("doctor",)],
)
def test_a_mistyped_path_makes_no_database(home: dict[str, str], tmp_path: Path, command: tuple[str, ...]) -> None:
    """Whatever reads, writes or serves says that there is none, where, and how one is made; no file, no folder."""
    run(home, "keys", "init")
    told = run(at(home, tmp_path / "new" / "citty.db"), *command, code=1 if command == ("doctor",) else 8)
    said = told.stdout + told.stderr
    assert "There is no database here: " in said
    assert "citty.db" in said
    assert "cardsvc db upgrade" in said
    assert not (tmp_path / "new").exists()


def test_an_empty_file_is_no_database_until_somebody_makes_one(home: dict[str, str], tmp_path: Path) -> None:
    """``db upgrade`` makes the tables in it, and its folder."""
    file = tmp_path / "empty.db"
    file.touch()
    run(at(home, file), "staff", "list", code=8)
    for made in (file, tmp_path / "new" / "city.db"):
        run(at(home, made), "db", "upgrade")
        run(at(home, made), "staff", "list")


def test_the_database_of_another_program_is_left_as_it_is(home: dict[str, str], tmp_path: Path) -> None:
    """Not even by the command that makes tables."""
    file = tmp_path / "places.sqlite"
    with sqlite3.connect(file) as theirs:
        theirs.execute("CREATE TABLE moz_places (id INTEGER)")
    theirs.close()
    before = file.read_bytes()
    for command in (("db", "upgrade"), ("staff", "list")):
        told = run(at(home, file), *command, code=8).stderr
        assert "Error store_foreign" in told
        assert "moz_places" in told
    assert file.read_bytes() == before
