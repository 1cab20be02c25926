"""Many cards, terminals and tellers, faults and time: whatever happens in whatever order, cards, ledger and payers agree.

The model of the money knows nothing of the service. It looks at the cards' own memories before and after every contact:
what a card gained was paid in, what it lost was spent. The books must come to the same once every card was seen again.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.kinds import Actor
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.databases import on_postgresql
from tests.world import DESK, FAMILIES, KIOSK, Snapshot, World, balance_on

CARDS = 3
BUS_STOP = Actor("terminal", "kiosk-8", bytes.fromhex("310000000008"), "topup")
ACTORS = (DESK, KIOSK, BUS_STOP)

plans = st.one_of(
    st.just(FaultPlan()),
    st.integers(1, 12).map(lambda number: FaultPlan(tear_before_command=number)),
    st.integers(1, 12).map(lambda number: FaultPlan(tear_after_command=number)),
    st.integers(1, 160).map(lambda byte: FaultPlan(tear_at_eeprom_byte=byte)),
    st.integers(1, 12).map(lambda number: FaultPlan(lose_answer_to_command=number)),
    st.integers(1, 160).map(lambda byte: FaultPlan(worn_from_eeprom_byte=byte)),
)
cards = st.integers(0, CARDS - 1)
actors = st.sampled_from(ACTORS)


class City:
    """A city with its cards, copied afresh for every run."""

    def __init__(self, folder: Path) -> None:
        world = World(folder / "city.db")
        self.cards = [world.issue(FAMILIES[number % len(FAMILIES)], number + 1) for number in range(CARDS)]
        self.numbers = [world.card_no_of(card) for card in self.cards]
        self.images = [bytes(card._eeprom.image) for card in self.cards]
        self.snapshot = Snapshot(world, self.cards[0], folder)

    def again(self) -> tuple[World, list[VirtualCard]]:
        """The city as it was, with cards as they were."""
        world, _ = self.snapshot.again()
        fresh = [
            VirtualCard(card.dialect, card.chip_serial, bytearray(image), seed=number)
            for number, (card, image) in enumerate(zip(self.cards, self.images, strict=True))
        ]
        return world, fresh


class MoneyMachine(RuleBasedStateMachine):
    """Anything may happen to any card at any moment, at any terminal, through any worker."""

    city: City

    def __init__(self) -> None:
        super().__init__()
        self.world, self.cards = self.city.again()
        self.paid_in = self.spent = 0
        self.on_card = [0] * CARDS

    def teardown(self) -> None:
        """In the end every card is seen again."""
        try:
            self.all_seen_again()
        finally:
            self.world.close()

    def contact(self, number: int, plan: FaultPlan, actor: Actor, kind: str, **params: Any) -> None:
        """One contact of a card, with whatever fault; the model looks at the card before and after."""
        card = self.cards[number]
        card.plan = plan
        self.world.engine = self.world.new_engine()
        with suppress(CardsvcError, CarriedOut):
            self.world.do(card, kind, actor, **params)
        card.plan = FaultPlan()
        self.note(number)

    def note(self, number: int) -> None:
        """What a card gained was paid in, what it lost was spent. A blocked balance is not seen, nor can it move."""
        now = visible_balance(self.cards[number])
        if now is None:
            return
        gained = now - self.on_card[number]
        self.paid_in += max(0, gained)
        self.spent += max(0, -gained)
        self.on_card[number] = now

    @rule(number=cards, plan=plans, actor=actors, yuan=st.sampled_from([50, 100, 500, 951, 1000]))
    def top_up(self, number: int, plan: FaultPlan, actor: Actor, yuan: int) -> None:
        """Cash onto a card."""
        self.contact(number, plan, actor, "topup", amount=yuan * 100, payment={"method": "cash"})

    @rule(number=cards, plan=plans, actor=actors, fen=st.sampled_from([1, 200, 5000, 55000]))
    def spend(self, number: int, plan: FaultPlan, actor: Actor, fen: int) -> None:
        """Money from a card."""
        self.contact(number, plan, actor, "purchase", amount=fen, merchant="bus")

    @rule(number=cards, plan=plans)
    def look(self, number: int, plan: FaultPlan) -> None:
        """A look settles what is open, if the card stays long enough."""
        self.contact(number, plan, DESK, "inspect")

    @rule(number=cards, plan=plans)
    def open_an_application(self, number: int, plan: FaultPlan) -> None:
        """Work on the card that moves no money."""
        self.contact(number, plan, DESK, "open", application="parking", product="1")

    @rule(number=cards, plan=plans)
    def block_and_unblock(self, number: int, plan: FaultPlan) -> None:
        """A blocked purse keeps its money."""
        self.contact(number, plan, DESK, "block", application="purse")
        self.contact(number, FaultPlan(), DESK, "unblock", application="purse")

    @rule(minutes=st.sampled_from([1, 2, 60, 60 * 24, 60 * 24 * 31]))
    def time_passes(self, minutes: int) -> None:
        """Operations lapse; money never does."""
        self.world.now += dt.timedelta(minutes=minutes)
        self.world.engine.sweep()

    @rule(number=cards, actor=actors)
    def two_terminals_at_once(self, number: int, actor: Actor) -> None:
        """A second operation on the same card is refused while the first is live, and the first goes on."""
        card = self.cards[number]
        channel = card.channel()
        before = self.on_card[number]
        port = self.world.port(actor)
        job = {"amount": 5000, "payment": {"method": "cash"}}
        with suppress(CardsvcError, CarriedOut):
            port.start("topup", job, atr=channel.atr, idempotency_key=str(uuid.uuid4()))
        with suppress(CardsvcError, CarriedOut):
            carry_out(self.world.port(DESK), channel, "topup", job, idempotency_key=str(uuid.uuid4()))
        channel.close()
        self.note(number)
        assert self.on_card[number] - before in (0, 5000)

    @precondition(lambda self: self.paid_in > 0)
    @rule()
    def everybody_is_seen(self) -> None:
        """In the middle of it all, too."""
        self.all_seen_again()

    @invariant()
    def the_books_balance(self) -> None:
        """At every moment: the total is zero, suspense never owes, and what a card has more than the books is in suspense."""
        balances = self.world.balances()
        assert sum(balances.values()) == 0
        for on_card, number in zip(self.on_card, self.city.numbers, strict=True):
            suspense = -balances.get(f"suspense:{number}", 0)
            owed = -balances.get(f"purse:{number}:purse:ep", 0)
            assert suspense >= 0
            assert owed - self.open_purchases(number) <= on_card <= owed + suspense

    def open_purchases(self, card_no: str) -> int:
        """What may have been paid from a card and is not known yet."""
        with self.world.store.read() as uow:
            return sum(purchase.amount for purchase in uow.purchases.open_on(card_no))

    def all_seen_again(self) -> None:
        """After every card was seen: cards, books and model agree to the fen, nothing is open."""
        self.world.now += dt.timedelta(minutes=2)
        for number in range(CARDS):
            self.contact(number, FaultPlan(), DESK, "unblock", application="purse")
            self.world.now += dt.timedelta(minutes=2)
            self.contact(number, FaultPlan(), DESK, "inspect")
        balances = self.world.balances()
        for card, number in zip(self.cards, self.city.numbers, strict=True):
            assert balance_on(card)[0] == -balances.get(f"purse:{number}:purse:ep", 0)
            assert balances.get(f"suspense:{number}", 0) == 0
        taken = sum(amount for account, amount in balances.items() if account.startswith("clearing:"))
        assert (taken, -balances.get("merchant:bus", 0)) == (self.paid_in, self.spent)


def visible_balance(card: VirtualCard) -> int | None:
    """The balance in a card's memory, or None while its purse is blocked. A copy is asked, in the card's own words."""
    copy = VirtualCard(card.dialect, card.chip_serial, bytearray(card._eeprom.image), seed=1)
    copy.power_on()
    selected = copy.transmit(bytes.fromhex("00A4040009A0000000038698070100"))
    answer = copy.transmit(bytes.fromhex("805C000204"))
    copy.power_off()
    return int.from_bytes(answer[:4], "big") if selected[-2:] == answer[-2:] == b"\x90\x00" else None


@pytest.fixture
def city() -> Iterator[City]:
    """Made once for all runs of the machine."""
    with TemporaryDirectory() as folder:
        yield City(Path(folder))


def test_cards_books_and_payers_always_agree(city: City) -> None:
    """Hypothesis looks for an order of events that loses or makes a fen."""
    machine = type("Machine", (MoneyMachine,), {"city": city, "TestCase": None})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8 if on_postgresql() else 20,
            stateful_step_count=12 if on_postgresql() else 20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
