"""A bulk run in a process that may be killed: python -m tests.service.bulk.bulk_worker DATABASE BATCH PORT ...

Its readers are ports of tests/kills/reader.py, half of them each; 0: none. Prints a line for each event, and why it ended.
"""

import signal
import sys
import threading
from pathlib import Path

from cardsvc.iso7816.channel import Channel
from cardsvc.service.bulk.run import BulkRun
from tests.kills.reader import ReaderChannel
from tests.service.bulk.bulk_people import Fed
from tests.world import World


class Ports:
    """A reader into which the cards behind these ports are put."""

    def __init__(self, name: str, ports: list[int]) -> None:
        self.name = name
        self._ports = iter(ports)

    def next_card(self, stop: threading.Event) -> Channel | None:
        """The next card; none when the run ends."""
        port = None if stop.is_set() else next(self._ports, None)
        return ReaderChannel(port) if port else None


def main(database: str, batch_id: str, *ports: str) -> None:
    """Run until killed, interrupted (also where the tests run in the background) or done."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    world = World(Path(database))
    numbers = [int(port) for port in ports]
    with world.store.read() as uow:
        clerk = uow.staff.get("clerk")
    assert clerk is not None
    feeders = [Fed(world.engine, Ports("a", numbers[::2])), Fed(world.engine, Ports("b", numbers[1::2]))]
    reason = BulkRun(world.engine, batch_id, feeders, lambda event: say(event["event"]), stop_after=99).go(by=clerk)
    say(reason)


def say(word: str) -> None:
    """One line for the test, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
