"""Many cards, terminals and tellers, faults and months: whatever happens in whatever order, not a fen is lost or made.

The model (model.py) is told by a witness (witness.py) what moved on the cards themselves, and by the machine what was done at
the desks. Once every card was seen again, card balances, every account of the ledger and the drawers agree with it.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.purse.lapse import LAPSED_MONTH
from cardsvc.service.purse.settle import REFUND
from cardsvc.service.purse.suspects import suspects
from cardsvc.service.transactions.transfer_out import TRANSFER
from tests.databases import on_postgresql
from tests.money.city import ERAS, City
from tests.money.takeover import Takeover
from tests.money.witness import PURSES, balances_in
from tests.world import DESK


class MoneyMachine(Takeover):
    """Everything that may happen, and what must hold."""

    def teardown(self) -> None:
        """In the end every card is seen again."""
        if self.begun:
            try:
                self.all_seen_again()
            finally:
                self.world.close()

    @precondition(lambda self: self.money.purses)
    @rule()
    def everybody_is_seen(self) -> None:
        """In the middle of it all, too."""
        self.all_seen_again()

    @invariant()
    def the_books_balance(self) -> None:
        """At every moment the total is zero, suspense and drawers never owe, and the books of a card differ from the model by
        no more than what is not settled yet."""
        if not self.begun:
            return
        balances = self.world.balances()
        assert sum(balances.values()) == 0
        assert not [account for account, amount in balances.items() if account.startswith("drawer:") and amount < 0]
        for held in self.held:
            card_no = held.card_no
            suspense = -balances.get(f"suspense:{card_no}", 0)
            owed = -sum(amount for account, amount in balances.items() if account.startswith(f"purse:{card_no}:"))
            assert suspense >= 0
            sure = sum(self.money.balance(card_no, purse) for purse in PURSES)
            assert owed - self.open_purchases(card_no) <= sure <= owed + suspense

    def all_seen_again(self) -> None:
        """Nothing is open any more, and model, cards, ledger and drawers agree to the fen."""
        self.time_passes(2)
        for held in self.held:
            if ("purse", "ep") not in balances_in(held.card):
                self.quietly(held, "unblock", DESK, application="purse")
                self.time_passes(2)
            self.quietly(held, "inspect", DESK)
        self.two_people_settle()
        assert suspects(self.world.store, self.world.now) == []
        self.hand_in_the_file(again=False)
        for desk in [desk for desk, shift in self.shifts.items() if shift.state != "open"]:
            self.close_a_shift(desk, 0)
        booked = {account: amount for account, amount in self.world.balances().items() if amount}
        assert booked == {account: amount for account, amount in self.money.accounts.items() if amount}
        for held in self.held:
            if held.card_no not in self.from_books:
                on_card = balances_in(held.card)
                void = self.lapsed
                assert on_card == {p: self.money.balance(held.card_no, p) + void[held.card_no, p] for p in on_card}
        self.drawn_down_as_each_card_can()
        found = verify_ledger(self.world.store)
        assert (found["total"], found["breaks"]) == (0, [])

    def drawn_down_as_each_card_can(self) -> None:
        """Electronic deposits by unload where the card has the key, everything else by purchase."""
        with self.world.store.read() as uow:
            for row in uow.purchases.where():
                card = uow.cards.get(row.card_no)
                deposit = row.purse == "ed" and row.merchant in (REFUND, TRANSFER, LAPSED_MONTH)
                unloads = deposit and card is not None and "bus.unload" in card.key_versions
                assert row.kind == ("unload" if unloads else "purchase")


@pytest.fixture(scope="module")
def cities() -> Iterator[Mapping[str, City]]:
    """Made once for all runs of the machine."""
    with TemporaryDirectory() as folder:
        yield {era: City(era, Path(folder)) for era in ERAS}


def test_not_a_fen_is_lost_or_made(cities: Mapping[str, City], request: pytest.FixtureRequest) -> None:
    """Hypothesis looks for an order of events that loses or makes a fen. ``--money-runs`` looks longer."""
    runs = int(request.config.getoption("--money-runs"))
    machine = type("Machine", (MoneyMachine,), {"cities": cities, "TestCase": None})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs or (5 if on_postgresql() else 12),
            stateful_step_count=50 if runs else 20,
            print_blob=True,
            derandomize=not runs,
        ),
    )
