"""What citizens do at terminals and desks: top up, spend, ride, order online, fetch, take a refund."""

import datetime as dt
import uuid
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut, carry_out
from cardsvc.service.batches import GivenFile, import_file
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.orders import create_order, order_params, return_expired
from cardsvc.store.records import TopUpOrder
from cardsvc.vcard import FaultPlan
from tests.batches.merchant import Reader, Ride, spending_file
from tests.money.city import DESKS, Held
from tests.money.machine import Floor, actors, areas, cards, plans, upsets
from tests.money.model import CASH, GIFT_PERCENT, Lot, period_of
from tests.money.upsets import Upset
from tests.money.witness import Purse, WatchedCard, balances_in
from tests.world import DESK, FAMILIES, key_ring

amounts = st.sampled_from([5000, 5000, 10000, 500, 15000, 2500, 300, 27500, 95100])
methods = st.sampled_from([CASH, CASH, "bank_card", "mobile", "transfer", "credit_card"])
APP = "clearing:channel:app"


class AtTerminals(Floor):
    """Loads and spending."""

    def set_out(self, era: str) -> None:
        """Nothing was ordered and nobody has ridden yet."""
        super().set_out(era)
        self.orders: dict[str, TopUpOrder] = {}
        self.reader = Reader()
        self.pocket: list[Ride] = []
        self.told: list[Ride] = []

    @rule(
        card=cards,
        plan=plans,
        upset=upsets,
        actor=actors,
        area=areas,
        ahead=st.booleans(),
        amount=amounts,
        method=methods,
        again=st.booleans(),
    )
    def top_up(
        self,
        card: int,
        plan: FaultPlan,
        upset: Upset,
        actor: Actor,
        area: int,
        ahead: bool,
        amount: int,
        method: str,
        again: bool,
    ) -> None:
        """Into any area, by any way of paying."""
        held, payment, source = self.pick(card), self.payment(method, again), self.till(actor, method)
        product, name = held.areas()[area % len(held.areas())]
        month = self.month(ahead) if name != "purse" else None

        def arrived(purse: Purse, credited: int) -> None:
            self.pays_once(method, payment["reference"])
            gift = amount * GIFT_PERCENT.get(product or "", 0) // 100
            assert credited == amount + gift
            way = CASH if method == CASH else f"payout:{method}"
            self.loaded(held, purse, name, month, source, [Lot(way, amount, gift)])
            self.check_cap(self.money.purse(held.card_no, purse))

        job = {"amount": amount, "payment": payment, "product": product, "area": name, "month": month}
        self.contact(held, "topup", self.lapsing(held, arrived), actor=actor, plan=plan, upset=upset, **job)

    def pays_once(self, method: str, reference: str | None) -> None:
        """One payment pays one load or one order; never by credit card into an area that the law keeps from it."""
        if reference is not None:
            assert (method, reference) not in self.paid
            self.paid.add((method, reference))

    @rule(card=cards, plan=plans, upset=upsets, actor=actors, area=areas, amount=st.sampled_from([1, 200, 5000, 54900, 55100]))
    def spend(self, card: int, plan: FaultPlan, upset: Upset, actor: Actor, area: int, amount: int) -> None:
        """From any area; with the last, from the month ticket first."""
        held = self.pick(card)
        product, name = held.areas()[min(area, len(held.areas()) - 1)]
        job = {"month_first": True} if area == 3 else {"product": product, "area": name}

        def paid(purse: Purse, moved: int) -> None:
            period = self.money.purse(held.card_no, purse).period
            assert moved == -amount
            assert period is None or period[0] <= self.today < period[1]
            assert purse[0] != "purse" or amount <= 55000
            self.money.spend(held.card_no, purse, amount, "merchant:shop")

        self.contact(held, "purchase", paid, actor=actor, plan=plan, upset=upset, amount=amount, merchant="shop", **job)

    @rule(card=cards, plan=plans, upset=upsets, actor=st.sampled_from(DESKS), area=areas, ahead=st.booleans())
    def refund(self, card: int, plan: FaultPlan, upset: Upset, actor: Actor, area: int, ahead: bool) -> None:
        """All of an area goes back to its holder."""
        held, cash = self.pick(card), self.till(actor, CASH)
        product, name = held.areas()[area % len(held.areas())]
        month = self.month(ahead) if name != "purse" else None

        def drawn(purse: Purse, moved: int) -> None:
            assert -moved == self.money.purse(held.card_no, purse).balance
            self.money.refund(held.card_no, purse, -moved, cash, self.today)

        job = {"product": product, "area": name, "month": month}
        self.contact(held, "refund", drawn, actor=actor, plan=plan, upset=upset, **job)

    @rule(card=cards, area=areas, ahead=st.booleans(), amount=amounts, again=st.booleans())
    def order(self, card: int, area: int, ahead: bool, amount: int, again: bool) -> None:
        """Paid online, and sent twice."""
        self.tick()
        held, payment = self.pick(card), self.payment("mobile", again)
        product, name = held.areas()[area % len(held.areas())]
        month = self.month(ahead) if name != "purse" else None
        job = {"card_no": held.card_no, "amount": amount, "payment": payment, "product": product, "area": name, "month": month}
        rules = self.world.engine.rules
        try:
            order, known = create_order(self.world.store, rules, "app", order_params(job), self.world.now)
        except CardsvcError as error:
            self.refused("order", error.code)
            return
        assert create_order(self.world.store, rules, "app", order_params(job), self.world.now) == (order, True)
        if not known:
            self.pays_once("mobile", payment["reference"])
            self.orders[order.order_id] = order
            self.money.move(APP, f"order:{held.card_no}", amount)

    @rule(card=cards, plan=plans, upset=upsets, actor=actors, which=st.integers(0, 3))
    def fetch(self, card: int, plan: FaultPlan, upset: Upset, actor: Actor, which: int) -> None:
        """At any terminal: the oldest order, or one by its name."""
        held = self.pick(card)
        waiting = [order for order in self.orders.values() if order.card_no == held.card_no]
        named = waiting[which % len(waiting)].order_id if waiting and which else None

        def arrived(purse: Purse, credited: int) -> None:
            order = self.orders.pop(named or waiting[0].order_id)
            gift = order.amount * GIFT_PERCENT.get(order.product, 0) // 100
            assert credited == order.amount + gift
            month = f"{order.first_month:%Y-%m}" if order.first_month else None
            lots = [Lot("payout:app", order.amount, gift)]
            self.loaded(held, purse, order.area, month, f"order:{held.card_no}", lots)
            self.check_cap(self.money.purse(held.card_no, purse))

        moved = self.lapsing(held, arrived)
        self.contact(held, "fetch", moved, actor=actor, plan=plan, upset=upset, order_id=named)

    @rule()
    def send_orders_back(self) -> None:
        """Orders whose months are over."""
        self.tick()
        for order in return_expired(self.world.store, self.world.now, by=self.world.bookkeeper()):
            known = self.orders.pop(order.order_id)
            assert known.first_month is not None
            period = period_of(known.area, known.first_month)
            assert period is not None
            assert period[1] <= self.today
            self.paid.discard(("mobile", known.payment_reference))
            self.money.move(f"order:{known.card_no}", "payout:app", known.amount)

    @rule(card=cards, amount=st.sampled_from([100, 250]))
    def ride(self, card: int, amount: int) -> None:
        """On a bus that has no connection. The books hear of it with the operator's file."""
        self.tick()
        held = self.pick(card)
        if held.kind.family in FAMILIES and balances_in(held.card).get(("purse", "ep"), 0) >= amount:
            self.pocket.append(self.reader.debit(held.card, held.card_no, amount, self.world.now))
            self.witnesses[held.card_no].look(lambda purse, moved: self.rode(held, purse, moved))

    def rode(self, held: Held, purse: Purse, moved: int) -> None:
        """The card has less; the books do not know yet."""
        self.money.purse(held.card_no, purse).spend(-moved)

    @rule(again=st.booleans())
    def hand_in_the_file(self, again: bool) -> None:
        """The operator's file: what is new, or everything once more, in the wrong order."""
        self.tick()
        rides = (self.told + self.pocket)[::-1] if again else self.pocket
        content = spending_file(rides).encode()
        given = GivenFile("spending", "bus", "rides.csv", content)
        import_file(self.world.store, key_ring(), given, self.world.now, by=self.world.bookkeeper())
        for ride in self.pocket:
            self.money.move(f"purse:{ride.card_no}:purse:ep", "merchant:bus", ride.amount)
        self.told, self.pocket = self.told + self.pocket, []

    @rule(card=cards, plan=plans, upset=upsets)
    def look(self, card: int, plan: FaultPlan, upset: Upset) -> None:
        """A look settles what is open, if the card stays long enough."""
        self.contact(self.pick(card), "inspect", never, actor=DESK, plan=plan, upset=upset)

    @rule(card=cards, plan=plans)
    def renew_the_library(self, card: int, plan: FaultPlan) -> None:
        """Work on the card that moves no money."""
        job = {"application": "library", "product": "1"}
        self.contact(self.pick(card), "open", never, actor=DESK, plan=plan, upset=Upset(), **job)

    @rule(card=cards, plan=plans)
    def block_and_unblock(self, card: int, plan: FaultPlan) -> None:
        """A blocked purse keeps its money."""
        self.contact(self.pick(card), "block", never, actor=DESK, plan=plan, upset=Upset(), application="purse")
        self.quietly(self.pick(card), "unblock", DESK, application="purse")

    @rule(minutes=st.sampled_from([1, 2, 60, 60 * 24, 60 * 24 * 9, 60 * 24 * 31]))
    def time_passes(self, minutes: int) -> None:
        """Operations lapse; money never does."""
        self.world.now += dt.timedelta(minutes=minutes)
        self.world.engine.sweep_all()

    @rule(card=cards, actor=actors)
    def two_terminals_at_once(self, card: int, actor: Actor) -> None:
        """A second operation on the same card is refused while the first is live: at most one of them loads it."""
        self.tick()
        held, arrived, tills = self.pick(card), list[int](), self.till(DESK, CASH)
        channel = WatchedCard(self.witnesses[held.card_no], lambda _purse, amount: arrived.append(amount))
        job = {"amount": 5000, "payment": {"method": CASH, "reference": None}}
        with suppress(CardsvcError, CarriedOut):
            self.world.port(actor).start("topup", job, atr=channel.atr, idempotency_key=str(uuid.uuid4()))
        with suppress(CardsvcError, CarriedOut):
            carry_out(self.world.port(DESK), channel, "topup", job, idempotency_key=str(uuid.uuid4()))
        channel.close()
        assert arrived in ([], [5000])
        for amount in arrived:
            self.on_cards.add((held.card_no, amount, self.world.now))
            self.loaded(held, ("purse", "ep"), "purse", None, tills, [Lot(CASH, amount)])


def never(purse: Purse, amount: int) -> None:
    """For jobs that move no money."""
    raise AssertionError(f"{amount} moved in {purse}")
