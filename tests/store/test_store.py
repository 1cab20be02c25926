"""What the database itself guarantees, for any program that writes to it."""

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import DBAPIError

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.ledger.postings import clearing_account, load_authorised
from cardsvc.ledger.states import LOAD_ALLOWED, PURCHASE_ALLOWED, advance
from cardsvc.store import Store, open_store
from cardsvc.store.tables import metadata
from cardsvc.store.triggers import create_statements
from tests.compiled import CompiledOnce
from tests.databases import copy, on_postgresql, url_of, with_tables
from tests.world import FAMILIES, World

NOW = dt.datetime(2026, 11, 24, 4, tzinfo=dt.UTC)
CARD = "3100010100000001"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with one issued card, one confirmed load and one purchase."""
    path = tmp_path_factory.mktemp("template") / "city.db"
    world = World(path)
    card = world.issue(FAMILIES[0])
    world.topup(card)
    world.do(card, "purchase", amount=200, merchant="bus")
    world.close()
    return path


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    copy(template, tmp_path / "city.db")
    return tmp_path / "city.db"


@pytest.fixture
def raw(path: Path) -> Iterator[Connection]:
    """The database, opened by somebody else's program; what it does is undone."""
    engine = create_engine(url_of(path))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("sql", ["UPDATE transfer SET amount = 1", "DELETE FROM transfer", "UPDATE evidence SET rule = 'x'"])
def test_the_ledger_is_append_only(raw: Connection, sql: str) -> None:
    """Nobody changes what was booked."""
    raw.exec_driver_sql(f"INSERT INTO evidence VALUES ('{CARD}', 'x', 1, 'r', '{{}}', '2026-11-24')")
    with pytest.raises(DBAPIError, match="append-only"):
        raw.exec_driver_sql(sql)


@pytest.mark.skipif("not config.getoption('--database') == 'postgresql'", reason="SQLite has no TRUNCATE")
def test_the_ledger_cannot_be_truncated(raw: Connection) -> None:
    """TRUNCATE passes row triggers by."""
    with pytest.raises(DBAPIError, match="append-only"):
        raw.exec_driver_sql("TRUNCATE transfer")


TRANSFER = "INSERT INTO transfer VALUES"
LINE = "'2026-11-24', 'p', 'h'"


@pytest.mark.parametrize(
    "sql",
    [
        f"{TRANSFER} ('{CARD}', 99, 'x', 'merchant:bus', 'merchant:bus', 5, 'r', {LINE})",
        f"{TRANSFER} ('{CARD}', 99, 'x', 'merchant:bus', 'suspense:{CARD}', 0, 'r', {LINE})",
        f"{TRANSFER} ('{CARD}', 99, 'x', 'merchant:bus', 'suspense:{CARD}', -5, 'r', {LINE})",
        f"{TRANSFER} ('{CARD}', 99, 'x', 'pocket:mine', 'suspense:{CARD}', 5, 'r', {LINE})",
        "UPDATE card SET state = 'lost'",
        "UPDATE card SET card_no = '1'",
        "UPDATE load SET amount = 0",
        "UPDATE operation SET state = 'card' WHERE state = 'done'",
    ],
)
def test_checks_hold_in_the_database(raw: Connection, sql: str) -> None:
    """Amounts are positive, accounts differ and stand in the chart, states come from their list."""
    with pytest.raises(DBAPIError):
        raw.exec_driver_sql(sql)


def forced(raw: Connection, table: str, state: str) -> None:
    """Put a row into a state by force."""
    where = f" ON {table}" if on_postgresql() else ""
    raw.exec_driver_sql(f"DROP TRIGGER {table}_states{where}")
    raw.exec_driver_sql(f"UPDATE {table} SET state = '{state}'")
    for statement in create_statements(raw.dialect.name):
        if f"TRIGGER {table}_states" in statement:
            raw.exec_driver_sql(statement)


@pytest.mark.parametrize(
    ("table", "allowed", "now", "to"),
    [
        (table, allowed, now, to)
        for table, allowed in (("load", LOAD_ALLOWED), ("purchase", PURCHASE_ALLOWED))
        for now in allowed
        for to in allowed
    ],
)
def test_all_pairs_of_states(raw: Connection, table: str, allowed: Any, now: Any, to: Any) -> None:
    """Code and trigger allow the same steps and no others."""
    forced(raw, table, now)
    if to in allowed[now]:
        assert advance(allowed, now, to) is to
        raw.exec_driver_sql(f"UPDATE {table} SET state = '{to}'")
        return
    with pytest.raises(CardsvcError):
        advance(allowed, now, to)
    if now is not to:
        with pytest.raises(DBAPIError, match="state not allowed"):
            raw.exec_driver_sql(f"UPDATE {table} SET state = '{to}'")


def test_one_card_counter_carries_one_load(raw: Connection) -> None:
    """A second live load at the same online counter is refused by the database."""
    columns = ", ".join(column.name for column in metadata.tables["load"].columns)
    values = columns.replace("load_id", "'other'", 1).replace("operation_id", "'other'", 1)
    with pytest.raises(DBAPIError, match=r"uq_load_counter|load\.online_counter"):
        raw.exec_driver_sql(f"INSERT INTO load ({columns}) SELECT {values} FROM load")


def test_no_update_is_lost_between_threads(tmp_path: Path) -> None:
    """Eight threads read and write the same row 25 times each; SQLite's own defaults lose most of them."""
    store = open_store(url_of(tmp_path / "x.db"))
    with store.begin() as uow:
        uow.terminals._connection.exec_driver_sql("CREATE TABLE counter (value INTEGER)")
        uow.terminals._connection.exec_driver_sql("INSERT INTO counter VALUES (0)")
        uow.commit()

    def count() -> None:
        for _ in range(25):
            with store.begin() as uow:
                connection = uow.terminals._connection
                lock = " FOR UPDATE" if on_postgresql() else ""
                value = connection.exec_driver_sql(f"SELECT value FROM counter{lock}").scalar_one()
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
    store = Store(url_of(path))
    posting = load_authorised(CARD, clearing_account("desk", "d"), 5)
    with store.begin() as uow:
        before = len(uow.ledger.of_chain(CARD))
        uow.ledger.post(CARD, posting, str(uuid.uuid4()), NOW)
    with store.read() as uow:
        assert len(uow.ledger.of_chain(CARD)) == before
    store.close()


def test_a_row_that_another_names_is_there(path: Path) -> None:
    """Its absence is a defect, and says of which table; the number looked for may be a person's."""
    store = open_store(url_of(path))
    with store.read() as uow:
        assert uow.cards.get_one(CARD).card_no == CARD
        with pytest.raises(LookupError, match=r"^a row of card is gone$"):
            uow.cards.get_one("3100010100000002")
    store.close()


def test_an_event_is_booked_once(path: Path) -> None:
    """The same event for the same reference is refused."""
    store = Store(url_of(path))
    posting = load_authorised(CARD, clearing_account("desk", "d"), 5)
    with pytest.raises(StoreError), store.begin() as uow:
        uow.ledger.post(CARD, posting, "once", NOW)
        uow.ledger.post(CARD, posting, "once", NOW)
    store.close()


def test_the_server_tells_its_clock(tmp_path: Path) -> None:
    """A file has none of its own."""
    world = World(tmp_path / "city.db")
    clock = world.store.clock()
    world.close()
    wall = dt.datetime.now(dt.UTC)  # noqa: TID251 - the database server has that one
    assert clock is None or abs((wall - clock).total_seconds()) < 60


def test_up_to_when_nonces_were_forgotten_never_runs_back(path: Path) -> None:
    """Forgotten by a clock that was ahead, then again by the true one."""
    store = Store(url_of(path))
    ahead = NOW + dt.timedelta(minutes=20)
    with store.begin() as uow:
        for seen, before in ((ahead, ahead + dt.timedelta(minutes=10)), (NOW, NOW + dt.timedelta(minutes=10))):
            uow.nonces.take("t", "1", uuid.uuid4().hex, seen)
            uow.nonces.prune(before)
            assert uow.nonces.forgotten("t", "1") == ahead
            assert uow.nonces.last_seen() == {}
    store.close()


def test_a_process_that_read_before_it_wrote_can_take_snapshots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first engine of a process, the writer's, never connected here; what others share of it is whole."""
    monkeypatch.setattr(CompiledOnce, "_dialects", {})
    for name in ("first.db", "second.db"):
        store = Store(with_tables(tmp_path / name))
        with store.snapshot() as uow:
            assert uow.cards.get(CARD) is None
        store.close()
