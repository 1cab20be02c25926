"""The service dies between any two commits of everything that moves money off a card or onto another, and of a payout.

Before a commit nothing of the call stays; after it the caller was not told. Either the client is still there and repeats its
call, to another worker, or it is gone as well and the card comes back later: in the end the books and the card are what they
are when nothing dies.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy.engine.default import DefaultDialect

from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.operations.asked import STEP_SECONDS
from cardsvc.service.purse.orders import create_order, order_params
from cardsvc.service.purse.payments import Payment
from cardsvc.service.transactions.deposits import return_deposit, take_deposit
from cardsvc.service.transactions.held_payout import PayoutClaim, move_due, pay_held
from cardsvc.service.transactions.takeovers import hold_card, takeover_of
from cardsvc.vcard import VirtualCard
from tests.service.transactions.test_takeover import second_card
from tests.world import DESK, FAMILIES, Snapshot, World, area_on

CARD = "3100010100000001"


class Killed(BaseException):
    """The process is gone: nothing handles it."""


@contextmanager
def dying(at: int | None) -> Iterator[list[str]]:
    """Die once: at an even number before that half's commit, at an odd one directly after it. Gives the commits."""
    commits: list[str] = []
    really = DefaultDialect.do_commit

    def commit(dialect: DefaultDialect, connection: Any) -> None:
        number = len(commits)
        commits.append("COMMIT")
        if at == 2 * number:
            raise Killed
        really(dialect, connection)
        if at == 2 * number + 1:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "do_commit", commit)
        yield commits


class Patient:
    """A client that got no answer: the same call again, to a worker that was started since."""

    def __init__(self, world: World) -> None:
        self._world = world

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **more: Any) -> Any:
            with suppress(Killed):
                return getattr(self._world.new_engine().port(DESK), name)(*args, **more)
            return getattr(self._world.new_engine().port(DESK), name)(*args, **more)

        return call


Run = Callable[[World, VirtualCard, Any], None]


class Job(NamedTuple):
    """What is there before, and what is done then; ``port``: who does it, None when there is nobody left but the desk."""

    prepare: Callable[[World], VirtualCard]
    run: Run


def loaded(world: World) -> VirtualCard:
    """A card with 63.20."""
    card = world.issue(FAMILIES[0])
    world.topup(card, 6320)
    return card


def ordered(world: World) -> VirtualCard:
    """A card that an order waits for."""
    card = world.issue(FAMILIES[0])
    params = order_params({"card_no": CARD, "amount": 6320, "payment": {"method": "mobile", "reference": "wx-1"}})
    create_order(world.store, world.engine.rules, "app", params, world.now)
    return card


def taken_over(world: World) -> VirtualCard:
    """A new card, and an old one that gave what it had."""
    world.do(loaded(world), "transfer_out")
    return second_card(world)


def held(world: World) -> VirtualCard:
    """A card that cannot be read, and whose day has come."""
    card = loaded(world)
    person = replace(world.bookkeeper(), role="clerk")
    hold_card(world.store, world.engine.rules, CARD, by=person, now=world.now)
    world.now = world.now.replace(day=10, month=12)
    return card


def deposited(world: World) -> VirtualCard:
    """A card with a deposit."""
    card = world.issue(FAMILIES[0])
    take_deposit(world.store, world.engine.rules, DESK, CARD, "T", Payment(method="cash"), by=world.bookkeeper(), now=world.now)
    return card


def operation(kind: str, **params: Any) -> Run:
    """A job with the card on the reader."""

    def run(world: World, card: VirtualCard, port: Any) -> None:
        channel = card.channel()
        try:
            carry_out(port, channel, kind, params, idempotency_key=str(uuid.uuid4()))
        finally:
            channel.close()

    return run


def without_card(work: Callable[[World], Any]) -> Run:
    """A job at the desk without a card; whoever got no answer asks again."""

    def run(world: World, _card: VirtualCard, _port: Any) -> None:
        with suppress(Killed):
            work(world)
            return
        work(world)

    return run


def pay_out(world: World) -> None:
    """On its day the books decide, and the money is paid."""
    move_due(world.store, CARD, world.now)
    (part,) = takeover_of(world.store, CARD)["parts"]
    claim = PayoutClaim(CARD, part["part_id"], "no_card", "证件")
    pay_held(world.store, world.engine.rules, DESK, claim, by=world.bookkeeper(), now=world.now)


def give_deposit_back(world: World) -> None:
    """What is left of it. Asked again it is told that nothing is held any more."""
    with suppress(Exception):
        return_deposit(world.store, world.engine.rules, DESK, CARD, by=world.bookkeeper(), now=world.now)


JOBS = {
    "refund": Job(loaded, operation("refund")),
    "transfer out": Job(loaded, operation("transfer_out")),
    "transfer in": Job(taken_over, operation("transfer_in", old_card_no=CARD)),
    "fetch": Job(ordered, operation("fetch")),
    "held payout": Job(held, without_card(pay_out)),
    "deposit": Job(deposited, without_card(give_deposit_back)),
}


def ended(world: World, card: VirtualCard) -> tuple[dict[str, int], int, list[str]]:
    """Where the money is: in the books, on the card, and what became of the orders."""
    found = verify_ledger(world.store)
    assert (found["breaks"], found["total"]) == ([], 0)
    with world.store.read() as uow:
        orders = [str(order.state) for order in uow.orders.of_card(CARD)]
    return {name: amount for name, amount in world.balances().items() if amount}, area_on(card, "purse"), orders


def come_back(world: World, card: VirtualCard, run: Run) -> None:
    """The client died too: when the operation's time is over the card is on the desk again, and the job is done."""
    world.now = world.now.replace(minute=world.now.minute + 1 + STEP_SECONDS // 60)
    world.engine = world.new_engine()
    with suppress(CarriedOut):
        world.do(card, "inspect")
    with suppress(CarriedOut):
        run(world, card, world.port(DESK))


@pytest.mark.parametrize("name", JOBS)
def test_killed_between_commits(name: str, tmp_path: Path) -> None:
    """At each, and whether the client lives or not."""
    start, job = World(tmp_path / "start.db"), JOBS[name]
    snapshot = Snapshot(start, job.prepare(start), tmp_path)
    world, card = snapshot.again()
    with dying(None) as commits:
        job.run(world, card, Patient(world))
    expected, number = ended(world, card), len(commits)
    world.close()
    assert number > 0
    for at in range(2 * number):
        for lives in (True, False):
            world, card = snapshot.again()
            with dying(at), suppress(Killed):
                job.run(world, card, Patient(world) if lives else world.port(DESK))
            if not lives:
                come_back(world, card, job.run)
            assert ended(world, card) == expected, (at, lives)
            world.close()
