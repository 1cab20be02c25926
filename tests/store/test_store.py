"""What the database itself guarantees, for any program that writes to it."""

import datetime as dt
import re
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.ledger.postings import clearing_account, load_authorised
from cardsvc.ledger.states import LOAD_ALLOWED, PURCHASE_ALLOWED, advance
from cardsvc.store import Store, open_store
from cardsvc.store.tables import metadata
from cardsvc.store.triggers import create_statements
from tests.world import FAMILIES, World

NOW = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)
CARD = "3100010100000001"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A database file with one issued card, one confirmed load and one purchase."""
    world = World(tmp_path / "city.db")
    card = world.issue(FAMILIES[0])
    world.topup(card)
    world.do(card, "purchase", amount=200, merchant="bus")
    world.close()
    return tmp_path / "city.db"


@pytest.fixture
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    """The file, opened by somebody else's program."""
    connection = sqlite3.connect(path, isolation_level=None)
    yield connection
    connection.close()


@pytest.mark.parametrize("sql", ["UPDATE transfer SET amount = 1", "DELETE FROM transfer", "UPDATE evidence SET rule = 'x'"])
def test_the_ledger_is_append_only(raw: sqlite3.Connection, sql: str) -> None:
    """Nobody changes what was booked."""
    raw.execute(f"INSERT INTO evidence VALUES ('{CARD}', 'x', 1, 'r', '{{}}', '2026-11-24')")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        f"INSERT INTO transfer VALUES ('{CARD}', 99, 'x', 'merchant:bus', 'merchant:bus', 5, 'r', '2026-11-24', 'p', 'h')",
        f"INSERT INTO transfer VALUES ('{CARD}', 99, 'x', 'merchant:bus', 'suspense:{CARD}', 0, 'r', '2026-11-24', 'p', 'h')",
        f"INSERT INTO transfer VALUES ('{CARD}', 99, 'x', 'merchant:bus', 'suspense:{CARD}', -5, 'r', '2026-11-24', 'p', 'h')",
        "UPDATE card SET state = 'lost'",
        "UPDATE card SET card_no = '1'",
        "UPDATE load SET amount = 0",
        "UPDATE operation SET state = 'card' WHERE state = 'done'",
    ],
)
def test_checks_hold_in_the_database(raw: sqlite3.Connection, sql: str) -> None:
    """Amounts are positive, accounts differ, states come from their list."""
    with pytest.raises(sqlite3.IntegrityError):
        raw.execute(sql)


@pytest.mark.parametrize("now", list(LOAD_ALLOWED))
@pytest.mark.parametrize("to", list(LOAD_ALLOWED))
def test_all_pairs_of_load_states(raw: sqlite3.Connection, now: Any, to: Any) -> None:
    """Code and trigger allow the same steps and no others."""
    guard = create_statements("sqlite")[-2]
    raw.execute("DROP TRIGGER load_states")
    raw.execute("UPDATE load SET state = ?", (now,))
    raw.execute(guard)
    if to in LOAD_ALLOWED[now]:
        assert advance(LOAD_ALLOWED, now, to) is to
        raw.execute("UPDATE load SET state = ?", (to,))
        return
    with pytest.raises(CardsvcError):
        advance(LOAD_ALLOWED, now, to)
    if now is not to:
        with pytest.raises(sqlite3.IntegrityError, match="state not allowed"):
            raw.execute("UPDATE load SET state = ?", (to,))


@pytest.mark.parametrize("now", list(PURCHASE_ALLOWED))
@pytest.mark.parametrize("to", list(PURCHASE_ALLOWED))
def test_all_pairs_of_purchase_states(raw: sqlite3.Connection, now: Any, to: Any) -> None:
    """Code and trigger allow the same steps and no others."""
    guard = create_statements("sqlite")[-1]
    raw.execute("DROP TRIGGER purchase_states")
    raw.execute("UPDATE purchase SET state = ?", (now,))
    raw.execute(guard)
    if to in PURCHASE_ALLOWED[now]:
        raw.execute("UPDATE purchase SET state = ?", (to,))
    elif now is not to:
        with pytest.raises(sqlite3.IntegrityError, match="state not allowed"):
            raw.execute("UPDATE purchase SET state = ?", (to,))


def test_one_card_counter_carries_one_load(raw: sqlite3.Connection) -> None:
    """A second live load at the same online counter is refused by the database."""
    names = [row[1] for row in raw.execute("PRAGMA table_info(load)")]
    values = dict(zip(names, raw.execute("SELECT * FROM load").fetchone(), strict=True))
    values |= {"load_id": "other", "operation_id": "other"}
    with pytest.raises(sqlite3.IntegrityError, match=r"load\.online_counter"):
        raw.execute(f"INSERT INTO load VALUES ({','.join('?' * len(names))})", [values[name] for name in names])


def test_no_update_is_lost_between_threads(tmp_path: Path) -> None:
    """Eight threads read and write the same row 25 times each; SQLite's own defaults lose most of them."""
    store = open_store(f"sqlite:///{tmp_path / 'x.db'}")
    with store.begin() as uow:
        uow.terminals._connection.exec_driver_sql("CREATE TABLE counter (value INTEGER)")
        uow.terminals._connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
        uow.commit()

    def count() -> None:
        for _ in range(25):
            with store.begin() as uow:
                connection = uow.terminals._connection
                value = connection.exec_driver_sql("SELECT value FROM counter").scalar_one()
                connection.exec_driver_sql(f"UPDATE counter SET value = {value + 1}")
                uow.commit()

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as uow:
        assert uow.terminals._connection.exec_driver_sql("SELECT value FROM counter").scalar_one() == 200
    store.close()


def test_nothing_stays_without_commit(path: Path) -> None:
    """A unit of work rolls back unless told otherwise."""
    store = Store(f"sqlite:///{path}")
    posting = load_authorised(CARD, clearing_account("desk", "d"), 5)
    with store.begin() as uow:
        before = len(uow.ledger.of_card(CARD))
        uow.ledger.post(CARD, posting, str(uuid.uuid4()), NOW)
    with store.read() as uow:
        assert len(uow.ledger.of_card(CARD)) == before
    store.close()


def test_an_event_is_booked_once(path: Path) -> None:
    """The same event for the same reference is refused."""
    store = Store(f"sqlite:///{path}")
    posting = load_authorised(CARD, clearing_account("desk", "d"), 5)
    with pytest.raises(StoreError), store.begin() as uow:
        uow.ledger.post(CARD, posting, "once", NOW)
        uow.ledger.post(CARD, posting, "once", NOW)
    store.close()


def test_a_locked_database_is_told_as_not_done(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the waiting time, with nothing written."""
    monkeypatch.setattr("cardsvc.store.store.BUSY_SECONDS", 0.2)
    store = Store(f"sqlite:///{path}")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as told, store.begin():
        pytest.fail("it is locked")
    assert (told.value.code, told.value.outcome) == ("store_locked", "not_done")
    holder.close()
    store.close()


def test_a_missing_database_is_told(tmp_path: Path) -> None:
    """Its folder does not exist."""
    with pytest.raises(StoreError) as told:
        open_store(f"sqlite:///{tmp_path / 'no' / 'where.db'}")
    assert told.value.code == "store_unreachable"


def test_a_full_database_is_told_and_nothing_is_half_written(path: Path) -> None:
    """SQLite's page limit stands for a full disk."""
    store = Store(f"sqlite:///{path}")
    with pytest.raises(StoreError) as told, store.begin() as uow:
        connection = uow.nonces._connection
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(10000):
            uow.nonces.take("t", f"{number:064d}", NOW)
    assert told.value.code == "store_full"
    store.close()
    again = Store(f"sqlite:///{path}")
    with again.begin() as uow:
        assert uow.nonces.take("t", f"{0:064d}", NOW)
    again.close()


def normalised(connection: sqlite3.Connection) -> dict[str, str]:
    """The schema by name, with white space and quotes evened out, columns and constraints sorted."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name <> 'alembic_version'")
    schema = {}
    for name, sql in rows:
        even = re.sub(r"\s+", " ", sql.replace('"', ""))
        parts = (
            even
            if even.startswith("CREATE TRIGGER")
            else " , ".join(sorted(re.split(r", (?![^()]*\))", even.partition("(")[2])))
        )
        schema[name] = parts.replace("( ", "(").replace(" )", ")")
    return schema


def test_a_migrated_schema_is_the_schema_of_the_tables(path: Path, tmp_path: Path) -> None:
    """Tables, CHECKs, indexes and triggers: what migrations made and what the code declares are the same."""
    from sqlalchemy import create_engine

    engine = create_engine(f"sqlite:///{tmp_path / 'declared.db'}")
    metadata.create_all(engine)
    with engine.begin() as connection:
        for statement in create_statements("sqlite"):
            connection.exec_driver_sql(statement)
    engine.dispose()
    with sqlite3.connect(path) as migrated, sqlite3.connect(tmp_path / "declared.db") as declared:
        left, right = normalised(migrated), normalised(declared)
    migrated.close()
    declared.close()
    assert left.keys() == right.keys()
    assert {name for name in left if sorted(left[name]) != sorted(right[name])} == set()
