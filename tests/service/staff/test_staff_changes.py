"""What was changed about staff is kept with the change, and nothing of it can be altered unseen."""

import datetime as dt
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.books.seals import seal_ledger
from cardsvc.service.management.staff_admin import change_post, hire, reset_password, set_skills, set_staff_state
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff, change_password, sign_in
from cardsvc.service.staff.history import staff_history
from cardsvc.store.records import Staff
from tests.databases import on_postgresql, url_of
from tests.day.outlet import open_hall
from tests.world import World

PASSWORD = "only for tests"
TRIGGERS = ("staff_change_no_update", "staff_change_no_delete")


@pytest.fixture
def admin(world: World) -> Staff:
    """An administrator of two outlets; and somebody who was moved, suspended and let in again."""
    for outlet in ("hall", "west"):
        add_outlet(world.store, outlet, outlet, world.now)
    admin = add_staff(
        world.store, NewStaff("admin", "a", "administrator", "hall"), PASSWORD, world.now, by=None, where="cli first"
    )
    hire(world.store, NewStaff("li", "演示李", "clerk", "hall"), by=admin, now=world.now, where="desk ws-1")
    change_post(world.store, "li", "supervisor", "west", by=admin, now=world.now, where="desk ws-1")
    set_staff_state(world.store, "li", "suspended", by=admin, now=world.now)
    set_staff_state(world.store, "li", "active", by=admin, now=world.now)
    return admin


def broken(world: World, path: Path, *sql: str) -> list[tuple[str, int, str]]:
    """What the audit says after somebody got at the database without its triggers."""
    engine = create_engine(url_of(path))
    with engine.begin() as raw:
        for trigger in TRIGGERS:
            raw.exec_driver_sql(f"DROP TRIGGER {trigger}" + (" ON staff_change" if on_postgresql() else ""))
        for statement in sql:
            raw.exec_driver_sql(statement)
    engine.dispose()
    return [(place["chain"], place["number"], place["what"]) for place in verify_ledger(world.store)["breaks"]]


def test_every_change_says_who_what_and_from_where(world: World, admin: Staff) -> None:
    """In both languages; the first administrator by nobody; what changes nothing leaves no row."""
    later = world.now + dt.timedelta(minutes=1)
    for _ in range(2):
        set_skills(world.store, "li", ["english", "sign_language"], by=admin, now=later)
        change_post(world.store, "li", "supervisor", "west", by=admin, now=later)
        set_staff_state(world.store, "li", "active", by=admin, now=later)
    once = reset_password(world.store, "li", by=admin, now=later)
    person = sign_in(world.store, "li", once, later)
    assert person.password_once
    change_password(world.store, "li", "my very own words", by=person, now=later, where="cli li@pc")
    assert not sign_in(world.store, "li", "my very own words", later).password_once
    rows = staff_history(world.store, "li")[::-1]
    assert [row["text"]["en"] for row in rows] == [
        "added: clerk, hall",
        "role: clerk → supervisor",
        "outlet: hall → west",
        "account: in use → suspended",
        "account: suspended → in use",
        "skills: none → English, sign language",
        "one-time password given",
        "password changed",
    ]
    assert rows[5]["text"]["zh"] == "技能：无 → 英语、手语"
    assert [(row["by"], row["place"]) for row in (rows[0], rows[3], rows[-1])] == [
        ("admin", "desk ws-1"),
        ("admin", "program"),
        ("li", "cli li@pc"),
    ]
    (first,) = staff_history(world.store, "admin")
    assert (first["text"]["en"], first["by"], first["place"]) == ("added: administrator, hall", None, "cli first")
    assert len(staff_history(world.store)) == len(rows) + 1
    with pytest.raises(CardsvcError, match="staff_unknown"):
        staff_history(world.store, "nobody")
    found = verify_ledger(world.store)
    assert (found["staff_changes"], found["breaks"]) == (len(rows) + 1, [])


def test_what_is_refused_leaves_no_row(world: World, admin: Staff) -> None:
    """The row and the change are one transaction."""
    before = len(staff_history(world.store))
    for outlet, who in (("moon", "li"), ("hall", "nobody"), ("hall", "admin")):
        with pytest.raises(CardsvcError):
            change_post(world.store, who, "clerk", outlet, by=admin, now=world.now)
    assert len(staff_history(world.store)) == before


@pytest.mark.parametrize(
    ("sql", "place"),
    [
        ("UPDATE staff_change SET by_id = 'li' WHERE staff_id = 'li' AND number = 2", (2, "changed")),
        ("UPDATE staff_change SET place = 'moon' WHERE staff_id = 'li' AND number = 5", (5, "changed")),
        ("DELETE FROM staff_change WHERE staff_id = 'li' AND number = 3", (3, "missing")),
        ("DELETE FROM staff_change WHERE staff_id = 'li'", (1, "missing")),
        ("DELETE FROM staff_change WHERE staff_id = 'li' AND number > 3", (4, "missing")),
        ("UPDATE staff SET role = 'administrator' WHERE staff_id = 'li'", (5, "changed")),
        ("UPDATE staff SET password_once = false WHERE staff_id = 'li'", (5, "changed")),
        ("UPDATE staff SET password_hash = 'x' WHERE staff_id = 'li'", (5, "changed")),
        ("INSERT INTO staff_skill VALUES ('li', 'english', 'li', '2026-01-01 00:00:00')", (5, "changed")),
    ],
)
def test_whatever_somebody_does_to_rows_or_accounts_is_found(
    world: World, tmp_path: Path, admin: Staff, sql: str, place: tuple[int, str]
) -> None:
    """A changed row, a missing one, the last ones cut off after a day-end, a role that nobody gave."""
    with world.store.begin() as uow:
        seal_ledger(uow, "hall", world.now.date(), admin, world.now)
        uow.commit()
    assert ("staff:li", *place) in broken(world, tmp_path / "city.db", sql)


def test_the_database_itself_keeps_every_row(world: World, admin: Staff) -> None:
    """Whatever program writes to it."""
    with world.store.read() as uow:
        row = uow.staff_changes.last_of("li")
    assert row
    with pytest.raises(StoreError), world.store.begin() as uow:
        uow.staff_changes.change(row, by_id=None)


def test_nobody_is_suspended_whose_drawer_stays_open(world: World, tmp_path: Path) -> None:
    """The database refuses to freeze the drawer: then the suspension is not kept either, and nothing says that it was."""
    hall = open_hall(world)
    shift = hall.open()
    refuse = (
        "ALTER TABLE shift ADD CONSTRAINT no_freezing CHECK (state <> 'closing') NOT VALID"
        if on_postgresql()
        else "CREATE TRIGGER no_freezing BEFORE UPDATE ON shift BEGIN SELECT RAISE(ABORT, 'no freezing'); END"
    )
    engine = create_engine(url_of(tmp_path / "city.db"))
    with engine.begin() as raw:
        raw.exec_driver_sql(refuse)
    engine.dispose()
    before = staff_history(world.store, "teller")
    with pytest.raises(StoreError):
        set_staff_state(world.store, "teller", "suspended", by=hall["admin"], now=world.now)
    with world.store.read() as uow:
        person, drawer = uow.staff.get("teller"), uow.shifts.get(shift.shift_id)
    assert person
    assert drawer
    assert (person.state, drawer.state) == ("active", "open")
    assert staff_history(world.store, "teller") == before
