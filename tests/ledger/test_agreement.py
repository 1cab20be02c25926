"""Lines of the ledger and the rows they were booked for agree: who changes one of them is found, also with a whole chain."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from cardsvc.errors import CardGone, CardsvcError
from cardsvc.ledger.chain import link
from cardsvc.ledger.states import OrderState
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.purse.payments import Payment
from cardsvc.service.purse.swapped import SWAP_CHANNEL
from cardsvc.service.transactions.deposits import return_deposit, take_deposit
from cardsvc.store.records import TopUpOrder
from cardsvc.vcard import FaultPlan
from tests.databases import copy, on_postgresql, url_of
from tests.day.outlet import Hall, open_hall
from tests.world import DESK, FAMILIES, World

CARD = "3100010100000001"
PURSE, SUSPENSE = f"purse:{CARD}:purse:ep", f"suspense:{CARD}"
CASH = Payment(method="cash")
COLUMNS = "chain, number, kind, debit_account, credit_account, amount, reference, booked_at, previous_hash, hash"
Found = set[tuple[str, str, int]]
COUNTED_AS = {"refund_cash": "refund", "deposit_returned": "deposit_back", "order_held": "order_back"}


@pytest.fixture(scope="module")
def booked(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> Hall:
    """A drawer that was counted short, loads, a deposit that went back and one that is held, a refund, a correction."""
    world = World(tmp_path_factory.mktemp("booked") / "city.db")
    hall = open_hall(world)
    shift, card = hall.open(), world.issue(FAMILIES[0])
    for _ in range(2):
        world.do(card, "topup", DESK, amount=5000, payment={"method": "cash"})
    take_deposit(world.store, world.engine.rules, DESK, CARD, "T", CASH, by=hall["teller"], now=world.now)
    other = world.issue(FAMILIES[0], 2)
    world.do(other, "topup", DESK, amount=10000, payment={"method": "cash"})
    world.do(other, "refund", DESK)
    taken = (world.store, world.engine.rules, DESK, "3100010100000002")
    take_deposit(*taken, "T", CASH, by=hall["teller"], now=world.now)
    return_deposit(*taken, by=hall["teller"], now=world.now)
    world.do(other, "open", DESK, application="park", product="1", payment={"method": "cash"})
    hall.agree("correction", "x", {"debit": "fee:other", "credit": PURSE, "amount": 100, "corrects": "x"})
    hall.close(shift, hall.balance(f"drawer:{shift.shift_id}") - 1)
    hall.agree("shift_difference", shift.shift_id, _difference(hall, shift.shift_id), by="teller", second="boss")
    assert verify_ledger(world.store)["breaks"] == []
    world.close()
    return hall


@pytest.fixture
def hall(booked: Hall, tmp_path: Path) -> Iterator[Hall]:
    """A copy of it."""
    copy(booked.world.path, tmp_path / "city.db")
    world = World(tmp_path / "city.db", booked.world.now)
    yield Hall(world, booked.people)
    world.close()


def _difference(hall: Hall, shift_id: str) -> dict[str, int | None]:
    with hall.world.store.read() as uow:
        shift = uow.shifts.get(shift_id)
    assert shift is not None
    return {"counted": shift.counted, "expected": shift.expected}


def meddled(hall: Hall, *statements: str) -> Found:
    """What does not agree after somebody with the database's password was at it."""
    engine = create_engine(url_of(hall.world.path))
    with engine.begin() as raw:
        for table in ("transfer", "refund"):
            for trigger in ("no_update", "no_delete"):
                raw.exec_driver_sql(f"DROP TRIGGER {table}_{trigger}{f' ON {table}' if on_postgresql() else ''}")
        for statement in statements:
            raw.exec_driver_sql(statement)
    engine.dispose()
    breaks = verify_ledger(hall.world.store)["breaks"]
    told = [(b["what"], b["kind"], b["amount"], b["reference"], b["chain"], b["number"]) for b in breaks]
    assert len(told) == len(set(told)), "a place was told twice"
    return {(what, kind, amount) for what, kind, amount, *_where in told}


def one_more(hall: Hall, kind: str, debit: str, credit: str, reference: str = "x") -> str:
    """A line of 50 yuan at the end of the card's chain, with the right hash."""
    with hall.world.store.read() as uow:
        last = uow.ledger.of_chain(CARD)[-1]
    content = (CARD, last.number + 1, kind, debit, credit, 5000, reference, last.booked_at)
    values = (*content, last.hash, link(last.hash, content))
    told = ", ".join(str(value) if isinstance(value, int) else f"'{value}'" for value in values)
    return f"INSERT INTO transfer ({COLUMNS}) VALUES ({told})"


def test_the_last_lines_of_a_chain_that_no_seal_has_yet_are_missed(hall: Hall) -> None:
    """The chain by itself is whole without them."""
    gone = f"DELETE FROM transfer WHERE chain = '{CARD}' AND number > 4"
    assert meddled(hall, gone) == {("unbooked", "deposit_taken", 2000), ("unbooked", "correction", 0)}


@pytest.mark.parametrize(
    ("kind", "debit", "credit"),
    [
        ("load_confirmed", SUSPENSE, PURSE),
        ("purchase_confirmed", PURSE, "merchant:bus"),
        ("refund_cash", PURSE, "vault:hall"),
        ("deposit_returned", f"deposit:{CARD}", "vault:hall"),
        ("correction", "fee:other", PURSE),
        ("order_moved", f"held:{CARD}", PURSE),
        ("order_left", f"order:{CARD}", f"held:{CARD}"),
        ("order_held", f"order:{CARD}", f"held:{CARD}"),
        ("deposit_moved", f"held:{CARD}", f"deposit:{CARD}"),
        ("month_lapsed", PURSE, "fee:lapsed_month"),
        ("fee_taken", "vault:hall", "fee:park"),
        ("fee_authorised", "vault:hall", SUSPENSE),
        ("fee_confirmed", SUSPENSE, "fee:park"),
        ("fee_refunded", SUSPENSE, "vault:hall"),
        ("found_money", "vault:hall", PURSE),
    ],
)
def test_a_line_that_nothing_was_booked_for_is_found(hall: Hall, kind: str, debit: str, credit: str) -> None:
    """Whatever it calls itself: it goes by the rows, and its hash is right."""
    (found,) = meddled(hall, one_more(hall, kind, debit, credit))
    assert found == ("without_row", COUNTED_AS.get(kind, kind), 5000)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("UPDATE load SET amount = 9000 WHERE online_counter = 1", {5000, 9000}),
        ("UPDATE load SET amount = 9000, gift = 4000 WHERE online_counter = 1", {5000, 9000, 4000}),
        ("UPDATE load SET purse = 'ed' WHERE online_counter = 1", {5000}),
        ("UPDATE application_fee SET amount = 9000", {5000, 9000}),
        ("UPDATE application_fee SET application = 'bus'", {5000}),
        ("UPDATE application_fee SET record = NULL", {5000}),
        ("DELETE FROM application_fee", {5000}),
        ("UPDATE purchase SET amount = amount - 1", {10000, 9999}),
        ("DELETE FROM deposit WHERE state = 'taken'", {2000}),
        ("UPDATE deposit SET card_no = '3100010100000002' WHERE state = 'taken'", {2000}),
        ("UPDATE deposit SET state = 'returned', returned = 2000 WHERE state = 'taken'", {2000}),
        ("UPDATE shift SET counted = counted + 1", None),
        ("UPDATE approval SET kind = 'x', result = NULL, approval_id = 'y' WHERE subject = 'x'", {100}),
    ],
)
def test_a_row_that_was_changed_is_found(hall: Hall, sql: str, expected: set[int] | None) -> None:
    """The hash chain knows nothing of rows."""
    found = meddled(hall, sql)
    assert found
    assert expected is None or {amount for _what, _kind, amount in found} == expected


def test_a_load_that_only_says_that_it_is_on_the_card_is_found(hall: Hall) -> None:
    """The step from suspect to confirmed is allowed; what it books is not there."""
    card = hall.world.issue(FAMILIES[0], 3)
    card.plan = FaultPlan(tear_after_command=7)
    with suppress(CardsvcError):
        hall.world.do(card, "topup", DESK, amount=7000, payment={"method": "cash"})
    assert meddled(hall, "UPDATE load SET state = 'confirmed' WHERE state = 'suspect'") == {
        ("unbooked", "load_confirmed", 7000)
    }


def test_a_fee_that_only_says_that_it_went_back_is_found(hall: Hall) -> None:
    """Each step is allowed; the drawer that paid it is missing."""
    card = hall.world.issue(FAMILIES[0], 3)
    card.plan = FaultPlan(tear_before_write=1)
    with suppress(CardGone):
        hall.world.do(card, "open", DESK, application="park", product="1", payment={"method": "cash"})
    hall.world.do(card, "inspect", DESK)
    changed = "UPDATE application_fee SET state = 'refunded' WHERE state = 'not_written'"
    assert meddled(hall, changed) == {("unbooked", "fee_refunded", 5000)}


def test_an_order_of_a_swap_that_no_card_gave_is_found(hall: Hall) -> None:
    """It says that a card was drawn to zero for it."""
    with hall.world.store.begin() as uow:
        uow.orders.add(
            TopUpOrder(
                card_no=CARD,
                order_id="x",
                channel=SWAP_CHANNEL,
                product="citizen",
                area="purse",
                first_month=None,
                last_month=None,
                amount=5000,
                payment_method="transfer",
                payment_reference=f"{CARD}:x",
                state=OrderState.PAID,
                paid_at=hall.world.now,
            )
        )
        uow.commit()
    assert meddled(hall) == {("unbooked", "order_paid", 5000)}


def test_it_is_told_on_the_command_line(hall: Hall, tmp_path: Path) -> None:
    """In words, with exit code 1."""
    from tests.cli.test_cli import run

    meddled(hall, one_more(hall, "found_money", "vault:hall", PURSE))
    home: dict[str, Any] = {"CARDSVC_DATABASE_URL": url_of(hall.world.path), "HOME": str(tmp_path), "CARDSVC_LANG": "zh"}
    told = run(home, "audit", "verify", code=1).stdout
    assert f"{CARD} 7 found_money 50.00 x: 没有对应的业务记录" in told
    assert "账册有问题" in told
