"""Corrections by hand: new transfers of two people, where the books look for them, and never of what rows account for."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cardsvc.errors import CardsvcError
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.staff.approvals import propose
from cardsvc.service.transactions.held_payout import move_due
from cardsvc.service.transactions.takeovers import hold_card
from tests.batches.merchant import Reader
from tests.day.outlet import Hall, refused
from tests.world import DESK, FAMILIES, KIOSK

NOWHERE = (
    "clearing:bnak:hall",
    "clearing:bank:hlal",
    "clearing:bank:hall:2",
    "clearing:bank",
    "clearing:terminal:kiosk-99",
    "clearing:channel:mobbile",
    "payout:wechta",
    "difference:hlal",
    "merchant:bsu",
    "vault:hlal",
    "drawer:3c7a1b52",
)
PURSE = "purse:3100010100000001:purse:ep"


def test_a_purse_is_corrected_in_the_books_of_its_card(hall: Hall) -> None:
    """What two people paid out of it is not moved to a new card as well, when the card cannot be read and the books decide."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    card_no = world.card_no_of(card)
    world.topup(card, 5000)
    done = hall.agree("correction", "claim-1", {"debit": PURSE, "credit": "vault:hall", "amount": 4000, "corrects": "claim-1"})
    assert done.result["chain"] == card_no
    hold_card(world.store, world.engine.rules, card_no, by=hall["boss"], now=world.now)
    world.now += dt.timedelta(days=20)
    move_due(world.store, card_no, world.now)
    assert (hall.balance(f"held:{card_no}"), hall.balance(PURSE)) == (-1000, 0)
    assert verify_ledger(world.store)["breaks"] == []


def test_a_claim_that_is_granted_after_a_refund_is_not_lost(hall: Hall) -> None:
    """The card was emptied before, so what the books have is offline spending on its way, but for what two people put there."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    card_no = world.card_no_of(card)
    world.topup(card, 5000)
    hall.open()
    Reader().debit(card, card_no, 200, world.now)
    world.do(card, "refund")
    hall.agree("correction", "claim-1", {"debit": "vault:hall", "credit": PURSE, "amount": 300, "corrects": "claim-1"})
    hall.agree("correction", "claim-2", {"debit": PURSE, "credit": "fee:card", "amount": 50, "corrects": "claim-2"})
    hold_card(world.store, world.engine.rules, card_no, by=hall["boss"], now=world.now)
    world.now += dt.timedelta(days=20)
    move_due(world.store, card_no, world.now)
    assert (hall.balance(f"held:{card_no}"), hall.balance(PURSE)) == (-250, -200)


@pytest.mark.parametrize(
    ("debit", "credit", "code"),
    [
        ("fee:card", "purse:3100010100000009:purse:ep", "account_unknown"),
        ("fee:card", "purse:3100010100000001:purse", "account_unknown"),
        ("fee:card", "purse:3100010100000001:buss:ep", "account_unknown"),
        *((account, "vault:hall", "account_unknown") for account in NOWHERE),
        (PURSE, PURSE.replace("0001:", "0002:"), "params_invalid"),
        *((f"{kind}:3100010100000001", "fee:card", "account_not_by_hand") for kind in ("suspense", "order", "held", "deposit")),
    ],
)
def test_what_no_two_people_correct_by_hand(hall: Hall, debit: str, credit: str, code: str) -> None:
    """A purse of no card, a bank, channel, outlet or operator that there is not, two cards in one line, and money that rows of
    their own account for: not even proposed."""
    world = hall.world
    for number in (1, 2):
        world.issue(FAMILIES[0], number)
    payload = {"debit": debit, "credit": credit, "amount": 500, "corrects": "slip-9"}
    with refused(code):
        propose(world.store, APPROVALS, "correction", "slip-9", payload, "更正", by=hall["teller"], now=world.now)


def test_what_somebody_stands_behind_is_corrected(hall: Hall) -> None:
    """A terminal, channels and an outlet that there are, and what the books have already."""
    world = hall.world
    world.topup(world.issue(FAMILIES[0]), 5000, DESK)
    world.register(KIOSK)
    known = ("terminal:kiosk-7", "channel:mobile", "bank:hall", "desk:desk-1")
    for account in (*(f"clearing:{name}" for name in known), "payout:bank_card", "difference:hall"):
        before = hall.balance(account)
        hall.agree("correction", account, {"debit": account, "credit": "vault:hall", "amount": 500, "corrects": account})
        assert hall.balance(account) == before + 500


def test_several_who_propose_the_same_at_once_make_one_proposal(hall: Hall) -> None:
    """Or each would be agreed to, and the same slip booked as often."""
    world = hall.world
    payload = {"debit": "fee:card", "credit": "vault:hall", "amount": 500, "corrects": "slip-9"}
    gate = threading.Barrier(4)

    def ask(who: str) -> str:
        gate.wait()
        try:
            propose(world.store, APPROVALS, "correction", "slip-9", payload, "更正", by=hall[who], now=world.now)
        except CardsvcError as error:
            return error.code
        return "asked"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(ask, ("teller", "other", "boss", "second")))
    assert answers == ["approval_open"] * 3 + ["asked"]


def test_corrections_are_new_transfers_of_two_people(hall: Hall) -> None:
    """Booked in a chain of its own when another person agrees; nonsense is not even proposed."""
    good = {"debit": "fee:card", "credit": "vault:hall", "amount": 500, "corrects": "slip-9"}
    bad = [
        {**good, "debit": "treasure:mine"},
        {**good, "debit": good["credit"]},
        {**good, "amount": 0},
        {**good, "amount": -5},
        {**good, "amount": 2**40},
        {**good, "extra": 1},
        {**good, "debit": "vault:hall\nx"},
    ]
    before = hall.balance("vault:hall")
    for payload in bad:
        with pytest.raises(CardsvcError) as told:
            propose(hall.world.store, APPROVALS, "correction", "slip-9", payload, "更正", by=hall["teller"], now=hall.world.now)
        assert told.value.code in ("params_invalid", "account_unknown")
    done = hall.agree("correction", "slip-9", good, second="auditor")
    assert hall.balance("vault:hall") == before - 500
    with hall.world.store.read() as uow:
        (line,) = uow.ledger.of_chain(done.result["chain"])
    assert (line.kind, line.amount, line.reference) == ("correction", 500, done.approval_id)
