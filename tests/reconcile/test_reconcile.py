"""Ledger, cards and files against each other: each difference has its reason, and its entry goes through two people."""

import datetime as dt
from typing import Any

import pytest

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.ledger.postings import Posting
from cardsvc.rules import load_rule_set
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.batches import GivenFile, import_file
from cardsvc.service.books.audit import verify_ledger
from cardsvc.service.reconcile.correct import Correction, explain, parse_difference, propose_entry, take
from cardsvc.service.reconcile.run import Scope, difference_view, reconcile, run_view
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.staff.approvals import approve
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.store.records import Difference, Staff
from cardsvc.units import LOCAL, format_yuan
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.batches.merchant import Reader, spending_file
from tests.reconcile.seen import sighting
from tests.world import FAMILIES, KIOSK, World, balance_on, key_ring

CARD = "3100010100000001"
PURSE = f"purse:{CARD}:purse:ep"
RULES = load_rule_set()


@pytest.fixture
def card(world: World) -> VirtualCard:
    """A card with 500.00 in its purse."""
    card = world.issue(FAMILIES[0])
    world.topup(card, 50000)
    tick(world)
    return card


@pytest.fixture
def people(world: World) -> dict[str, Staff]:
    """Two supervisors and a clerk."""
    add_outlet(world.store, "hall", "市民之家", world.now)
    admin = add_staff(world.store, NewStaff("admin", "admin", "administrator", "hall"), "only for tests", world.now, by=None)
    roles = {"clerk": "clerk", "li": "supervisor", "wang": "supervisor"}
    hired = {
        name: add_staff(world.store, NewStaff(name, name, role, "hall"), "only for tests", world.now, by=admin)
        for name, role in roles.items()
    }
    register_terminal(world.store, "kiosk-7", "kiosk", "310000000007", "aa" * 32, "topup", world.now)
    return hired


def tick(world: World, **more: float) -> None:
    world.now += dt.timedelta(**(more or {"seconds": 5}))


def run(world: World, channel: str | None = None, terminal: str | None = None) -> list[Difference]:
    """Reconcile today; the run's counts say the same as its differences."""
    done = reconcile(
        world.store, RULES, Scope(world.now.astimezone(LOCAL).date(), channel, terminal), world.now, by=world.bookkeeper()
    )
    with world.store.read() as uow:
        found = uow.differences.of_run(done.run_id)
    assert sum(run_view(done)["counts"].values()) == len(found)
    assert all(difference_view(row)["reason"]["zh"] for row in found)
    return found


def told(found: list[Difference]) -> list[tuple[str, str, str | None]]:
    """Code, state and explanation of each."""
    return [(row.code, row.state, row.explanation) for row in found]


def take_in(world: World, kind: str, party: str, content: str) -> None:
    import_file(world.store, key_ring(), GivenFile(kind, party, "file.csv", content.encode()), world.now, by=world.bookkeeper())


def statement(kind: str, *lines: tuple[str, int, str]) -> str:
    """A channel's file (reference, amount, fee) or a terminal's (reference, amount, result)."""
    head = "reference,amount,date_time," + ("fee" if kind == "channel" else "result")
    body = [f"{reference},{amount},20261124120000,{last}" for reference, amount, last in lines]
    return "\n".join([head, *body, f"END,{len(lines)},{sum(amount for _, amount, _ in lines)}", ""])


def mobile(world: World, card: VirtualCard, reference: str, amount: int = 5000) -> str:
    tick(world)
    done = world.do(card, "topup", KIOSK, amount=amount, payment={"method": "mobile", "reference": reference})
    return str(done["load_id"])


def test_a_day_without_differences_has_none(world: World, card: VirtualCard) -> None:
    """Top-ups, purchases through the service and rides that came in."""
    world.do(card, "purchase", amount=300, merchant="bus")
    tick(world)
    rides = [Reader().debit(card, CARD, 200, world.now)]
    tick(world)
    world.do(card, "inspect")
    take_in(world, "spending", "bus", spending_file(rides))
    assert run(world) == []


def test_rides_on_their_way_explain_a_balance_until_too_long(world: World, card: VirtualCard) -> None:
    """The missing number is named; the late file closes it; after the rule's days somebody must see to it."""
    reader = Reader()
    rides = [reader.debit(card, CARD, amount, world.now) for amount in (200, 300)]
    tick(world)
    world.do(card, "inspect")
    found = run(world)
    assert told(found) == [("balance_differs", "explained", "unsettled_spends"), ("counter_gap", "explained", "waits_for_file")]
    assert (found[0].amount, found[1].details["missing"]) == (500, [[0, 1]])
    shown = [difference_view(row)["details_text"]["en"] for row in found]
    assert shown == [f"books {format_yuan(balance_on(card)[0] + 500)}, card {format_yuan(balance_on(card)[0])}", "counter 0-1"]
    take_in(world, "spending", "bus", spending_file(rides[1:]))
    found = run(world)
    assert (found[0].amount, found[1].details["missing"]) == (200, [[0, 0]])
    tick(world, days=8)
    world.do(card, "inspect")
    assert told(run(world))[1] == ("counter_gap", "open", None)
    take_in(world, "spending", "bus", spending_file(rides[:1]))
    assert told(run(world)) == [("late_record", "explained", "booked_late")]
    assert world.purse_total(CARD) == balance_on(card)[0]


def test_a_look_that_shows_no_offline_counter_is_cut_at_the_right_ride(world: World, card: VirtualCard) -> None:
    """A top-up does not show it; rides before and after it are told apart though the reader's clock is an hour wrong."""
    reader = Reader()
    rides = [reader.debit(card, CARD, 200, world.now + dt.timedelta(hours=1))]
    tick(world)
    world.topup(card)
    tick(world)
    rides.append(reader.debit(card, CARD, 350, world.now + dt.timedelta(hours=1)))
    take_in(world, "spending", "bus", spending_file(rides))
    assert run(world) == []


def meddle(world: World, debit: str, credit: str, amount: int) -> None:
    """A wrong line in the books, as an error of an earlier system would have left it."""
    with world.store.begin() as uow:
        uow.ledger.post(CARD, Posting("migrated", debit, credit, amount), f"m{amount}", world.now)
        uow.commit()


@pytest.mark.parametrize(
    ("amount", "why"),
    [(20000, "bicycle_guarantee"), (-20000, "bicycle_guarantee"), (777, None), (-777, None), (-200, None)],
)
def test_balances_that_differ_are_explained_or_open(
    world: World, card: VirtualCard, people: dict[str, Staff], amount: int, why: str | None
) -> None:
    """The bicycle's 200.00 either way is lawful; anything else has an entry that makes both sides agree, once."""
    sides = ("fee:other", PURSE) if amount > 0 else (PURSE, "fee:other")
    meddle(world, *sides, abs(amount))
    world.do(card, "inspect")
    found = run(world)
    assert told(found) == [("balance_differs", "explained" if why else "open", why)]
    assert found[0].amount == amount
    if why:
        assert found[0].entry is None
        return
    correct(world, found[0], people)
    assert world.purse_total(CARD) == balance_on(card)[0]
    assert run(world) == []
    audited = verify_ledger(world.store)
    assert (audited["total"], [broken["kind"] for broken in audited["breaks"]]) == (0, ["migrated"])


def test_the_last_ride_is_owed_and_no_error(world: World, card: VirtualCard) -> None:
    """The reader took what was left; the operator's file has the whole fare. The books then are below zero by what is owed."""
    world.do(card, "purchase", amount=49900, merchant="shop")
    tick(world)
    Reader().debit(card, CARD, 100, world.now)
    meddle(world, PURSE, "merchant:bus", 200)
    tick(world)
    world.do(card, "inspect")
    found = [row for row in run(world) if row.code == "balance_differs"]
    assert told(found) == [("balance_differs", "explained", "last_ride_owed")]


def correct(world: World, row: Difference, people: dict[str, Staff]) -> None:
    """One proposes, another approves."""
    asked = propose_of(world, row, people["clerk"])
    approve(world.store, APPROVALS, asked.approval_id, by=people["wang"], now=world.now)


def test_a_correction_needs_two_people_and_is_booked_once(world: World, card: VirtualCard, people: dict[str, Staff]) -> None:
    """Whichever run found it; not after the card's books moved on; and explained ones have nothing to book."""
    meddle(world, "fee:other", PURSE, 777)
    world.do(card, "inspect")
    first, again = run(world)[0], run(world)[0]
    asked = propose_of(world, first, people["li"])
    for by, code in (("li", "approval_own"), ("clerk", "not_permitted")):
        with pytest.raises(CardsvcError, match=code):
            approve(world.store, APPROVALS, asked.approval_id, by=people[by], now=world.now)
    with pytest.raises(CardsvcError, match="approval_open"):
        propose_of(world, again, people["clerk"])
    tick(world)
    world.topup(card)
    with pytest.raises(CardsvcError, match="difference_stale"):
        approve(world.store, APPROVALS, asked.approval_id, by=people["wang"], now=world.now)
    tick(world)
    world.do(card, "inspect")
    fresh, twin = run(world)[0], run(world)[0]
    correct(world, fresh, people)
    with pytest.raises(CardsvcError, match="difference_settled"):
        propose_of(world, twin, people["li"])
    assert world.purse_total(CARD) == balance_on(card)[0]


def propose_of(world: World, row: Difference, by: Staff) -> Any:
    which = parse_difference(f"{row.run_id}/{row.number}")
    return propose_entry(world.store, APPROVALS, which, "对账差异", by=by, now=world.now)


def test_a_channels_file_against_the_loads(world: World, card: VirtualCard, people: dict[str, Staff]) -> None:
    """Every way in which they can disagree, each with its entry."""
    for reference in ("M-same", "M-more", "M-less", "M-absent"):
        mobile(world, card, reference)
    assert told(run(world, channel="mobile")) == [("missing_in_file", "open", None)]
    same = ("M-same", 5000, "30")
    lines = [same, ("M-more", 6000, ""), ("M-less", 4000, ""), ("M-strange", 9900, ""), same]
    take_in(world, "channel", "mobile", statement("channel", *lines))
    found = run(world, channel="mobile")
    assert [(row.code, row.subject, row.amount, row.state) for row in found] == [
        ("amount_differs", "mobile:M-more", 1000, "open"),
        ("amount_differs", "mobile:M-less", -1000, "open"),
        ("reference_unknown", "mobile:M-strange", 9900, "open"),
        ("duplicate_in_file", "mobile:M-same", 5000, "explained"),
        ("loaded_not_paid", "mobile:M-absent", 5000, "open"),
    ]
    for row in found:
        if row.state == "open":
            correct(world, row, people)
    balances = world.balances()
    assert balances["payout:mobile"] == -(1000 + 9900)
    assert balances["clearing:channel:mobile"] == 1000 + 9900
    assert balances["difference:reconciliation"] == 1000 + 5000
    assert world.purse_total(CARD) == balance_on(card)[0]
    later = run(world, channel="mobile")
    assert {row.state for row in later} == {"explained"}
    assert all(difference_view(row)["explanation_text"] for row in later), "each in words"


def test_money_that_was_paid_and_did_not_reach_the_card(world: World, card: VirtualCard, people: dict[str, Staff]) -> None:
    """Open: the card decides. Proved not written: it goes back the way it came."""
    card.plan = FaultPlan(tear_before_command=7)  # CREDIT FOR LOAD
    with pytest.raises(CardsvcError):
        mobile(world, card, "M-torn")
    take_in(world, "channel", "mobile", statement("channel", ("M-torn", 5000, "")))
    assert ("paid_not_loaded", "explained", "open_transaction") in told(run(world))
    tick(world)
    assert world.do(card, "inspect")["settled"][0]["state"] == "refunded"
    (found,) = run(world)
    assert told([found]) == [("paid_not_loaded", "open", None)]
    correct(world, found, people)
    assert world.balances()["payout:mobile"] == -5000


def test_an_open_load_explains_more_on_the_card_than_in_the_books(world: World, card: VirtualCard) -> None:
    """When the card has it and cannot say so."""
    card.plan = FaultPlan(tear_after_command=7)
    with pytest.raises(CardsvcError):
        world.topup(card)
    with world.store.begin() as uow:
        uow.sightings.add(sighting(CARD, balance_on(card), world.now + dt.timedelta(seconds=1)))
        uow.commit()
    found = [row for row in run(world) if row.code == "balance_differs"]
    assert told(found) == [("balance_differs", "explained", "open_transaction")]


def test_a_terminals_journal_against_the_loads(world: World, card: VirtualCard, people: dict[str, Staff]) -> None:
    """By load or by idempotency key; the card's TAC outweighs what the terminal believes."""
    loads = [mobile(world, card, f"M{number}") for number in range(4)]
    with world.store.read() as uow:
        load = uow.loads.get(CARD, loads[1])
        assert load is not None
        operation = uow.operations.get(load.operation_id)
    assert operation is not None
    lines = [
        (loads[0], 5000, "written"),
        (operation.idempotency_key, 5000, "not_written"),
        (loads[2], 5500, "written"),
        ("nothing-of-ours", 5000, "written"),
        ("never-written", 5000, "not_written"),
    ]
    take_in(world, "terminal", "kiosk-7", statement("terminal", *lines))
    with world.store.read() as uow:
        (cash,) = (row.load_id for row in uow.loads.of_card(CARD) if row.payment_method == "cash")
    assert {(row.code, row.subject, row.state) for row in run(world, terminal="kiosk-7")} == {
        ("paid_not_loaded", f"kiosk-7:{operation.idempotency_key}", "explained"),
        ("amount_differs", f"kiosk-7:{loads[2]}", "open"),
        ("reference_unknown", "kiosk-7:nothing-of-ours", "open"),
        ("missing_in_file", f"kiosk-7:{loads[3]}", "open"),
        ("missing_in_file", f"kiosk-7:{cash}", "open"),
    }


def test_forged_and_contradicting_records_are_differences(world: World, card: VirtualCard, people: dict[str, Staff]) -> None:
    """A wrong TAC has no entry; a genuine purchase under a used counter may be owed, when two people say so."""
    reader = Reader()
    rides = [reader.debit(card, CARD, amount, world.now) for amount in (200, 300)]
    tick(world)
    world.do(card, "inspect")
    first, second = rides
    forged = [first.with_(tac="00000000"), second.with_(card_no="9" * 16)]
    bad = [first, second.with_(offline_counter=0), *forged, first]
    take_in(world, "spending", "bus", spending_file(bad))
    found = {row.code: row for row in run(world)}
    assert found["tac_wrong"].entry is None
    shown = {code: difference_view(row)["details_text"]["zh"] for code, row in found.items()}
    assert shown["tac_wrong"] == "计数器 0，终端 330100000042"
    assert shown["duplicate_in_file"].endswith(" 第 6 行")
    assert found["reference_unknown"].entry is None
    assert told([found["duplicate_in_file"]]) == [("duplicate_in_file", "explained", "counted_once")]
    assert found["counter_gap"].details["missing"] == [[1, 1]]
    assert found["counter_conflict"].entry == {"chain": CARD, "debit": PURSE, "credit": "merchant:bus", "amount": 300}
    with pytest.raises(CardsvcError, match="difference_without_entry"):
        propose_of(world, found["tac_wrong"], people["clerk"])
    correct(world, found["counter_conflict"], people)
    assert world.purse_total(CARD) == balance_on(card)[0]


def test_differences_are_owned_and_explained_by_people(world: World, card: VirtualCard, people: dict[str, Staff]) -> None:
    """What was explained stays so in the next run; it cannot be explained twice, by anybody, or without words."""
    meddle(world, "fee:other", PURSE, 777)
    world.do(card, "inspect")
    (row,) = run(world)
    which = Correction(run_id=row.run_id, number=row.number)
    assert take(world.store, which, by=people["clerk"], now=world.now).owner == "clerk"
    with pytest.raises(CardsvcError, match="not_permitted"):
        explain(world.store, which, "x", by=people["clerk"], now=world.now)
    with pytest.raises(CardsvcError, match="reason_missing"):
        explain(world.store, which, " ", by=people["li"], now=world.now)
    explain(world.store, which, "旧系统遗留，已核实", by=people["li"], now=world.now)
    with pytest.raises(CardsvcError, match="difference_settled"):
        explain(world.store, which, "x", by=people["li"], now=world.now)
    (later,) = run(world)
    assert told([later]) == [("balance_differs", "explained", "旧系统遗留，已核实")]
    assert later.details["earlier"] == f"{row.run_id}/{row.number}"
    for text in ("nonsense", f"{row.run_id}/99", f"{row.run_id}/-1", "/"):
        with pytest.raises(CardsvcError, match="difference_unknown"):
            take(world.store, parse_difference(text), by=people["li"], now=world.now)


def test_runs_that_make_no_sense_are_refused(world: World) -> None:
    """A day to come, a channel or terminal that there is not."""
    today = world.now.astimezone(LOCAL).date()
    for scope, code in (
        (Scope(today + dt.timedelta(days=1)), "reconcile_day_wrong"),
        (Scope(today, channel="cash"), "batch_party_unknown"),
        (Scope(today, terminal="nobody"), "batch_party_unknown"),
        (Scope(dt.date(2000, 1, 1)), "rule_no_reconciliation"),
    ):
        with pytest.raises(CardsvcError, match=code):
            reconcile(world.store, RULES, scope, world.now, by=world.bookkeeper())


def test_the_database_keeps_runs_and_states(world: World, card: VirtualCard) -> None:
    """A run stays as it was; a difference does not open again."""
    meddle(world, "fee:other", PURSE, 20000)
    world.do(card, "inspect")
    (row,) = run(world)
    with world.store.read() as uow:
        done = uow.runs.get(row.run_id)
    assert done is not None
    with pytest.raises(StoreError, match="append-only"), world.store.begin() as uow:
        uow.runs.change(done, day=dt.date(2026, 1, 1))
    with pytest.raises(StoreError, match="state not allowed"), world.store.begin() as uow:
        uow.differences.change(row, state="open")
