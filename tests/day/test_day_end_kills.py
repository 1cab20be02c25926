"""The end of a day may break off anywhere: done again, the database is row by row what it would have been."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.engine.default import DefaultDialect

from cardsvc.service.books.day_end import end_day
from cardsvc.service.loss.reports import report_loss
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.store.tables.base import metadata
from cardsvc.vcard import VirtualCard
from tests.day.outlet import Hall
from tests.world import DESK, FAMILIES, Snapshot, World

LATER = dt.timedelta(days=16)
"""Until December: November's tickets are void, and a loss by phone has lapsed."""


class Killed(BaseException):
    """The process is gone: nothing handles it."""


@contextmanager
def killed_at(step: int | None) -> Iterator[list[str]]:
    """Die before the write or commit of this number: what is only read in between changes nothing. Gives what was written until
    then."""
    said: list[str] = []

    def note(what: str) -> None:
        if step is not None and len(said) == step:
            raise Killed(what)
        said.append(what)

    def statement(_connection: Any, _cursor: Any, text: str, *_more: Any) -> None:
        if not text.startswith(("BEGIN", "SELECT")):
            note(text)

    really = DefaultDialect.do_commit

    def commit(dialect: DefaultDialect, connection: Any) -> None:
        note("COMMIT")
        really(dialect, connection)

    event.listen(Engine, "before_cursor_execute", statement)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(DefaultDialect, "do_commit", commit)
            yield said
    finally:
        event.remove(Engine, "before_cursor_execute", statement)


def evening(world: World) -> VirtualCard:
    """Two orders nobody fetched, a loss by phone that nobody confirmed, and chains that grew since."""
    for number in (1, 2):
        card = world.issue(FAMILIES[0], number)
        world.do(card, "open", application="bus", product="T")
        paid = {"method": "mobile", "reference": f"wx-{number}"}
        job = {"card_no": world.card_no_of(card), "amount": 5000, "area": "month", "payment": paid}
        create_order(world.store, world.engine.rules, "app", order_params(job), world.now)
        world.topup(card, 5000, DESK)
    lost = world.issue(FAMILIES[1], 3)
    with world.store.read() as uow:
        teller = uow.staff.get("boss")
    assert teller is not None
    report_loss(world.store, world.engine.rules, world.card_no_of(lost), "phone", by=teller, now=world.now)
    return lost


def end(hall: Hall) -> None:
    """End 1 December."""
    world = hall.world
    end_day(world.store, "hall", dt.date(2026, 12, 1), by=hall["boss"], now=world.now + LATER)


def rows(world: World) -> dict[str, list[str]]:
    """Everything that is in the database, but for the numbers of acts: each try draws its own."""
    with world.store.begin() as uow:
        tables = {table: [column for column in table.c if column.name != "act_id"] for table in metadata.sorted_tables}
        found = {table.name: uow.ledger._connection.execute(select(*columns)).all() for table, columns in tables.items()}
    return {name: sorted(map(str, lines)) for name, lines in found.items()}


@pytest.fixture
def again(hall: Hall, tmp_path: Path) -> Iterator[Callable[[], Hall]]:
    """The same evening, as often as it is asked for."""
    snapshot = Snapshot(hall.world, evening(hall.world), tmp_path)
    made = []

    def fresh() -> Hall:
        made.append(Hall(snapshot.again()[0], hall.people))
        return made[-1]

    yield fresh
    made[-1].world.close()


def test_a_day_end_that_is_killed_anywhere_and_done_again_is_the_same(again: Callable[[], Hall]) -> None:
    """Before each write and each commit, those of the orders and the loss included."""
    whole = again()
    with killed_at(None) as said:
        end(whole)
    wanted = rows(whole.world)
    assert (len(wanted["day_seal"]), whole.balance("payout:app")) == (1, -10000)
    assert said.count("COMMIT") > 3
    for step in range(len(said)):
        broken = again()
        with suppress(Killed), killed_at(step):
            end(broken)
        assert rows(broken.world)["day_seal"] == [], "the seal comes last"
        end(broken)
        assert rows(broken.world) == wanted, said[step]
