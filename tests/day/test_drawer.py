"""Cash leaves a drawer only when it is in there and promised to nobody; more comes from the vault by two people."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError
from cardsvc.ledger.cash import drawer_added
from cardsvc.ledger.postings import correction
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.reports import day_sheet
from cardsvc.service.cash.drawer import propose_move
from cardsvc.service.cash.shifts import begin_close
from cardsvc.service.management.staff_admin import set_staff_state
from cardsvc.service.operations.kinds import Actor
from cardsvc.service.purse.payments import Payment
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.staff.approvals import approve, propose
from cardsvc.service.transactions.deposits import return_deposit, take_deposit
from cardsvc.store.records import Approval, Shift
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.day.outlet import PASSWORD, VAULT, Hall, refused
from tests.examples import examples
from tests.world import DESK, FAMILIES, KIOSK, balance_on

TORN_LOAD = FaultPlan(tear_before_command=7)
"""Before CREDIT FOR LOAD: the card does not have the money."""
SECOND = Actor("desk", "desk-2", bytes.fromhex("310000000002"), "desk")


def ask(hall: Hall, shift: Shift, direction: str, fen: int, by: str = "teller") -> Approval:
    """The teller asks for cash, in coins of one fen."""
    store, now = hall.world.store, hall.world.now
    return propose_move(store, APPROVALS, shift.shift_id, direction, {"1": fen}, "备用金", by=hall[by], now=now)


def carry(hall: Hall, shift: Shift, direction: str, fen: int) -> None:
    """A supervisor brings it, or takes it away."""
    asked = ask(hall, shift, direction, fen)
    approve(hall.world.store, APPROVALS, asked.approval_id, by=hall["boss"], now=hall.world.now)


def in_drawer(hall: Hall, shift: Shift) -> int:
    """What the books have in it."""
    return hall.balance(f"drawer:{shift.shift_id}")


def loaded(hall: Hall, number: int, fen: int = 5000) -> VirtualCard:
    """A card with money that came in cash at a kiosk: its refund comes out of a drawer that never saw it."""
    card = hall.world.issue(FAMILIES[0], number)
    hall.world.topup(card, fen)
    return card


def refused_refund(hall: Hall, card: VirtualCard, actor: Actor = DESK) -> Any:
    """The problem with which a refund is refused for want of cash."""
    with pytest.raises(CarriedOut, match=r"^drawer_holds_less \(not_done\)") as refusal:
        hall.world.do(card, "refund", actor)
    return refusal.value.reply.problem


def test_a_refund_that_is_not_in_the_drawer_waits_for_cash_from_the_vault(hall: Hall) -> None:
    """Refused before anything is asked of the purse, with what is there; a supervisor brings more, and it is paid."""
    card = loaded(hall, 1)
    shift = hall.open(pieces={"1000": 4})
    problem = refused_refund(hall, card)
    assert all(told in str(problem) for told in ("40.00", "49.50", shift.shift_id))
    assert balance_on(card)[0] == 5000
    carry(hall, shift, "in", 950)
    assert hall.world.do(card, "refund")["returned"] == 4950
    assert in_drawer(hall, shift) == 0
    assert hall.balance("vault:hall") == VAULT - 4950
    sheet = day_sheet(hall.world.store, hall.world.now.date(), "teller", "hall")
    (drawer,) = sheet["drawers"]
    assert (drawer["opening_float"], drawer["brought"], drawer["cash_out"], drawer["left"]) == (4000, 950, 4950, 0)


def test_another_desk_pays_from_its_own_drawer(hall: Hall) -> None:
    """What one drawer lacks, another may have."""
    card = loaded(hall, 1)
    hall.open(pieces={})
    full = hall.open("other", actor=SECOND)
    refused_refund(hall, card)
    hall.world.do(card, "refund", SECOND)
    assert in_drawer(hall, full) == 30000 - 4950


def test_the_cash_of_a_broken_load_is_promised_to_its_payer(hall: Hall) -> None:
    """Until the card tells, nobody else gets it; then it is paid back out of the drawer."""
    card, other = hall.world.issue(FAMILIES[0]), loaded(hall, 2)
    shift = hall.open(pieces={})
    card.plan = TORN_LOAD
    with pytest.raises(CardsvcError):
        hall.world.topup(card, 6000, DESK)
    assert in_drawer(hall, shift) == 6000
    refused_refund(hall, other)
    with refused("drawer_holds_less"):
        ask(hall, shift, "out", 1)
    hall.world.do(card, "inspect")
    assert in_drawer(hall, shift) == 0


@pytest.mark.parametrize("paid", [True, False])
def test_a_refund_that_broke_off_keeps_its_cash(hall: Hall, paid: bool) -> None:
    """The same cash is not given to the next; whether the first gets it, its card tells."""
    first, second = loaded(hall, 1), loaded(hall, 2)
    shift = hall.open(pieces={"1000": 6})
    first.plan = FaultPlan(tear_after_write=1) if paid else FaultPlan(tear_before_write=1)
    with pytest.raises(CardsvcError):
        hall.world.do(first, "refund")
    refused_refund(hall, second)
    hall.world.do(first, "inspect")
    if paid:
        refused_refund(hall, second)
    else:
        hall.world.do(second, "refund")
    assert in_drawer(hall, shift) == 6000 - 4950


def test_the_vault_keeps_what_a_closed_drawer_promised(hall: Hall) -> None:
    """A broken load and a broken refund, each in a shift that closes: neither a float nor the bank gets their cash; then the
    cards tell, both are paid, and the vault is empty but never owes."""
    torn, refunded = hall.world.issue(FAMILIES[0]), loaded(hall, 2)
    torn.plan, refunded.plan = TORN_LOAD, FaultPlan(tear_after_write=1)
    first, second = hall.open(pieces={}), hall.open("other", {"1000": 6}, SECOND)
    with pytest.raises(CardsvcError):
        hall.world.topup(torn, 6000, DESK)
    with pytest.raises(CardsvcError):
        hall.world.do(refunded, "refund", SECOND)
    hall.close(first, 6000)
    begin_close(hall.world.store, second.shift_id, by=hall["other"])
    hall.close(second, 6000, "other")
    assert hall.balance("vault:hall") == VAULT + 6000
    free = VAULT - 4950
    with pytest.raises(CardsvcError, match=f"has {free / 100:.2f} to give, not {(free + 1) / 100:.2f}"):
        hall.open(pieces={"1": free + 1})
    with refused("vault_short"):
        hall.agree(
            "correction",
            "slip-2",
            {"debit": "clearing:bank:hall", "credit": "vault:hall", "amount": free + 1, "corrects": "slip-2"},
        )
    assert hall.open(pieces={"1": free}).opening_float == free
    for card in (torn, refunded):
        hall.world.do(card, "inspect")
    assert hall.balance("vault:hall") == 0


@pytest.mark.parametrize("back", [dt.timedelta(seconds=30), dt.timedelta(days=400)])
def test_a_clock_that_goes_back_loses_no_cash_of_a_drawer(hall: Hall, back: dt.timedelta) -> None:
    """What is booked before the shift seems to have opened is in the drawer, and its promises are kept; so does another host's
    clock that is some seconds behind."""
    world = hall.world
    card, torn, other = world.issue(FAMILIES[0], 1), world.issue(FAMILIES[0], 2), loaded(hall, 3)
    shift = hall.open(pieces={})
    world.now -= back
    world.topup(card, 5000, DESK)
    torn.plan = TORN_LOAD
    with pytest.raises(CardsvcError):
        world.topup(torn, 6000, DESK)
    world.now += back
    with refused("drawer_holds_less"):
        ask(hall, shift, "out", 5001)
    world.do(torn, "inspect")
    world.do(other, "refund")
    closed = hall.close(shift, 50)
    assert (closed.state, closed.difference, in_drawer(hall, shift)) == ("closed", 0, 0)


def test_two_refunds_at_once_do_not_share_the_last_cash(hall: Hall) -> None:
    """Two readers of one desk, one drawer with enough for one."""
    cards = [loaded(hall, number) for number in (1, 2)]
    shift = hall.open(pieces={"1000": 5})

    def refund(card: VirtualCard) -> str:
        try:
            hall.world.do(card, "refund")
        except CarriedOut as ended:
            return str((ended.reply.problem or {})["code"])
        return "paid"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(refund, cards)) == ["drawer_holds_less", "paid"]
    assert in_drawer(hall, shift) == 50


def test_a_deposit_and_a_correction_are_bounded_too(hall: Hall) -> None:
    """Every way out of a drawer."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    rules, number, teller = world.engine.rules, world.card_no_of(card), hall["teller"]
    take_deposit(world.store, rules, KIOSK, number, "T", Payment(method="cash"), by=teller, now=world.now)
    shift = hall.open(pieces={"1000": 1})
    with refused("drawer_holds_less"):
        return_deposit(world.store, rules, DESK, number, by=teller, now=world.now)
    payload = {"debit": "vault:hall", "credit": f"drawer:{shift.shift_id}", "amount": 1001, "corrects": "slip-2"}
    with refused("drawer_holds_less"):
        hall.agree("correction", "slip-2", payload)
    carry(hall, shift, "in", 1000)
    returned = return_deposit(world.store, rules, DESK, number, by=teller, now=world.now).returned or 0
    assert in_drawer(hall, shift) == 2000 - returned >= 0


def test_no_correction_takes_cash_that_is_not_there_or_was_counted(hall: Hall) -> None:
    """Out of the vault only what is in it; a drawer that was counted, or that never was, takes and gives nothing."""
    shift = hall.open(pieces={"1000": 1})
    hall.close(shift, 900)
    counted, bank = f"drawer:{shift.shift_id}", "clearing:bank:hall"
    tried = [
        (bank, "vault:hall", VAULT + 1, "vault_short"),
        ("fee:card", counted, 500, "shift_not_open"),
        (counted, "fee:card", 500, "shift_not_open"),
        ("drawer:nonsense", "vault:hall", 500, "account_unknown"),
        (bank, "vault:nonsense", 500, "account_unknown"),
    ]
    for number, (debit, credit, amount, code) in enumerate(tried):
        with refused(code):
            hall.agree(
                "correction", f"slip-{number + 2}", {"debit": debit, "credit": credit, "amount": amount, "corrects": "x"}
            )
    assert (in_drawer(hall, shift), hall.balance("vault:hall")) == (1000, VAULT - 1000)


def test_a_vault_that_owes_is_put_right_by_a_correction(hall: Hall) -> None:
    """Cash that is brought into it is no cash taken out of it."""
    with hall.world.store.begin() as uow:
        uow.ledger.post("correction:torn", correction("clearing:bank:hall", "vault:hall", VAULT + 500), "torn", hall.world.now)
        uow.commit()
    payload = {"debit": "vault:hall", "credit": "clearing:bank:hall", "amount": 500, "corrects": "slip-2"}
    hall.agree("correction", "slip-2", payload)
    assert hall.balance("vault:hall") == 0


def test_who_may_move_cash_and_when(hall: Hall) -> None:
    """The teller of the drawer asks, a supervisor of the outlet agrees; out only what is there; not while people count."""
    world = hall.world
    add_outlet(world.store, "west", "城西", world.now)
    far = add_staff(world.store, NewStaff("far", "外网点", "supervisor", "west"), PASSWORD, world.now, by=hall["admin"])
    shift = hall.open(pieces={"1000": 1})
    for who in ("other", "boss", "auditor"):
        with refused("not_permitted"):
            ask(hall, shift, "in", 100, who)
    for direction, fen, code in (("out", 1001, "drawer_holds_less"), ("in", VAULT, "vault_short"), ("up", 1, "params_invalid")):
        with refused(code):
            ask(hall, shift, direction, fen)
    with refused("params_invalid"):
        ask(hall, shift, "in", 0)
    with refused("shift_unknown"):
        propose_move(world.store, APPROVALS, "nothing", "in", {"1": 1}, "x", by=hall["teller"], now=world.now)
    with refused("shift_unknown"):
        payload = {"direction": "in", "amount": 1}
        propose(world.store, APPROVALS, "drawer_cash", "nothing", payload, "x", by=hall["teller"], now=world.now)
    asked = ask(hall, shift, "out", 600)
    with refused("approval_open"):
        ask(hall, shift, "out", 600)
    for second, code in ((hall["teller"], "approval_own"), (hall["other"], "not_permitted"), (far, "approval_elsewhere")):
        with refused(code):
            approve(world.store, APPROVALS, asked.approval_id, by=second, now=world.now)
    approve(world.store, APPROVALS, asked.approval_id, by=hall["boss"], now=world.now)
    with refused("approval_decided"):
        approve(world.store, APPROVALS, asked.approval_id, by=hall["boss"], now=world.now)
    assert (in_drawer(hall, shift), hall.balance("vault:hall")) == (400, VAULT - 400)
    asked = ask(hall, shift, "in", 100)
    begin_close(world.store, shift.shift_id, by=hall["teller"])
    with refused("shift_not_open"):
        approve(world.store, APPROVALS, asked.approval_id, by=hall["boss"], now=world.now)
    assert hall.close(shift, 400).difference == 0


def test_where_no_other_supervisor_is_left_still_nobody_from_elsewhere_moves_cash(hall: Hall) -> None:
    """Other proposals they may decide then; whoever carries cash has the keys of this vault."""
    world = hall.world
    add_outlet(world.store, "west", "城西", world.now)
    far = add_staff(world.store, NewStaff("far", "外网点", "supervisor", "west"), PASSWORD, world.now, by=hall["admin"])
    asked = ask(hall, hall.open(pieces={"1000": 1}), "out", 600)
    for gone in ("boss", "second"):
        set_staff_state(world.store, gone, "suspended", by=hall["admin"], now=world.now)
    with refused("not_permitted"):
        approve(world.store, APPROVALS, asked.approval_id, by=far, now=world.now)


def test_no_move_is_booked_twice(hall: Hall) -> None:
    """The database itself refuses the second line of one decision."""
    shift = hall.open()
    with pytest.raises(CardsvcError), hall.world.store.begin() as uow:
        for _ in range(2):
            posting = drawer_added(shift.shift_id, "hall", 100)
            uow.ledger.post(f"shift:{shift.shift_id}", posting, "decision", hall.world.now)
        uow.commit()
    assert in_drawer(hall, shift) == 30000


deeds = st.tuples(
    st.sampled_from(["load", "load", "torn load", "refund", "torn refund", "look", "in", "out"]),
    st.integers(0, 1),
    st.sampled_from([5000, 8000, 300, 20000]),
)


@examples(10)
@given(st.lists(deeds, min_size=3, max_size=10))
def test_whatever_happens_a_drawer_never_owes(hall: Hall, day: list[tuple[str, int, int]]) -> None:
    """Loads, refunds, broken ones, and cash carried: at every moment there is in the drawer what is promised out of it."""
    with hall.world.store.read() as uow:
        known = uow.shifts.unfinished("hall")
    shift = known[0] if known else hall.open(pieces={"1000": 1})
    hall_cards = hall.__dict__.setdefault("cards", [])
    while len(hall_cards) < 2:
        hall_cards.append(loaded(hall, len(hall_cards) + 1))
    for deed, number, fen in day:
        hall.world.now += dt.timedelta(minutes=2)
        with suppress(CardsvcError, CarriedOut):
            happen(hall, shift, hall_cards[number], deed, fen)
        assert in_drawer(hall, shift) >= promised(hall)
    assert sum(hall.world.balances().values()) == 0


def happen(hall: Hall, shift: Shift, card: VirtualCard, deed: str, fen: int) -> None:
    """One thing at the desk."""
    if deed.startswith("torn"):
        card.plan = FaultPlan(tear_after_write=1) if fen == 8000 else FaultPlan(tear_before_write=1)
    if deed in ("in", "out"):
        hall.agree("drawer_cash", shift.shift_id, {"direction": deed, "amount": fen})
    elif deed == "look":
        hall.world.do(card, "inspect")
    elif deed.endswith("load"):
        hall.world.topup(card, fen, DESK)
    else:
        hall.world.do(card, "refund")


def promised(hall: Hall) -> int:
    """Cash that a card may still call for: suspense of loads at the desk, and refunds whose proof is not there yet."""
    suspense = -sum(amount for account, amount in hall.world.balances().items() if account.startswith("suspense:"))
    with hall.world.store.read() as uow:
        open_ = [row for row in uow.purchases.where() if row.state in ("authorised", "suspect")]
        refunds = [uow.refunds.get(row.card_no, row.purchase_id) for row in open_]
    return suspense + sum(part["amount"] for row in refunds if row for part in row.payouts if part["kind"] == "refund_cash")
