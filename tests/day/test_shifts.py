"""A teller's drawer: counted in, counted out, and no fen unaccounted for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError, StoreError
from cardsvc.ledger.cash import DENOMINATIONS, counted
from cardsvc.ledger.states import SHIFT_ALLOWED, ShiftState
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cash.shifts import begin_close, count_drawer, explain_difference, open_shift, shift_view, workstation_of
from cardsvc.service.staff.approvals import approve, reject
from cardsvc.vcard import FaultPlan
from tests.day.outlet import VAULT, Hall, refused
from tests.examples import examples
from tests.world import DESK, FAMILIES, KIOSK, balance_on

CASH = {"method": "cash", "reference": None}


def drawer(shift: Any) -> str:
    """The account of a shift's cash."""
    return f"drawer:{shift.shift_id}"


def test_cash_of_the_workstation_goes_through_the_drawer_into_the_vault(hall: Hall) -> None:
    """Float out, top-up in, everything back; other payments and other workstations stay out of it."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    shift = hall.open()
    assert hall.balance(drawer(shift)) == 30000
    world.topup(card, 5000, DESK)
    assert hall.balance(drawer(shift)) == 35000
    closed = hall.close(shift, 35000)
    assert (closed.state, closed.difference) == ("closed", 0)
    assert hall.balance(drawer(shift)) == 0
    assert hall.balance("vault:hall") == VAULT + 5000
    assert hall.balance("difference:hall") == 0


@pytest.mark.parametrize(("actor", "payment"), [(KIOSK, CASH), (DESK, {"method": "mobile", "reference": "m-1"})])
def test_what_is_not_cash_of_this_workstation_stays_out_of_the_drawer(hall: Hall, actor: Any, payment: Any) -> None:
    """The terminal owes it, or the payment channel does."""
    card = hall.world.issue(FAMILIES[0])
    shift = hall.open()
    hall.world.do(card, "topup", actor, amount=5000, payment=payment)
    assert hall.balance(drawer(shift)) == 30000
    assert hall.balance(f"clearing:{actor.kind}:{actor.id}") == 5000


@pytest.mark.parametrize("difference", [-100, 250, -30000])
def test_a_difference_waits_for_an_explanation_and_another_person(hall: Hall, difference: int) -> None:
    """Short or over; then it is booked and the drawer is empty."""
    shift = hall.open()
    pending = hall.close(shift, 30000 + difference)
    assert (pending.state, pending.difference) == ("difference_pending", difference)
    assert hall.balance(drawer(shift)) == 30000
    store, now = hall.world.store, hall.world.now
    asked = explain_difference(store, APPROVALS, shift.shift_id, "找零错误", by=hall["teller"], now=now)
    with refused("approval_own"):
        approve(store, APPROVALS, asked.approval_id, by=hall["teller"], now=now)
    with refused("not_permitted"):
        approve(store, APPROVALS, asked.approval_id, by=hall["other"], now=now)
    with refused("approval_open"):
        count_drawer(store, shift.shift_id, {"100": 1}, by=hall["teller"], now=now)
    approve(store, APPROVALS, asked.approval_id, by=hall["boss"], now=now)
    assert hall.balance(drawer(shift)) == 0
    assert hall.balance("difference:hall") == -difference
    assert hall.balance("vault:hall") == VAULT + difference


def test_nobody_forgives_their_own_drawer(hall: Hall) -> None:
    """Also when a colleague proposed it."""
    shift = hall.open("boss")
    hall.close(shift, 29000, "boss")
    store, now = hall.world.store, hall.world.now
    asked = explain_difference(store, APPROVALS, shift.shift_id, "帮同事说明", by=hall["second"], now=now)
    with refused("approval_own"):
        approve(store, APPROVALS, asked.approval_id, by=hall["boss"], now=now)
    reject(store, APPROVALS, asked.approval_id, "请本人说明", by=hall["boss"], now=now)
    asked = explain_difference(store, APPROVALS, shift.shift_id, "点错了", by=hall["boss"], now=now)
    approve(store, APPROVALS, asked.approval_id, by=hall["second"], now=now)
    assert hall.balance(drawer(shift)) == 0


def test_a_drawer_that_differs_may_be_counted_again(hall: Hall) -> None:
    """A note that had slipped under the tray; and a decision about the old count is void."""
    shift = hall.open()
    assert hall.close(shift, 20000).state == "difference_pending"
    assert hall.close(shift, 30000).state == "closed"
    with refused("shift_agrees"):
        explain_difference(hall.world.store, APPROVALS, shift.shift_id, "找到了", by=hall["teller"], now=hall.world.now)
    with refused("state_not_allowed"):
        hall.close(shift, 30000)


def test_a_closing_drawer_takes_no_more_cash(hall: Hall) -> None:
    """What is taken while people count is owed by the workstation, and the count is blind."""
    card = hall.world.issue(FAMILIES[0])
    shift = hall.open()
    closing = begin_close(hall.world.store, shift.shift_id, by=hall["teller"])
    assert shift_view(closing)["expected"] is None
    hall.world.topup(card, 5000, DESK)
    assert hall.balance(drawer(shift)) == 30000
    assert hall.balance("clearing:desk:desk-1") == 5000
    assert begin_close(hall.world.store, shift.shift_id, by=hall["teller"]).state == "closing"
    assert hall.close(shift, 30000).state == "closed"


@pytest.mark.parametrize("closed", [False, True])
def test_a_refund_goes_back_from_where_the_cash_is(hall: Hall, closed: bool) -> None:
    """The open drawer, or the vault once the drawer was emptied into it."""
    world = hall.world
    card = world.issue(FAMILIES[0])
    shift = hall.open()
    card.plan = FaultPlan(tear_before_command=7)  # CREDIT FOR LOAD
    with pytest.raises(CardsvcError):
        world.topup(card, 5000, DESK)
    assert hall.balance(drawer(shift)) == 35000
    if closed:
        hall.close(shift, 35000)
    world.do(card, "inspect")
    assert balance_on(card)[0] == 0
    assert hall.balance(drawer(shift)) == (0 if closed else 30000)
    assert hall.balance("vault:hall") == (VAULT if closed else VAULT - 30000)


def test_one_shift_for_a_teller_and_at_a_workstation(hall: Hall) -> None:
    """Until the first is counted. A workstation that nobody registered is none."""
    first = hall.open()
    with refused("terminal_unknown"):
        hall.open("other", actor=KIOSK)
    hall.world.register(KIOSK)
    with refused("shift_open_elsewhere"):
        hall.open(actor=KIOSK)
    with refused("workstation_taken"):
        hall.open("other")
    hall.close(first, 30000)
    assert hall.open("other").state == "open"
    assert hall.open("teller", actor=KIOSK).state == "open"


def test_bad_counts_and_people_are_refused(hall: Hall) -> None:
    """Nothing is half-applied: the vault holds what it held."""
    for pieces in ({"10000": -1}, {"300": 1}, {"010": 1}, {"x": 1}, {"10000": 10**9}, {"²": 1}):
        with refused("count_wrong"):
            hall.open(pieces=pieces)
    with refused("vault_short"):
        hall.open(pieces={"10000": VAULT // 10000 + 1})
    with refused("not_permitted"):
        hall.open("auditor")
    shift = hall.open()
    for who in ("other", "auditor"):
        with refused("not_permitted"):
            hall.close(shift, 30000, who)
    with refused("shift_unknown"):
        begin_close(hall.world.store, "nothing", by=hall["teller"])
    for text in ("moon:1", "desk", "desk:", "desk:a b"):
        with refused("workstation_wrong"):
            workstation_of(text)
    assert hall.balance("vault:hall") == VAULT - 30000


@pytest.mark.parametrize("now", list(ShiftState))
def test_the_database_knows_the_states(hall: Hall, now: ShiftState) -> None:
    """Every step from every state, allowed and not, for whoever writes to the table."""
    shift = hall.open()
    path = {"open": (), "closing": ("closing",), "difference_pending": ("closing", "difference_pending")}

    def ended(state: str) -> Any:
        return hall.world.now if state == "closed" else None

    with hall.world.store.begin() as uow:
        row = uow.shifts.change(shift, counted=30000, expected=30000, counted_by="teller")
        for state in path.get(now, ("closing", "closed")):
            row = uow.shifts.change(row, state=state, closed_at=ended(state))
        uow.commit()
    for to in ShiftState:
        if to in SHIFT_ALLOWED[now] or to is now:
            with hall.world.store.begin() as uow:
                assert uow.shifts.change(row, state=to, closed_at=ended(to)).state == to
        else:
            with pytest.raises(StoreError), hall.world.store.begin() as uow:
                uow.shifts.change(row, state=to, closed_at=ended(to))


def test_a_difference_needs_a_decision_in_the_database_too(hall: Hall) -> None:
    """A program that closes a short drawer without one is stopped."""
    shift = begin_close(hall.world.store, hall.open().shift_id, by=hall["teller"])
    with pytest.raises(StoreError), hall.world.store.begin() as uow:
        uow.shifts.change(shift, state="closed", counted=1, expected=30000, counted_by="teller", closed_at=hall.world.now)


def test_whoever_counts_for_the_teller_is_kept_and_does_not_confirm_it(hall: Hall) -> None:
    """A count that agrees needs no reason, but a person who neither worked with the drawer nor counted it."""
    store, now = hall.world.store, hall.world.now
    shift = hall.open()
    pending = hall.close(shift, 30000, "boss")
    assert (pending.state, pending.difference, pending.counted_by) == ("difference_pending", 0, "boss")
    asked = explain_difference(store, APPROVALS, shift.shift_id, "", by=hall["second"], now=now)
    assert "boss" in asked.reason
    with refused("approval_own"):
        approve(store, APPROVALS, asked.approval_id, by=hall["boss"], now=now)
    reject(store, APPROVALS, asked.approval_id, "请本人提", by=hall["boss"], now=now)
    asked = explain_difference(store, APPROVALS, shift.shift_id, "", by=hall["boss"], now=now)
    approve(store, APPROVALS, asked.approval_id, by=hall["second"], now=now)
    assert hall.balance(drawer(shift)) == 0


@pytest.mark.parametrize("counter", [None, "boss"])
def test_no_program_closes_a_drawer_that_its_teller_did_not_count(hall: Hall, counter: str | None) -> None:
    """Not by saying who else did, and not by saying nothing."""
    shift = begin_close(hall.world.store, hall.open().shift_id, by=hall["teller"])
    same = {"counted": 30000, "expected": 30000, "counted_by": counter}
    with pytest.raises(StoreError), hall.world.store.begin() as uow:
        uow.shifts.change(shift, state="closed", closed_at=hall.world.now, **same)


@given(st.dictionaries(st.sampled_from([str(d) for d in DENOMINATIONS]), st.integers(0, 1000)))
def test_a_count_is_the_sum_of_its_pieces(pieces: dict[str, int]) -> None:
    """Piece by piece."""
    assert counted(pieces) == sum(int(denomination) for denomination, number in pieces.items() for _ in range(number))


@examples(8)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(-5, 5)), min_size=1, max_size=4))
def test_whatever_is_counted_the_cash_adds_up(hall: Hall, days: list[tuple[int, int]]) -> None:
    """Any floats and differences: vault and differences together are what was brought in."""
    store, now = hall.world.store, hall.world.now
    before = hall.balance("vault:hall") + hall.balance("difference:hall")
    for notes, error in days:
        shift = open_shift(store, ("desk", "desk-1"), {"100": notes}, by=hall["teller"], now=now)
        if hall.close(shift, max(0, 100 * (notes + error))).state != "closed":
            asked = explain_difference(store, APPROVALS, shift.shift_id, "差额", by=hall["teller"], now=now)
            approve(store, APPROVALS, asked.approval_id, by=hall["boss"], now=now)
        assert hall.balance(drawer(shift)) == 0
    assert hall.balance("vault:hall") + hall.balance("difference:hall") == before
    assert sum(hall.world.balances().values()) == 0
