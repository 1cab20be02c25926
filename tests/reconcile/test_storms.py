"""Whatever happens between desk, buses and files, in the end the books say what the card says and nothing is unexplained."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError, RequestError
from cardsvc.rules import load_rule_set
from cardsvc.service.batches import GivenFile, import_file
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.reconcile.run import Scope, reconcile
from cardsvc.units import LOCAL
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import Reader, Ride, spending_file
from tests.examples import examples
from tests.world import FAMILIES, Snapshot, World, balance_on, key_ring

CARD = "3100010100000001"
WRITES = 7
"""The command that moves money, of a top-up's and of a purchase's commands."""

fares = st.sampled_from([100, 200, 250])
moves = st.one_of(
    st.tuples(st.just("ride"), fares),
    st.tuples(st.sampled_from(["topup", "purchase"]), st.sampled_from(["whole", "torn before", "torn after"])),
    st.tuples(st.just("inspect"), st.none()),
    st.tuples(st.just("file"), st.sampled_from(["some", "again", "backwards", "cut", "bad line"])),
)


class Town:
    """A card, two buses that work offline, and the operator's files, which come as they please."""

    def __init__(self, world: World, card: VirtualCard) -> None:
        self.world, self.card = world, card
        self.readers = [Reader("330100000042"), Reader("330100000043")]
        self.rides: list[Ride] = []
        self.delivered = 0

    def step(self, move: str, how: Any) -> None:
        self.world.now += dt.timedelta(seconds=70)
        if move == "ride":
            if balance_on(self.card)[0] >= how:
                reader = self.readers[len(self.rides) % 2]
                self.rides.append(reader.debit(self.card, CARD, how, self.world.now))
        elif move == "file":
            self.file(how)
        else:
            self.operation(move, how)

    def operation(self, kind: str, how: str | None) -> None:
        """At a desk. It may be broken off, and refused while the card cannot say what became of the last."""
        params: dict[str, Any] = {
            "topup": {"amount": 5000, "payment": {"method": "cash", "reference": None}},
            "purchase": {"amount": 250, "merchant": "shop"},
            "inspect": {},
        }[kind]
        self.card.plan = FaultPlan(
            tear_before_command=WRITES if how == "torn before" else None,
            tear_after_command=WRITES if how == "torn after" else None,
        )
        try:
            self.world.do(self.card, kind, **params)
        except CardsvcError:
            assert how != "whole" or self.world.purse_total(CARD) >= 0
        except Exception as error:
            assert type(error).__name__ == "CarriedOut", error

    def file(self, how: str) -> None:
        fresh = self.rides[self.delivered :]
        text = spending_file(fresh[::-1] if how == "backwards" else self.rides if how == "again" else fresh)
        before = self.world.balances()
        if how == "cut":
            text = text[: len(text) * 2 // 3]
        if how == "bad line":
            text = text.replace("END,", "bus,x\nEND,")
        if how in ("cut", "bad line"):
            with pytest.raises(RequestError):
                self.take(text)
            assert self.world.balances() == before
        else:
            self.take(text)
            self.delivered = len(self.rides)

    def take(self, text: str) -> None:
        given = GivenFile("spending", "bus", "f", text.encode())
        import_file(self.world.store, key_ring(), given, self.world.now, by=self.world.bookkeeper())


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A card with 100.00 in its purse."""
    folder: Path = tmp_path_factory.mktemp("storm")
    world = World(folder / "city.db")
    card = world.issue(FAMILIES[0])
    world.topup(card, 10000)
    return Snapshot(world, card, folder)


@settings(examples(8), derandomize=True)
@given(st.lists(moves, min_size=6, max_size=14))
def test_in_the_end_everything_agrees(start: Snapshot, story: list[tuple[str, Any]]) -> None:
    """Then every ride is delivered, twice, and the card is looked at once more."""
    world, card = start.again()
    town = Town(world, card)
    for move, how in story:
        town.step(move, how)
    for move, how in (("file", "again"), ("inspect", None), ("file", "again"), ("file", "backwards")):
        town.step(move, how)
    world.now += dt.timedelta(seconds=70)
    assert world.purse_total(CARD) == balance_on(card)[0]
    assert world.balances().get("merchant:bus", 0) == -sum(ride.amount for ride in town.rides)
    done = reconcile(world.store, load_rule_set(), Scope(world.now.astimezone(LOCAL).date()), world.now, by=world.bookkeeper())
    with world.store.read() as uow:
        found = uow.differences.of_run(done.run_id)
        assert (uow.loads.open_on(CARD), uow.purchases.open_on(CARD)) == ([], [])
    assert {row.code for row in found} <= {"duplicate_in_file"}
    assert {row.state for row in found} <= {"explained"}
    assert verify_ledger(world.store)["breaks"] == []
    assert sum(world.balances().values()) == 0
    world.close()
