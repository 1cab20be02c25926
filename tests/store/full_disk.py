"""A city whose database's disk fills up again and again in the middle of top-ups, whatever database it is."""

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from cardsvc.errors import StoreError
from cardsvc.readers.carry import carry_out
from cardsvc.service.books.audit import verify_ledger
from cardsvc.wire import OperationPort, Reply
from tests.world import FAMILIES, KIOSK, World, balance_on

T = TypeVar("T")
CARD = "3100010100000001"
CALLS = 5
"""Of a top-up: its start, and the answers to identify, settle, INITIALIZE and CREDIT."""
MOST_TIMES = 10
"""After so many times as many top-ups it is given up."""


class Disk(Protocol):
    """Where the database is."""

    def fill(self) -> None:
        """From now on there is no room for another page."""

    def free(self) -> None:
        """Somebody made room."""


@dataclass
class Caller:
    """A terminal that is told of a full disk: it waits until there is room and sends the same again, or gives up."""

    world: World
    card: Any
    disk: Disk
    patient: bool
    full_at: int
    """Number of the call before which the disk is full."""
    calls: int = 0
    told: list[tuple[str, int]] = field(default_factory=list)

    @property
    def _port(self) -> OperationPort:
        return self.world.port(KIOSK)

    def _call(self, call: Callable[[], T]) -> T:
        before = self.world.balances()
        if self.calls == self.full_at:
            self.disk.fill()
        self.calls += 1
        try:
            return call()
        except StoreError as error:
            assert (error.code, error.outcome) == ("store_full", "not_done")
            assert self.world.balances() == before
            self.told.append((error.code, balance_on(self.card)[1]))
            if not self.patient:
                raise
            self.disk.free()
            return call()

    def start(self, kind: str, params: Any, *, atr: bytes, idempotency_key: str) -> Reply:
        return self._call(lambda: self._port.start(kind, params, atr=atr, idempotency_key=idempotency_key))

    def answer(self, operation_id: str, step: int, answers: Any, reader: Any = None) -> Reply:
        return self._call(lambda: self._port.answer(operation_id, step, answers, reader))

    def abandon(self, operation_id: str, step: int, answers: Any, reason: str, reader: Any = None) -> Reply:
        return self._call(lambda: self._port.abandon(operation_id, step, answers, reason, reader))

    def status(self, operation_id: str) -> Reply:
        return self._call(lambda: self._port.status(operation_id))


def top_ups_on_a_disk_that_fills(world: World, disk: Disk, turns: int, *, patient: bool) -> set[bool]:
    """So many top-ups, in each of which the disk is full from another call on; and more, until the disk was full for one whose
    card had the money: the rows of its last call often find room in pages that are there.

    Whether the card had the money when the disk was full, of all top-ups that met it; after each, card and books agree.
    """
    card, seen, counter = world.issue(FAMILIES[0]), set(), 0
    for turn in range(turns * MOST_TIMES):
        if turn >= turns and len(seen) == 2:
            break
        caller = Caller(world, card, disk, patient, turn % CALLS if turn < turns else CALLS - 1)
        channel = card.channel()
        job = {"amount": 5000, "payment": {"method": "cash"}}
        with suppress(StoreError):
            carry_out(caller, channel, "topup", job, idempotency_key=str(uuid.uuid4()))
        channel.close()
        disk.free()
        seen |= {at > counter for _, at in caller.told}
        world.now += dt.timedelta(seconds=61)
        world.do(card, "inspect")
        balance, counter, _ = balance_on(card)
        assert balance == world.purse_total(CARD), turn
        assert world.balances().get(f"suspense:{CARD}", 0) == 0, turn
        if patient:
            assert (balance, counter) == (5000, turn + 1), turn
        if balance:
            world.do(card, "purchase", amount=balance, merchant="bus")
    found = verify_ledger(world.store)
    assert (found["breaks"], found["total"]) == ([], 0)
    return seen
