"""The queue: order, green channel, wrong tickets, missed calls, two desks at once, how long one waits."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import StoreError
from cardsvc.rules import RuleSet
from cardsvc.service.hall import desks, tickets
from cardsvc.service.hall.forecast import day_figures, forecast
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store.records import Desk, Ticket
from tests.day.outlet import Hall, refused
from tests.examples import examples
from tests.hall.queue_day import Queue


@pytest.fixture
def queue(hall: Hall, rules: RuleSet) -> Queue:
    return Queue(hall, rules)


def test_numbers_count_by_letter_and_are_called_in_order(queue: Queue) -> None:
    """Each kind has its letter; the first who came is the first called."""
    assert [queue.take(kind) for kind in ("card", "money", "card")] == ["A001", "C001", "A002"]
    queue.open("teller", "1")
    assert queue.next("teller") == "A001"
    assert queue.view()["called"][0]["desk"] == "1"
    with refused("desk_busy"):
        queue.next("teller")
    queue.serve("teller")
    queue.finish("teller")
    assert [queue.serve_whole("teller", 1) for _ in range(3)] == ["C001", "A002", None]


def test_the_green_channel_goes_first_with_a_reason_and_the_right_helper(queue: Queue) -> None:
    """Deaf people are called before all, and the skill that is needed stands on the ticket."""
    queue.take("card")
    number = queue.take("card", green="deaf")
    assert queue.waiting() == [number, "A001"]
    with queue.hall.world.store.read() as uow:
        ticket = uow.tickets.numbered("hall", local_day(queue.hall.world.now), number)
        assert ticket is not None
        events = uow.ticket_events.of_ticket(ticket.ticket_id)
    assert (ticket.skill, events[0].detail, events[0].staff_id) == ("sign_language", "deaf", "teller")
    with refused("rule_no_green"):
        queue.take("card", green="friend of mine")
    with refused("ticket_green_staff"):
        tickets.take(queue.hall.world.store, queue.rules, "hall", "card", queue.hall.world.now, green_reason="old")


def test_a_wrong_ticket_keeps_its_place(queue: Queue) -> None:
    """Somebody pulled C for a card: at the desk it becomes A, before everybody who came later."""
    wrong = queue.take("money")
    queue.take("card")
    queue.open("teller", "1", "money")
    queue.open("other", "2", "card")
    assert queue.next("teller") == wrong
    queue.serve("teller")
    queue.swap(wrong, "card")
    assert queue.waiting() == [wrong, "A001"]
    assert queue.next("other") == wrong
    assert queue.next("teller") is None
    queue.serve("other")
    queue.finish("other")
    with refused("ticket_over"):
        queue.swap(wrong, "money")


def test_a_missed_number_is_called_three_times_and_goes_in_again_behind_three(queue: Queue) -> None:
    """A person who heard nothing is called again; who comes back does not go to the end."""
    missed, *others = [queue.take("card") for _ in range(6)]
    queue.open("teller", "1")
    assert queue.next("teller") == missed
    assert [queue.again("teller").calls for _ in range(2)] == [2, 3]
    with refused("ticket_calls_used"):
        queue.again("teller")
    queue.miss("teller")
    with refused("desk_empty"):
        queue.serve("teller")
    queue.back(missed)
    assert queue.waiting() == [*others[:3], missed, *others[3:]]
    with refused("ticket_not_missed"):
        queue.back(missed)
    tickets.leave(queue.hall.world.store, missed, by=queue.hall["teller"], now=queue.hall.world.now)
    assert missed not in queue.waiting()
    with refused("ticket_unknown"):
        queue.back("A999")


def test_desks_that_call_at_the_same_moment_get_different_numbers(queue: Queue) -> None:
    """Two people in four threads: nobody is called to two desks."""
    for _ in range(8):
        queue.take("card")
    queue.open("teller", "1")
    queue.open("other", "2")

    def work(who: str) -> list[str | None]:
        return [queue.serve_whole(who, 0) for _ in range(4)]

    with ThreadPoolExecutor(2) as pool:
        served = [number for numbers in pool.map(work, ("teller", "other")) for number in numbers]
    assert sorted(map(str, served)) == [f"A{number:03d}" for number in range(1, 9)]


def test_desks_belong_to_one_person(queue: Queue) -> None:
    """A desk in use is refused; whoever opens another closes the first; a busy one is not left."""
    queue.open("teller", "1")
    with refused("desk_taken"):
        queue.open("other", "1")
    queue.open("teller", "3")
    queue.open("other", "1")
    queue.take("card")
    queue.next("other")
    with refused("desk_busy"):
        queue.open("other", "2")
    with refused("desk_busy"):
        desks.close_desk(queue.hall.world.store, by=queue.hall["other"], now=queue.hall.world.now)
    with refused("desk_none"):
        queue.next("boss")
    with refused("not_permitted"):
        queue.open("auditor", "9")
    with refused("desk_wrong"):
        queue.open("boss", "a desk")
    with refused("ticket_type_unknown"):
        queue.open("boss", "9", "tea")


def test_a_desk_that_was_left_open_in_the_evening_serves_nobody_in_the_morning(queue: Queue) -> None:
    """It is nobody's, no machine promises a wait by it, and the number that was left there is not the next person's."""
    queue.open("teller", "1")
    left = queue.take("card")
    queue.next("teller")
    queue.serve("teller")
    queue.later(24 * 60)
    assert {kind["minutes"] for kind in queue.view()["kinds"]} == {None}
    with refused("desk_none"):
        queue.finish("teller")
    queue.open("other", "1")
    assert queue.view()["called"] == []
    queue.take("card")
    assert queue.next("other") == "A001"
    with queue.hall.world.store.read() as uow:
        before = uow.tickets.numbered("hall", local_day(queue.hall.world.now - dt.timedelta(days=1)), left)
    assert before is not None
    assert (before.state, before.desk) == ("waiting", None)


def test_a_supervisor_closes_a_desk_whose_person_left(queue: Queue) -> None:
    """The number there waits again at its old place; nobody else may, and again is no error."""
    store, now = queue.hall.world.store, queue.hall.world.now
    queue.open("teller", "1")
    first, second = queue.take("card"), queue.take("card")
    queue.next("teller")
    with refused("not_permitted"):
        desks.close_desk_of(store, "1", by=queue.hall["other"], now=now)
    for _ in range(2):
        desks.close_desk_of(store, "1", by=queue.hall["boss"], now=now)
    assert queue.waiting() == [first, second]
    queue.open("other", "1")
    assert queue.next("other") == first


def test_a_kind_that_a_number_has_already_moves_nobody(queue: Queue) -> None:
    """A form that was sent again takes nobody off the desk that called the number meanwhile."""
    queue.open("other", "2", "card")
    wrong = queue.take("money")
    queue.swap(wrong, "card")
    assert queue.next("other") == wrong
    queue.swap(wrong, "card")
    assert queue.view()["called"][0]["number"] == wrong


def test_waiting_time_learns_from_the_day(queue: Queue) -> None:
    """First the rule's eight minutes for a card, then what cards take today."""
    for _ in range(3):
        queue.take("card")
    assert [row["minutes"] for row in queue.view()["waiting"]] == [None, None, None]
    queue.open("teller", "1")
    assert [row["minutes"] for row in queue.view()["waiting"]] == [0, 8, 16]
    for _ in range(3):
        queue.serve_whole("teller", 20)
    for _ in range(2):
        queue.take("card")
    assert [row["minutes"] for row in queue.view()["waiting"]] == [0, 20]
    assert [row["ahead"] for row in queue.view()["waiting"]] == [0, 1]
    with queue.hall.world.store.read() as uow:
        figures = day_figures(uow, "hall", local_day(queue.hall.world.now))
    assert figures["by_state"] == {"done": 3, "waiting": 2}
    assert figures["serving_minutes"] == {"median": 20.0, "longest": 20.0}
    assert figures["by_hour"] == {"12": 3, "13": 2}


def test_a_number_handed_to_a_desk_is_forecast_for_that_desk(queue: Queue) -> None:
    """Desk 2 serves money only and takes the card that was handed to it first; desk 1 calls the next card."""
    handed, following, money = queue.take("card"), queue.take("card"), queue.take("money")
    queue.open("teller", "1", "card")
    queue.open("other", "2", "money")
    world = queue.hall.world
    tickets.hand_to(world.store, handed, "2", by=queue.hall["teller"], now=world.now)
    assert [(row["number"], row["minutes"], row["desk"]) for row in queue.view()["waiting"]] == [
        (handed, 0, "2"),
        (following, 0, None),
        (money, 8, None),
    ]
    assert (queue.next("teller"), queue.next("other")) == (following, handed)
    with refused("desk_closed"):
        tickets.hand_to(world.store, money, "9", by=queue.hall["teller"], now=world.now)
    queue.swap(handed, "card")
    assert queue.view()["waiting"][0]["desk"] is None


def test_the_database_itself_keeps_the_states(queue: Queue) -> None:
    """A finished number stays finished, and what was done with numbers cannot be rewritten, whatever program tries."""
    number = queue.take("card")
    queue.open("teller", "1")
    queue.serve_whole("teller", 1)
    store = queue.hall.world.store
    with store.read() as uow:
        ticket = uow.tickets.numbered("hall", local_day(queue.hall.world.now), number)
        assert ticket is not None
        event = uow.ticket_events.of_ticket(ticket.ticket_id)[0]
    with pytest.raises(StoreError):
        store.transact(lambda uow: uow.tickets.change(ticket, state="waiting", ended_at=None))
    with pytest.raises(StoreError):
        store.transact(lambda uow: uow.ticket_events.change(event, event="other"))


NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


@given(
    kinds=st.lists(st.sampled_from("AB"), max_size=12),
    serves=st.lists(st.sampled_from([["A"], ["B"], ["A", "B"]]), max_size=4),
)
@examples(60)
def test_the_forecast_serves_everybody_whom_a_desk_serves_and_never_reorders_a_kind(
    kinds: list[str], serves: list[list[str]]
) -> None:
    """Whoever some desk serves has a time; within a kind times follow the order; no desk serves two people at once."""
    waiting = [
        Ticket(str(n), "hall", NOON.date(), f"{kind}{n:03d}", kind, "waiting", NOON, NOON) for n, kind in enumerate(kinds)
    ]
    open_desks = [Desk("hall", str(n), "x", types, NOON) for n, types in enumerate(serves)]
    found = forecast(waiting, open_desks, [], {"A": 5, "B": 3}, NOON)
    served = {kind for types in serves for kind in types}
    for kind in "AB":
        times = [e.at for e, ticket in zip(found, waiting, strict=True) if ticket.ticket_type == kind]
        assert all((at is not None) == (kind in served) for at in times)
        assert [e.ahead for e, t in zip(found, waiting, strict=True) if t.ticket_type == kind] == list(range(len(times)))
        known = [at for at in times if at is not None]
        assert known == sorted(known)
    at_once: dict[dt.datetime, int] = {}
    for expected in found:
        if expected.at is not None:
            at_once[expected.at] = at_once.get(expected.at, 0) + 1
    assert all(number <= len(serves) for number in at_once.values())
