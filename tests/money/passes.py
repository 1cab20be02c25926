"""The park pass: its fee is taken before the card is written, and it is the card that says whose it is then."""

import datetime as dt

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cardsvc.errors import CardsvcError
from cardsvc.service.cards.fees_back import return_fee
from cardsvc.service.operations.kinds import Actor
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.money.at_desk import TELLERS, AtDesk, desks
from tests.money.city import Held
from tests.money.machine import cards, plans, upsets
from tests.money.model import CASH
from tests.money.upsets import Upset
from tests.money.witness import Purse

PARK = bytes.fromhex("F0485A474152444E31")
PRICES = {("1", False): 5000, ("1", True): 3000, ("2", False): 4000, ("2", True): 2000}
"""First opening and renewal, for a year and from 1 July on (domain.md 1.5)."""


def pass_on(card: VirtualCard) -> bytes:
    """The record of the pass in a card's memory, read without the host's code."""
    copy = VirtualCard(card.dialect, card.chip_serial, bytearray(card._eeprom.image), seed=1)
    copy.power_on()
    copy.transmit(b"\x00\xa4\x04\x00" + bytes((len(PARK),)) + PARK + b"\x00")
    answer = copy.transmit(bytes.fromhex("00B0950020"))
    copy.power_off()
    return answer[:-2]


def price(product: str, day: dt.date) -> int:
    """What a pass costs on a day, where it is sold."""
    return PRICES[product, 7 <= day.month < 11]


class Passes(AtDesk):
    """Passes, and what was paid for them."""

    def set_out(self, era: str) -> None:
        """Nobody has paid for a pass."""
        super().set_out(era)
        self.passes = {held.card_no: pass_on(held.card) for held in self.held}
        self.unused: dict[str, tuple[int, str, str]] = {}
        self.fees: set[str] = set()

    @rule(
        card=cards,
        plan=st.one_of(
            plans, st.builds(FaultPlan, tear_before_write=st.just(1)), st.builds(FaultPlan, tear_after_write=st.just(1))
        ),
        upset=upsets,
        actor=desks,
        product=st.sampled_from(["1", "1", "2"]),
        method=st.sampled_from([CASH, CASH, "mobile"]),
    )
    def buy_a_pass(self, card: int, plan: FaultPlan, upset: Upset, actor: Actor, product: str, method: str) -> None:
        """Opened or prolonged; what was paid before and is on no card pays for it."""
        held, payment, source = self.pick(card), self.payment(method, again=False), self.till(actor, method)
        before, first_day = self.unused.get(held.card_no), self.today
        job = {"application": "park", "product": product, "payment": payment}
        done = self.contact(held, "open", _never, actor=actor, plan=plan, upset=upset, **job)
        taken = self.taken(held.card_no)
        if taken is not None:
            assert before is None, "nobody pays while what was paid before is not used"
            assert taken in (price(product, first_day), price(product, self.today))
            self.unused[held.card_no] = taken, source, method
            self.money.move(source, f"suspense:{held.card_no}", taken)
        if done is not None:
            assert done.get("paid_before", 0) == (before[0] if before else 0)
        self.earned(held)

    def taken(self, card_no: str) -> int | None:
        """What the service has taken since the last look, by its own books."""
        with self.world.store.read() as uow:
            rows = [row for row in uow.application_fees.where_is(card_no=card_no) if row.fee_id not in self.fees]
        self.fees |= {row.fee_id for row in rows}
        assert len(rows) <= 1
        return rows[0].amount if rows else None

    def earned(self, held: Held) -> None:
        """A pass that came onto the card was paid for: once, and before."""
        shown = pass_on(held.card)
        if shown != self.passes.get(held.card_no):
            fee, _source, _method = self.unused.pop(held.card_no)
            self.money.move(f"suspense:{held.card_no}", "fee:park", fee)
        self.passes[held.card_no] = shown

    def has_what_was_paid(self, card_no: str) -> bool:
        """See AtDesk."""
        return card_no not in self.unused

    @rule(card=cards, actor=desks)
    def give_a_fee_back(self, card: int, actor: Actor) -> None:
        """Once the card has shown that it has no pass for it."""
        self.tick()
        held, teller = self.pick(card), self.hall[TELLERS[actor.id]]
        way = self.till(actor, CASH)
        try:
            row = return_fee(self.world.store, actor, held.card_no, "park", by=teller, now=self.world.now)
        except CardsvcError as error:
            self.refused("fee back", error.code)
            return
        fee, _source, method = self.unused.pop(held.card_no)
        assert (row.amount, row.payment_method) == (fee, method)
        self.money.move(f"suspense:{held.card_no}", way if method == CASH else f"payout:{method}", fee)


def _never(purse: Purse, moved: int) -> None:
    raise AssertionError(f"a pass moved {moved} in {purse}")
