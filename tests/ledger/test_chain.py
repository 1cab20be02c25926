"""The hash chain: a line that is changed, taken out or put in shows, and where."""

from pathlib import Path

import pytest
from sqlalchemy import create_engine

from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.books.time_line import why
from cardsvc.store import Store
from tests.databases import on_postgresql, url_of
from tests.world import FAMILIES, World

CARD = "3100010100000001"
CHAIN = ("changed", "missing", "inserted")
TRANSFER_COLUMNS = "chain, number, kind, debit_account, credit_account, amount, reference, booked_at, previous_hash, hash"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with three loads of one card."""
    world = World(tmp_path / "city.db")
    card = world.issue(FAMILIES[0])
    for _ in range(3):
        world.topup(card)
    world.close()
    return tmp_path / "city.db"


def verdict(path: Path, *sql: str) -> list[tuple[int, str]]:
    """What the verifier says of the chain after somebody with the database's password was at it."""
    engine = create_engine(url_of(path))
    with engine.begin() as raw:
        where = " ON transfer" if on_postgresql() else ""
        for trigger in ("transfer_no_update", "transfer_no_delete"):
            raw.exec_driver_sql(f"DROP TRIGGER {trigger}{where}")
        for statement in sql:
            raw.exec_driver_sql(statement)
    engine.dispose()
    store = Store(url_of(path))
    found = verify_ledger(store)
    store.close()
    return [(place["number"], place["what"]) for place in found["breaks"] if place["what"] in CHAIN]


def test_an_honest_ledger_holds(path: Path) -> None:
    """Six lines, total zero."""
    assert verdict(path) == []


@pytest.mark.parametrize(
    "change", ["amount = 9000", "booked_at = '2020-01-01 00:00:00'", "kind = 'x'", "reference = 'y'", "hash = previous_hash"]
)
def test_a_changed_line_is_found(path: Path, change: str) -> None:
    """Whatever was changed in it."""
    assert (3, "changed") in verdict(path, f"UPDATE transfer SET {change} WHERE number = 3")


def test_a_missing_line_is_found(path: Path) -> None:
    """By its number."""
    assert verdict(path, "DELETE FROM transfer WHERE number = 3") == [(3, "missing")]


def test_a_line_whose_number_was_closed_up_is_found(path: Path) -> None:
    """Taken out and the rest renumbered."""
    gone = "DELETE FROM transfer WHERE number = 3"
    closed = [f"UPDATE transfer SET number = {n - 1} WHERE number = {n}" for n in (4, 5, 6)]
    assert (3, "inserted") in verdict(path, gone, *closed)


def test_an_inserted_line_is_found(path: Path) -> None:
    """A copy of an earlier one at the end, with a new reference."""
    copy = (
        f"INSERT INTO transfer ({TRANSFER_COLUMNS}) SELECT chain, 7, kind, debit_account, credit_account, amount, 'z', "
        "booked_at, previous_hash, hash FROM transfer WHERE number = 2"
    )
    assert {(7, "inserted"), (7, "changed")} == set(verdict(path, copy))


def test_the_time_line_of_a_card_tells_the_story(path: Path) -> None:
    """Personalisation, three top-ups, six ledger lines, in order."""
    store = Store(url_of(path))
    entries = why(store, CARD)
    store.close()
    assert [entry["what"] for entry in entries].count("ledger") == 6
    made = {"job": "personalise", "place": "desk", "by": "desk-1", "operation": "done"}
    assert made in [entry["facts"] for entry in entries]
    assert [entry["at"] for entry in entries] == sorted(entry["at"] for entry in entries)
