"""SQLite on a disk that fills up in the middle of top-ups: its page limit stands for the disk."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from cardsvc.store import open_store
from tests.store.full_disk import top_ups_on_a_disk_that_fills
from tests.world import World


class Pages:
    """The page limit of the database's one file, set for every transaction: each connection keeps it for itself."""

    def __init__(self, world: World) -> None:
        self._full = False
        event.listen(world.store._writer, "begin", self._limit)

    def _limit(self, connection: Any) -> None:
        most = connection.exec_driver_sql("PRAGMA page_count").scalar_one() if self._full else 2**30
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

    def fill(self) -> None:
        self._full = True

    def free(self) -> None:
        self._full = False


@pytest.mark.parametrize("patient", [True, False])
def test_a_full_disk_loses_no_money(tmp_path: Path, patient: bool) -> None:
    """Before the card was written and after: repeated when there is room it is confirmed once; else the card settles it."""
    url = f"sqlite:///{tmp_path / 'city.db'}"
    open_store(url).close()
    world = World(tmp_path / "city.db", url=url)
    assert top_ups_on_a_disk_that_fills(world, Pages(world), 20, patient=patient) == {False, True}
    world.close()
