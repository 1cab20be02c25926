"""What an SQLite file can come to: locked, gone, full."""

import datetime as dt
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import event

from cardsvc.bootstrap import create_database
from cardsvc.config import Settings
from cardsvc.errors import StoreError
from cardsvc.store import Store, open_store, sqlite_file

NOW = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty database."""
    open_store(f"sqlite:///{tmp_path / 'city.db'}").close()
    return tmp_path / "city.db"


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


@pytest.mark.parametrize("address", ["file:{}/new/city%20hall.db?uri=true", "file:{}/new/city%20hall.db?mode=rwc&uri=1"])
def test_a_database_named_by_an_address_gets_its_folder_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """SQLite's ``file:`` address is no path: nothing of that name is left in the working directory."""
    monkeypatch.chdir(tmp_path)
    create_database(Settings(database_url=f"sqlite:///{address.format(tmp_path)}"))
    assert [folder.name for folder in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new" / "city hall.db").stat().st_size > 0


def test_a_database_in_memory_has_no_file() -> None:
    """By any of its names; an address without ``uri=true`` is a path."""
    in_memory = ["sqlite://", "sqlite:///:memory:", "sqlite:///file::memory:?uri=true", "sqlite:///file:x?mode=memory&uri=true"]
    assert [sqlite_file(url) for url in [*in_memory, "postgresql://host/db"]] == [None] * 5
    assert sqlite_file("sqlite:///file:/srv/x.db") == Path("file:/srv/x.db")


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
            uow.nonces.take("t", "1", f"{number:064d}", NOW)
    assert told.value.code == "store_full"
    store.close()
    again = Store(f"sqlite:///{path}")
    with again.begin() as uow:
        assert uow.nonces.take("t", "1", f"{0:064d}", NOW)
    again.close()


def test_what_is_asked_all_the_time_never_reads_the_whole_history(path: Path) -> None:
    """Sweeps and waiting agents ask several times a second for what waits for a card: by the index over just these rows."""
    store = Store(f"sqlite:///{path}")
    asked: list[tuple[str, tuple[object, ...]]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: tuple[object, ...], *_: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(store._reader, "before_cursor_execute", note)
    with store.read() as uow:
        uow.operations.lapsed(NOW)
        uow.operations.live()
        uow.relayed.open_at("ws-1")
    store.close()
    plans = sqlite3.connect(path)
    for statement, parameters in asked:
        plan = [row[3] for row in plans.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        assert any("uq_operation_live" in line for line in plan), (statement, plan)
        assert not any(line.startswith("SCAN operation") and "USING INDEX" not in line for line in plan), plan
    plans.close()
    assert len(asked) == 3
