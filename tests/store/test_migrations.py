"""The schema that migrations make step by step is the one that an empty database gets at once, triggers and CHECKs included."""

import datetime as dt
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect

from cardsvc.errors import StoreError
from cardsvc.ledger.chain import FIRST, link
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.staff.history import staff_history
from cardsvc.store import Store
from cardsvc.store.migrate import config_of, current_revision, head_revision, upgrade
from tests.databases import on_postgresql, url_of
from tests.postgres import programs


def made_whole(path: Path) -> str:
    """A database that was empty when this version first opened it."""
    url = url_of(path)
    upgrade(url)
    return url


def migrated_with_rows(path: Path) -> str:
    """A database that went through every version with rows in it, so that no migration relies on empty tables."""
    url = url_of(path)
    revisions = [script.revision for script in ScriptDirectory.from_config(config_of(url)).walk_revisions()][::-1]
    for revision in revisions:
        command.upgrade(config_of(url), revision)
        if revision == "0001":
            engine = create_engine(url)
            with engine.begin() as connection:
                for terminal_id, number in zip("tuv", "789", strict=True):
                    connection.exec_driver_sql(
                        "INSERT INTO terminal (terminal_id, name, terminal_no, public_key, state, role, created_at) "
                        f"VALUES ('{terminal_id}', '', '31000000000{number}', 'aa', 'enabled', 'topup', '2026-11-24')"
                    )
            engine.dispose()
        if revision == "0002":
            engine = create_engine(url)
            with engine.begin() as connection:
                connection.exec_driver_sql("INSERT INTO outlet VALUES ('hall', '', '2026-11-24')")
                for staff_id, password in (("new", "once:$argon2id$x"), ("old", "$argon2id$y")):
                    connection.exec_driver_sql(
                        "INSERT INTO staff (staff_id, name, role, outlet_id, state, failed_attempts, created_at, password_hash)"
                        f" VALUES ('{staff_id}', '', 'clerk', 'hall', 'active', 0, '2026-11-24', '{password}')"
                    )
            engine.dispose()
        if revision == "0042":
            _applications(url)
            _nonces(url)
        if revision == "0051":
            _openings(url)
    return url


def _applications(url: str) -> None:
    """One whose card was handed out, and one that was withdrawn."""
    person = "'p', 'ID', '330100190001010000', '', 1, 1, '330100', '1900-01-01', '2026-11-24'"
    card = "'3100010100000001', '', 'AA', 'x', 'issued', '2026-11-24', '2036-11-24', '{}', 'p', '2026-11-24'"
    columns = "citizen_id, outlet_id, consent, came, rules, applied_by, applied_at, case_no, photo, state, promised_at"
    common = "'p', 'hall', '2026-11', 'holder', '', 'new', '2026-11-24'"
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO citizen (citizen_id, id_type, id_number, name, sex, ethnic_group, birthplace, birth_date, created_at) "
            f"VALUES ({person})"
        )
        connection.exec_driver_sql(
            "INSERT INTO card (card_no, ss_card_no, chip_serial, profile, state, issue_date, expiry_date, key_versions, "
            f"citizen_id, created_at) VALUES ({card})"
        )
        connection.exec_driver_sql(
            f"INSERT INTO card_request ({columns}, card_no, made_at, collected, handed_by, handed_at) VALUES ({common}, 'SL1', "
            "'kept', 'handed', '2026-11-24', '3100010100000001', '2026-11-24', 'holder', 'old', '2026-11-25')"
        )
        connection.exec_driver_sql(
            f"INSERT INTO card_request ({columns}, cancelled_by, cancelled_at) VALUES ({common}, 'SL2', 'gone', 'cancelled', "
            "'2026-11-24', 'old', '2026-11-25')"
        )
    engine.dispose()


RECORD = "01" * 32


def _openings(url: str) -> None:
    """One that was read back and booked; of the others a payment is claimed: one broke off, one is under way."""
    card_no, at = "3100010100000001", "2026-11-24 10:00:00.000000+00:00"
    content = (card_no, 1, "fee_taken", "clearing:desk:d", "fee:park", 5000, "op-1", dt.datetime.fromisoformat(at))
    columns = "operation_id, kind, actor_kind, actor_id, card_no, params, facts, state, atr, profile, idempotency_key, "
    columns += "fingerprint, key_versions, phase, step, phase_step, started_at, expires_at, ended_at"
    facts = json.dumps({"record": RECORD, "terms": {"fee": 5000, "rules": ["park-body"]}})
    engine = create_engine(url)
    with engine.begin() as raw:
        for number, state in ((1, "done"), (2, "abandoned"), (3, "card")):
            params, ended = (
                json.dumps({"application": "park", "product": str(number)}),
                f"'{at}'" if state != "card" else "NULL",
            )
            raw.exec_driver_sql(
                f"INSERT INTO operation ({columns}) VALUES ('op-{number}', 'open', 'desk', 'd', '{card_no}', '{params}', "
                f"'{facts}', '{state}', '3B', 'x', 'key-{number}', 'f', '{{}}', 4, 6, 5, '{at}', '{at}', {ended})"
            )
        raw.exec_driver_sql(
            "INSERT INTO transfer (chain, number, kind, debit_account, credit_account, amount, reference, booked_at, "
            f"previous_hash, hash) VALUES ('{card_no}', 1, 'fee_taken', 'clearing:desk:d', 'fee:park', 5000, 'op-1', '{at}', "
            f"'{FIRST}', '{link(FIRST, content)}')"
        )
        raw.exec_driver_sql(
            "INSERT INTO application_fee VALUES "
            f"('{card_no}', 'op-1', 'park', '1', 5000, 'park-body', 'mobile', 'wx-1', 'clearing:desk:d', '{at}')"
        )
        for number in (2, 3):
            raw.exec_driver_sql(
                f"INSERT INTO payment_claim VALUES ('mobile', 'wx-{number}', '{card_no}', 'park', 'op-{number}', 5000, '{at}')"
            )
    engine.dispose()


def _nonces(url: str) -> None:
    """Forgotten ones, nobody knows whose, until 10:00; one of u at noon, one of t from an hour when the clock was ahead."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM forgotten_nonces")
        connection.exec_driver_sql("INSERT INTO forgotten_nonces (id, seen_at) VALUES (1, '2026-11-24 10:00:00.000000+00:00')")
        for terminal_id, hour in (("t", 11), ("t", 18), ("u", 12), ("u", 9)):
            seen = f"'2026-11-24 {hour:02}:00:00.000000+00:00'"
            connection.exec_driver_sql(
                f"INSERT INTO nonce (terminal_id, nonce, seen_at) VALUES ('{terminal_id}', '{hour}', {seen})"
            )
    engine.dispose()


def schema(url: str) -> set[str]:
    """Every statement of the schema, evened out: PostgreSQL's own dump, or what SQLite keeps."""
    if on_postgresql():
        dump = [str(programs() / "pg_dump"), "-s", "-d", url.replace("+psycopg", "")]
        text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
        plain = "\n".join(line for line in text.splitlines() if line and not line.startswith(("--", "\\", "SET ")))
        return {_even(statement) for statement in plain.split(";")}
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        found = {_even(sql) for (sql,) in rows}
    engine.dispose()
    return found


def _even(sql: str) -> str:
    """White space and quotes evened out; the parts of a table sorted, for their order says nothing."""
    even = re.sub(r"\s+", " ", sql.replace('"', "")).strip()
    if not even.startswith("CREATE TABLE"):
        return even
    head, _, body = even.partition("(")
    return head + " , ".join(sorted(part.strip() for part in re.split(r",(?![^()]*\))", body.strip().removesuffix(")"))))


@pytest.fixture
def both(tmp_path: Path) -> tuple[str, str]:
    """A database that this version made, and a migrated one."""
    return made_whole(tmp_path / "made.db"), migrated_with_rows(tmp_path / "migrated.db")


def test_a_migrated_schema_is_the_one_that_is_made_whole(both: tuple[str, str]) -> None:
    """Tables, CHECKs, indexes, functions and triggers, and the version by which alembic goes on."""
    left, right = (schema(url) for url in both)
    assert left - right == set()
    assert right - left == set()
    assert any("append-only" in statement for statement in left)
    assert [current_revision(url) for url in both] == [head_revision()] * 2


def test_a_database_of_the_right_version_is_opened_without_alembic(tmp_path: Path) -> None:
    """The version that is looked for is the one that alembic calls the last; loading alembic took a fifth of each command."""
    url = url_of(tmp_path / "city.db")
    upgrade(url)
    assert head_revision() == ScriptDirectory.from_config(config_of(url)).get_current_head()
    look = "import sys, cardsvc.bootstrap as b; b.open_store(sys.argv[1]).close(); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", look, url], check=True, capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_rows_live_through_every_migration(both: tuple[str, str]) -> None:
    """What was there before is there after, with sensible values in new columns."""
    engine = create_engine(both[1])
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT terminal_id, state FROM terminal").all() == [
            (terminal_id, "enabled") for terminal_id in "tuv"
        ]
    engine.dispose()
    store = Store(both[1])
    with store.read() as uow:
        people = [uow.staff.get(staff_id) for staff_id in ("new", "old")]
        given, photos = uow.handouts.get("3100010100000001"), uow.citizen_photos.where()
        states = {row.case_no: row.state for row in uow.card_requests.where()}
    assert given is not None
    assert (given.collector, given.handed_by, given.outlet_id) == ("holder", "old", "hall")
    assert [(one.photo_id, one.citizen_id, one.consent) for one in photos] == [("SL1", "p", "2026-11")]
    assert states == {"SL1": "handed", "SL2": "cancelled"}
    assert [(one.password_hash, one.password_once) for one in people if one] == [("$argon2id$x", True), ("$argon2id$y", False)]
    assert [(row["staff_id"], row["text"]["en"]) for row in staff_history(store, "new")] == [
        ("new", "there when the record began: clerk, hall")
    ]
    assert verify_ledger(store)["breaks"] == []
    store.close()


def test_fees_of_openings_are_in_the_books_whatever_became_of_them(both: tuple[str, str]) -> None:
    """Version 0052: what was booked is confirmed; what was claimed is booked into suspense, and its card settles it."""
    store = Store(both[1])
    with store.read() as uow:
        fees = {row.fee_id: row for row in uow.application_fees.where()}
        balances = uow.ledger.balances("3100010100000001")
    store.close()
    assert {name: (row.state, row.product, row.record) for name, row in fees.items()} == {
        "op-1": ("confirmed", "1", None),
        "op-2": ("suspect", "2", RECORD),
        "op-3": ("authorised", "3", RECORD),
    }
    assert all(row.operation_id == name and row.source_account == "clearing:desk:d" for name, row in fees.items())
    assert balances == {"clearing:desk:d": 15000, "fee:park": -5000, "suspense:3100010100000001": -10000}


def test_a_key_waits_for_what_its_own_terminal_signed(both: tuple[str, str]) -> None:
    """Before version 0043 nonces had no key: all that a terminal had signed counts for its key, and for nobody else's; what was
    forgotten before, for every key. A terminal whose clock ran ahead made the whole city wait for its hour."""
    store = Store(both[1])
    with store.read() as uow:
        until = {terminal_id: uow.nonces.forgotten(terminal_id, "1") for terminal_id in "tuv"}
        waiting = uow.nonces.forgotten_after(dt.datetime(2026, 11, 24, 13, tzinfo=dt.UTC))
    store.close()
    hours = {"t": 18, "u": 12, "v": 10}
    assert until == {terminal_id: dt.datetime(2026, 11, 24, hour, tzinfo=dt.UTC) for terminal_id, hour in hours.items()}
    assert set(waiting) == {"t"}


def test_an_empty_database_that_several_open_at_once_is_made_once(tmp_path: Path) -> None:
    """API and desk page start side by side, several hosts at the same time."""
    url = url_of(tmp_path / "city.db")
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(upgrade, [url] * 6)) == [head_revision()] * 6


def test_ours_stand_beside_others_on_a_server_and_in_no_file_of_theirs(tmp_path: Path) -> None:
    """A server's database may be shared, with the tables going through the migrations; a file belongs to its program."""
    url = url_of(tmp_path / "shared.db")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE theirs (number INTEGER)")
    if on_postgresql():
        assert upgrade(url) == head_revision()
        assert {"theirs", "transfer"} <= set(inspect(engine).get_table_names())
    else:
        with pytest.raises(StoreError, match="store_foreign"):
            upgrade(url)
        assert inspect(engine).get_table_names() == ["theirs"]
    engine.dispose()


def test_an_upgrade_of_an_upgraded_database_changes_nothing(tmp_path: Path) -> None:
    """It may run at every start."""
    url = url_of(tmp_path / "x.db")
    upgrade(url)
    before = schema(url)
    upgrade(url)
    assert schema(url) == before
    engine = create_engine(url)
    assert "transfer" in inspect(engine).get_table_names()
    engine.dispose()
