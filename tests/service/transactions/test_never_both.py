"""Two cards of one person, torn and moved in any order: no fen is on both."""

import datetime as dt
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardGone, CardsvcError
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.transactions.takeovers import hold_card
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.databases import on_postgresql
from tests.examples import examples
from tests.service.purse.test_areas import CARD, load
from tests.service.transactions.test_takeover import FMCOS, NEW, clerk, second_card
from tests.world import DESK, KIOSK, Snapshot, World, balance_on

STEPS = st.sampled_from(["load", "spend", "out", "out", "hold", "wait", "new", "in", "in", "inspect", "refund"])
MANY = 6 if on_postgresql() else 15


@pytest.mark.hypothesis
def test_never_both(tmp_path: Path) -> None:
    """Whatever order of loads, spending, holds, transfers, days, tears and late re-appearance: no fen comes out twice."""
    start = World(tmp_path / "start.db")
    card = start.issue(FMCOS)
    load(start, card, 10000)
    snapshot = Snapshot(start, card, tmp_path)

    @examples(MANY)
    @given(st.lists(st.tuples(STEPS, st.integers(0, 14)), min_size=3, max_size=12))
    def whatever(steps: list[tuple[str, int]]) -> None:
        world, old = snapshot.again()
        cards = {CARD: old}
        try:
            for step, tear in steps:
                with suppress(CardGone, CarriedOut, CardsvcError):
                    _step(world, cards, step, tear)
                _no_fen_twice(world, cards)
        finally:
            world.close()

    whatever()


def _step(world: World, cards: dict[str, VirtualCard], step: str, tear: int) -> None:
    """One thing that happens; ``tear`` 5 and above pulls the card after that command."""
    new = cards.get(NEW)
    if step == "wait":
        world.now += dt.timedelta(days=tear)
        return
    if step == "hold":
        hold_card(world.store, world.engine.rules, CARD, by=clerk(world), now=world.now)
        return
    if step == "new":
        cards[NEW] = second_card(world)
        return
    card = new if new is not None and (step == "in" or tear % 2) else cards[CARD]
    card.plan = FaultPlan(tear_after_command=tear) if tear >= 5 else FaultPlan()
    if step == "load":
        load(world, card, 5000)
    elif step == "spend":
        world.do(card, "purchase", KIOSK, amount=1000, merchant="bus")
    elif step == "in":
        world.do(card, "transfer_in", old_card_no=CARD)
    else:
        world.do(card, {"out": "transfer_out"}.get(step, step), DESK)


def _no_fen_twice(world: World, cards: dict[str, VirtualCard]) -> None:
    """Liabilities are never negative, and a card that still counts holds no more than is owed."""
    totals = world.balances()
    assert sum(totals.values()) == 0
    for account, amount in totals.items():
        assert not account.startswith(("purse:", "held:", "suspense:")) or amount <= 0, account
    with world.store.read() as uow:
        for card_no, card in cards.items():
            row = uow.cards.get(card_no)
            if row is None or row.state != "issued":
                continue
            open_ = sum(loading.amount for loading in uow.loads.open_on(card_no))
            assert balance_on(card)[0] <= world.purse_total(card_no) + open_
