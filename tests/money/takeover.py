"""From an old card to the new one: the chip gives its money, or the books do on their day."""

import datetime as dt
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.transactions.held_payout import PayoutClaim, move_due, pay_held
from cardsvc.service.transactions.held_view import held_view
from cardsvc.service.transactions.takeovers import hold_card, takeover_of
from cardsvc.vcard import FaultPlan
from tests.money.city import DESKS, Held, open_applications, reissue
from tests.money.machine import cards, plans, upsets
from tests.money.model import CASH, Lot, account_of
from tests.money.passes import Passes
from tests.money.upsets import Upset
from tests.money.witness import PURSES, Purse, Witness
from tests.world import DESK


@dataclass
class Part:
    """What one purse of an old card gave, newest lots first, and the month it began with."""

    purse: Purse
    area: str
    first: dt.date | None
    lots: list[Lot]

    @property
    def amount(self) -> int:
        """In fen."""
        return sum(lot.amount for lot in self.lots)


LATER = 8
"""Cards are replaced once something has happened on them."""
PAYOUTS = ["no_card", "death", "not_writable"]
old_cards = st.sampled_from([0, 1, 3, 6])
"""The others live on."""


class Takeover(Passes):
    """Old cards and new ones."""

    def set_out(self, era: str) -> None:
        """Nobody has an old card."""
        super().set_out(era)
        self.parts: dict[str, list[Part]] = {}
        self.due: dict[str, tuple[dt.date, dt.date]] = {}
        self.from_books: set[str] = set()
        self.gave_all: set[str] = set()
        self.lapsed: Counter[tuple[str, Purse]] = Counter()

    @precondition(lambda self: self.steps > LATER)
    @rule(card=old_cards, plan=plans, upset=upsets)
    def old_card_gives(self, card: int, plan: FaultPlan, upset: Upset) -> None:
        """Purse by purse, the first contact with whatever fault."""
        held = self.pick(card)
        self.give(held, plan, upset)
        for _ in PURSES:
            self.give(held, FaultPlan(), Upset())

    def give(self, held: Held, plan: FaultPlan, upset: Upset) -> None:
        """One purse."""

        def gave(purse: Purse, moved: int) -> None:
            model = self.money.purse(held.card_no, purse)
            assert held.card_no not in self.from_books, "the books gave it already"
            assert -moved == model.balance
            first = model.period[0] if model.period else None
            self.parts.setdefault(held.card_no, []).append(Part(purse, model.area, first, model.empty()))
            self.money.move(account_of(held.card_no, purse), f"held:{held.card_no}", -moved)

        self.contact(held, "transfer_out", gave, actor=DESK, plan=plan, upset=upset)
        with self.world.store.read() as uow:
            takeover = uow.old_cards.get(held.card_no)
        if takeover is not None and takeover.state == "moved" and held.card_no not in self.from_books | self.gave_all:
            self.gave_all.add(held.card_no)
            self.void_lapses(held.card_no)

    def void_lapses(self, card_no: str) -> None:
        """A card that gave all it had keeps what was void when it was taken in; nobody is owed that any more."""
        day = self.due[card_no][0] if card_no in self.due else self.today
        for purse in PURSES:
            model = self.money.purse(card_no, purse)
            if model.period is not None and model.period[1] <= day:
                self.lapsed[card_no, purse] += model.balance
                self.money.move(account_of(card_no, purse), "fee:lapsed_month", model.balance)

    @precondition(lambda self: self.steps > LATER)
    @rule(card=old_cards)
    def old_card_cannot_be_read(self, card: int) -> None:
        """Its money waits for its day."""
        self.tick()
        held = self.pick(card)
        try:
            row = hold_card(self.world.store, self.world.engine.rules, held.card_no, by=self.hall["boss"], now=self.world.now)
        except CardsvcError as error:
            self.refused("hold", error.code)
            return
        assert row.due is not None
        self.due[held.card_no] = row.held_on, row.due

    @precondition(lambda self: self.steps > LATER)
    @rule(card=old_cards, plan=plans, upset=upsets, other=st.booleans())
    def new_card_takes(self, card: int, plan: FaultPlan, upset: Upset, other: bool) -> None:
        """A new card for the holder of an old one, made when there is none yet, and one part written onto it. With ``other``,
        somebody else's card is tried."""
        self.tick()
        old = self.pick(card)
        mine = [held for held in self.held if (held.citizen_id == old.citizen_id) != other and held is not old]
        if not mine and not other:
            mine = self.made_for(old)
        if mine:
            self.take(mine[-1], old, plan, upset)

    def made_for(self, old: Held) -> list[Held]:
        """A new card, if its holder may have one."""
        number = len(self.held) + 1
        try:
            new = reissue(self.world, old.kind, old.citizen_id, number)
        except CarriedOut as ended:
            self.refused("reissue", str((ended.reply.problem or {}).get("code")))
            return []
        try:
            open_applications(self.world, new)
        except CarriedOut as ended:
            self.refused("reopen", str((ended.reply.problem or {}).get("code")))
        self.held.append(new)
        self.witnesses[new.card_no] = Witness(new.card)
        self.orders_follow(new)
        return [new]

    def orders_follow(self, new: Held) -> None:
        """What was paid online for a person's old card, and is not on it, waits for the new one; nobody else's ever does."""
        with self.world.store.read() as uow:
            now_at = {order.order_id: order for order in uow.orders.where()}
            replaced = {row.card_no for row in uow.cards.where() if row.state == "replaced"}
        owner = {held.card_no: held.citizen_id for held in self.held}
        for order in list(self.orders.values()):
            seen = now_at[order.order_id]
            if seen.card_no != order.card_no:
                assert order.card_no in replaced
                assert (seen.card_no, owner[seen.card_no]) == (new.card_no, owner[order.card_no])
                self.money.move(f"order:{order.card_no}", f"order:{new.card_no}", order.amount)
                self.orders[order.order_id] = seen

    def take(self, new: Held, old: Held, plan: FaultPlan, upset: Upset) -> None:
        """One part."""

        def arrived(purse: Purse, amount: int) -> None:
            assert new.citizen_id == old.citizen_id
            self.books_decide(old)
            part = self.written_part(old.card_no, purse, amount)
            month = f"{max(part.first, self.today.replace(day=1)):%Y-%m}" if part.first else None
            self.loaded(new, purse, part.area, month, f"held:{old.card_no}", part.lots[::-1])
            self.check_cap(self.money.purse(new.card_no, purse))

        job = {"old_card_no": old.card_no}
        self.contact(new, "transfer_in", self.lapsing(new, arrived), actor=DESK, plan=plan, upset=upset, **job)
        self.books_decide(old)
        self.orders_follow(new)

    @precondition(lambda self: self.due or any(self.parts.values()))
    @rule(card=cards, actor=st.sampled_from(DESKS), reason=st.sampled_from(PAYOUTS), early=st.booleans())
    def held_money_goes_back(self, card: int, actor: Actor, reason: str, early: bool) -> None:
        """Every part of an old card is asked for, before its day or on it; large ones by two people first. What is paid back
        goes the way it came."""
        if not early:
            self.time_passes(60 * 24 * 14)
        self.tick()
        taken_in = [held for held in self.held if held.card_no in self.due or self.parts.get(held.card_no)]
        old, store = taken_in[card % len(taken_in)], self.world.store
        with suppress(CardsvcError):
            move_due(store, old.card_no, self.world.now)
        if old.card_no in self.due:
            self.books_decide(old)
        view = held_view(store, self.world.engine.rules, old.card_no, self.world.now)
        for seen in view["parts"] if view else ():
            payload = {"reason": reason, "papers": "身份证", "amount": seen["amount"]}
            if seen["asks"] == "ask":
                with suppress(CardsvcError):
                    self.hall.agree("held_payout", f"{old.card_no}:{seen['part_id']}", payload)
            try:
                claim = PayoutClaim(old.card_no, seen["part_id"], reason, "身份证")
                row = pay_held(store, self.world.engine.rules, actor, claim, by=self.hall["teller"], now=self.world.now)
            except CardsvcError as error:
                self.refused("pay held", error.code)
                continue
            if not seen["gone"]:
                assert row.reason == "not_writable" or not any(map(self.in_hand, self.cards_of(old)))
                self.went_back(old, (seen["application"], seen["purse"]), seen["amount"], actor)

    def went_back(self, old: Held, purse: Purse, amount: int, actor: Actor) -> None:
        """A part: gift to the city, the rest the way it came. Orders that wait for the card go back with it."""
        event("pay held: paid")
        account = f"held:{old.card_no}"
        for lot in self.written_part(old.card_no, purse, amount).lots:
            self.money.move(account, self.till(actor, CASH) if lot.way == CASH else lot.way, lot.paid)
            self.money.move(account, f"gift:{old.kind.bus}", lot.gift)
        with self.world.store.read() as uow:
            waiting = {order.order_id for order in uow.orders.waiting(old.card_no)}
        for order in [order for order in self.orders.values() if order.card_no == old.card_no]:
            if order.order_id not in waiting:
                del self.orders[order.order_id]
                self.paid.discard(("mobile", order.payment_reference))
                self.money.move(f"order:{old.card_no}", "payout:app", order.amount)

    def cards_of(self, old: Held) -> list[Held]:
        """Every card of a person."""
        return [held for held in self.held if held.citizen_id == old.citizen_id]

    def in_hand(self, held: Held) -> bool:
        """Whether its holder still has this card."""
        with self.world.store.read() as uow:
            card = uow.cards.get(held.card_no)
        return card is not None and card.state == "issued"

    def written_part(self, old_no: str, purse: Purse, amount: int) -> Part:
        """The part that was written, off the list: of the same application and amount, of the same purse if there is one."""
        parts = [part for part in self.parts[old_no] if part.purse[0] == purse[0] and part.amount == amount]
        part = next((part for part in parts if part.purse == purse), parts[0])
        self.parts[old_no].remove(part)
        return part

    def books_decide(self, old: Held) -> None:
        """If the day has come and the books decided just now: what they owe is held, void money lapses. Of a purse
        that was emptied on the card only what was loaded since: the rest was spent offline and is not told yet."""
        if old.card_no in self.from_books | self.gave_all or old.card_no not in self.due:
            return
        held_on, due = self.due[old.card_no]
        view = takeover_of(self.world.store, old.card_no)
        if view["state"] != "moved" or view["due"] is None:
            return
        if not any(part["given_by"] == "books" for part in view["parts"]) and self.today < due:
            return
        self.from_books.add(old.card_no)
        for purse in PURSES:
            model, owed = self.money.purse(old.card_no, purse), self.money.balance(old.card_no, purse)
            void = model.period is not None and model.period[1] <= held_on
            since = sum(lot.amount for lot in model.loaded)
            amount = min(owed, since) if model.emptied else owed
            if void and amount > 0:
                self.money.move(account_of(old.card_no, purse), "fee:lapsed_month", amount)
            elif amount > 0:
                first = model.period[0] if model.period else None
                self.parts.setdefault(old.card_no, []).append(Part(purse, model.area, first, model.newest(amount)))
                self.money.move(account_of(old.card_no, purse), f"held:{old.card_no}", amount)
