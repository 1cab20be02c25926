"""What staff does: shifts and their drawers, deposits, suspects settled by two people, the end of the day."""

import datetime as dt
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cardsvc.errors import CardsvcError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.day_end import end_day
from cardsvc.service.cash.shifts import begin_close, explain_difference
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.payments import Payment
from cardsvc.service.purse.suspects import attachment, suspects, take
from cardsvc.service.staff.approvals import approve
from cardsvc.service.transactions.deposits import return_deposit, take_deposit
from tests.money.at_terminals import AtTerminals
from tests.money.city import DESKS
from tests.money.machine import cards
from tests.money.model import CASH
from tests.money.witness import PURSES

TELLERS = {"desk-1": "teller", "desk-2": "other"}
DEPOSITS = {"T": (2000, 33), "C": (3000, 50)}
"""Deposit, and what a month that was begun takes off, in fen."""
desks = st.sampled_from(DESKS)


class AtDesk(AtTerminals):
    """Shifts, deposits and the day."""

    def set_out(self, era: str) -> None:
        """No deposit was taken."""
        super().set_out(era)
        self.deposits: dict[str, tuple[str, str, dt.date]] = {}

    @rule(actor=desks)
    def open_a_shift(self, actor: Actor) -> None:
        """With a float of 300.00 from the vault."""
        self.tick()
        try:
            shift = self.hall.open(TELLERS[actor.id], actor=actor)
        except CardsvcError as error:
            self.refused("open shift", error.code)
            return
        assert actor.id not in self.shifts
        self.shifts[actor.id] = shift
        self.money.move(f"drawer:{shift.shift_id}", "vault:hall", 30000)

    @rule(desk=st.sampled_from(sorted(TELLERS)), direction=st.sampled_from(["in", "out"]), fen=st.sampled_from([500, 20000]))
    def carry_cash(self, desk: str, direction: str, fen: int) -> None:
        """A supervisor brings cash into a drawer, or takes some to the vault."""
        self.tick()
        if desk not in self.shifts:
            return
        shift = self.shifts[desk]
        try:
            self.hall.agree("drawer_cash", shift.shift_id, {"direction": direction, "amount": fen}, TELLERS[desk])
        except CardsvcError as error:
            self.refused("carry cash", error.code)
            return
        self.money.move(f"drawer:{shift.shift_id}", "vault:hall", fen if direction == "in" else -fen)

    @rule(desk=st.sampled_from(sorted(TELLERS)))
    def stop_taking_cash(self, desk: str) -> None:
        """The drawer is about to be counted; jobs go on."""
        if desk in self.shifts:
            teller = self.hall[TELLERS[desk]]
            self.shifts[desk] = begin_close(self.world.store, self.shifts[desk].shift_id, by=teller)

    @rule(desk=st.sampled_from(sorted(TELLERS)), wrong=st.sampled_from([0, 0, 1, -100, 5000]))
    def close_a_shift(self, desk: str, wrong: int) -> None:
        """By another count. A difference is explained, and another person agrees."""
        self.tick()
        shift = self.shifts.pop(desk, None)
        if shift is None:
            return
        drawer, open_money = f"drawer:{shift.shift_id}", self.open_money()
        there = self.hall.balance(drawer)
        sure = self.money.accounts[drawer]
        assert abs(there - sure) <= open_money, "only what is not settled yet may be in or out of a drawer besides"
        counted = max(0, there + wrong)
        closed = self.hall.close(shift, counted, TELLERS[desk])
        if counted != there:
            assert closed.state == "difference_pending"
            teller, now = self.hall[TELLERS[desk]], self.world.now
            asked = explain_difference(self.world.store, APPROVALS, shift.shift_id, "少找了零钱", by=teller, now=now)
            approve(self.world.store, APPROVALS, asked.approval_id, by=self.hall["boss"], now=now)
        self.money.move("vault:hall", drawer, sure)
        self.money.move("vault:hall", "difference:hall", counted - there)

    def open_money(self) -> int:
        """Money of loads, purchases and refunds whose fate is not known yet, by the service's own books."""
        loads = sum(amount for account, amount in self.world.balances().items() if account.startswith("suspense:"))
        return -loads + sum(self.open_purchases(held.card_no) for held in self.held)

    def open_purchases(self, card_no: str) -> int:
        """What may have been paid from a card and is not known yet."""
        with self.world.store.read() as uow:
            return sum(purchase.amount for purchase in uow.purchases.open_on(card_no))

    @rule(card=cards, actor=desks, method=st.sampled_from([CASH, "mobile"]), back=st.booleans())
    def deposit(self, card: int, actor: Actor, method: str, back: bool) -> None:
        """Taken with a product, and given back less what its use took off when the card is empty."""
        self.tick()
        held, teller = self.pick(card), self.hall[TELLERS[actor.id]]
        if not back and held.kind.bus in DEPOSITS:
            payment = Payment(**self.payment(method, again=False))
            with suppress(CardsvcError):
                args = (self.world.store, self.world.engine.rules, actor, held.card_no, held.kind.bus, payment)
                take_deposit(*args, by=teller, now=self.world.now)
                assert held.card_no not in self.deposits
                self.deposits[held.card_no] = held.kind.bus, method, self.today
                amount = DEPOSITS[held.kind.bus][0]
                self.money.move(self.till(actor, method), f"deposit:{held.card_no}", amount)
        elif back:
            with suppress(CardsvcError):
                rules = self.world.engine.rules
                return_deposit(self.world.store, rules, actor, held.card_no, by=teller, now=self.world.now)
                product, method, taken = self.deposits.pop(held.card_no)
                assert not any(self.money.balance(held.card_no, purse) for purse in PURSES)
                amount, monthly = DEPOSITS[product]
                months = (self.today.year - taken.year) * 12 + self.today.month - taken.month + (self.today.day >= taken.day)
                worn = min(amount, monthly * months)
                way = self.till(actor, CASH) if method == CASH else f"payout:{method}"
                self.money.move(f"deposit:{held.card_no}", way, amount - worn)
                self.money.move(f"deposit:{held.card_no}", "fee:depreciation", worn)

    @rule()
    def two_people_settle(self) -> None:
        """What is suspect, by documents that say what happened."""
        self.tick()
        self.world.engine.sweep_all()
        for row in suspects(self.world.store, self.world.now):
            since = dt.datetime.fromisoformat(row["since"])
            written = (row["card_no"], row["amount"], since) in self.on_cards
            if row["subject"] == "fee":
                written = self.has_what_was_paid(row["card_no"])
            payload = {
                "card_no": row["card_no"],
                "written": written,
                "attachments": [attachment("journal.txt", "终端流水".encode())],
            }
            self.hall.agree("settle_suspect", row["id"], payload)

    def has_what_was_paid(self, card_no: str) -> bool:
        """Whether a card has the pass that was paid for."""
        raise NotImplementedError(card_no)  # of whoever sells them: passes.py

    @rule()
    def end_the_day(self) -> None:
        """Drawers are closed, suspects get an owner, orders whose months are over go back, and the books are sealed."""
        self.world.now += dt.timedelta(minutes=2)
        self.world.engine.sweep_all()
        for desk in sorted(self.shifts):
            self.close_a_shift(desk, 0)
        for row in suspects(self.world.store, self.world.now):
            take(self.world.store, row["card_no"], row["id"], "等卡片再来", by=self.hall["boss"], now=self.world.now)
        self.send_orders_back()
        try:
            end_day(self.world.store, "hall", self.today, by=self.hall["boss"], now=self.world.now)
        except CardsvcError as error:
            assert error.code == "day_ended"
