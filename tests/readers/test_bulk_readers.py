"""Bulk issue on two readers of the real pcscd: fed by hand, a card pulled in the middle comes back in the other reader."""

import queue
import threading
from typing import Any

from cardsvc.cli.making.feeders import PcscReader
from cardsvc.service.bulk.run import BulkRun
from cardsvc.vcard import FaultPlan
from cardsvc.vcard.vpcd import VpcdSlot
from tests.service.bulk.bulk_people import blanks, hire, issued_cards, loaded
from tests.waiting import PATIENCE
from tests.world import World

NAMES = ("Virtual PCD 00 00", "Virtual PCD 00 01")


def test_two_readers_are_fed_by_hand(own_pcscd: int, world: World) -> None:
    """A card is served once, however long it stays; the next one when it was swapped."""
    clerk = hire(world)
    batch = loaded(world, clerk, 3)
    events: queue.Queue[dict[str, Any]] = queue.Queue()
    run = BulkRun(world.engine, batch, [PcscReader(world.engine, name) for name in NAMES], events.put)
    ended: list[str] = []
    thread = threading.Thread(target=lambda: ended.append(run.go(by=clerk)))
    left, right = VpcdSlot(port=own_pcscd), VpcdSlot(port=own_pcscd + 1)
    first, second, third = blanks(3)

    def told() -> tuple[str, str, str | None]:
        event = events.get(timeout=PATIENCE)
        while event["event"] != "card":
            event = events.get(timeout=PATIENCE)
        return event["reader"], event["bin"], event["code"]

    try:
        thread.start()
        left.insert(first)
        assert told() == (NAMES[0], "good", None)
        second.plan = FaultPlan(tear_after_command=40)
        right.insert(second)
        assert told()[:2] == (NAMES[1], "again")
        second.plan = FaultPlan()
        left.insert(second)
        assert told() == (NAMES[0], "good", None)
        right.insert(third)
        assert told() == (NAMES[1], "good", None)
        thread.join(PATIENCE)
    finally:
        run.stop()
        left.remove()
        right.remove()
        thread.join(PATIENCE)
    assert (ended, events.empty()) == (["done"], True)
    assert all(len(cards) == 1 for cards in issued_cards(world, batch).values())
