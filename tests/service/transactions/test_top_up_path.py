"""What a top-up does to the database: rows of one card only are written, no row that other cards share."""

import re
from typing import Any

from sqlalchemy import event

from tests.world import FAMILIES, KIOSK, World

CARD = "3100010100000001"
BY_CARD = {"card", "load", "transfer", "evidence", "purchase", "card_application", "card_sighting"}
BY_OPERATION = {"operation", "operation_step"}


def statements(world: World, job: Any) -> list[tuple[str, Any]]:
    """Every statement of a job with its parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, sql: str, parameters: Any, *_: Any) -> None:
        seen.append((" ".join(sql.split()), parameters))

    event.listen(world.store._writer, "before_cursor_execute", note)
    job()
    event.remove(world.store._writer, "before_cursor_execute", note)
    return seen


def test_a_top_up_writes_rows_of_its_own_card_only(world: World) -> None:
    """Another card is there, with money; nothing of it is written or locked, nor any shared row."""
    card, other = world.issue(FAMILIES[0]), world.issue(FAMILIES[1], 2)
    world.topup(other)
    world.topup(card)
    results: list[Any] = []
    seen = statements(world, lambda: results.append(world.topup(card)))
    with world.store.read() as uow:
        load = uow.loads.get(CARD, results[0]["load_id"])
    assert load is not None
    for sql, parameters in seen:
        write = re.match(r'(?:INSERT INTO|UPDATE|DELETE FROM) "?(\w+)', sql)
        locked = re.search(r"FROM \"?(\w+).* FOR UPDATE", sql)
        table = (write or locked).group(1) if write or locked else None
        values = parameters.values() if isinstance(parameters, dict) else parameters
        if table in BY_CARD:
            assert CARD in values, sql
        elif table in BY_OPERATION:
            assert load.operation_id in values, sql
        else:
            assert table is None, sql
    assert "3100010100000002" not in str(seen)


def test_a_top_up_takes_a_bounded_number_of_statements(world: World) -> None:
    """However long the card's history is."""
    card = world.issue(FAMILIES[0])
    world.topup(card, 5000, KIOSK)
    first = len(statements(world, lambda: world.topup(card)))
    for _ in range(8):
        world.topup(card)
    assert len(statements(world, lambda: world.topup(card))) == first <= 60
