"""Applications that wait for the insurance offices: data that differ, rights that are to come, and who is told."""

import datetime as dt
import itertools
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardsvc.errors import CardsvcError
from cardsvc.readers.carry import CarriedOut
from cardsvc.service.cards.requests import board, cancel_request, request_of
from cardsvc.service.messages.notices import NOTICES, list_notices, try_again
from cardsvc.service.messages.outbox import MAX_ATTEMPTS
from cardsvc.service.rights.holds import offices_say, why_held
from cardsvc.service.tidy import tidy
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from tests.examples import examples
from tests.service.cards.test_card_requests import take
from tests.service.rights.rights_people import said, take_in
from tests.service.staff.test_staff import people, refused
from tests.world import FAMILIES, World, person

__all__ = ["people"]
PHONE, FRIEND = "13000000001", {"friend_name": "测试友", "friend_phone": "13000000002", "friend_consent": True}


def on_board(world: World) -> tuple[list[str], list[str]]:
    """What waits and what is to be made, by case number."""
    found = board(world.store, world.engine.rules, "hall", world.now)
    return [one["case_no"] for one in found.waits], [one["case_no"] for one in found.to_make]


def messages(world: World) -> list[tuple[str, str, str]]:
    """To whom, of what kind, in what state; in the order of their kinds."""
    return sorted((one["to_name"], one["kind"], one["state"]) for one in list_notices(world.store))


def test_data_that_differ_hold_an_application_until_a_feed_has_them_right(world: World, people: dict[str, Staff]) -> None:
    """Both values and the window are shown; the promise counts from the feed; the citizen is told."""
    clerk, citizen = people["clerk"], world.citizen()
    take_in(world, clerk, said(1, name="测试乙", birth_date="1999-02-27"), office="social")
    take_in(world, clerk, said(1, sex="女"), office="medical")
    taken = take(world, clerk, citizen, phone=PHONE)
    assert (taken.state, taken.promised_at) == ("held", None)
    shown = why_held(world.store, world.engine.rules, taken.case_no, world.now)["differences"]
    assert [(one["field"], one["ours"], one["theirs"], one["office"], one["window"], one["rule"]) for one in shown] == [
        ("name", "测试一", "测试乙", "social", "social", "correct-social-name"),
        ("birth_date", "1999-02-28", "1999-02-27", "social", "social", "correct-social-birth"),
        ("sex", "男", "女", "medical", "social", "correct-sex"),
    ]
    assert on_board(world) == ([taken.case_no], [])
    with pytest.raises(CarriedOut, match="citizen_data_differ"):
        world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
    with refused("card_request_open"):
        take(world, clerk, citizen)
    take_in(world, clerk, said(1, changed_at="2026-11-21T08:00:00"), office="social")
    assert on_board(world) == ([taken.case_no], [])
    world.now += dt.timedelta(days=1)
    done = take_in(world, clerk, said(1, changed_at="2026-11-21T08:00:00"), office="medical")
    assert done.rechecked.freed == (taken.case_no,)
    with world.store.read() as uow:
        freed = uow.card_requests.get(taken.case_no)
    assert freed is not None
    assert (freed.state, freed.promised_at) == ("applied", world.now + dt.timedelta(hours=1))
    assert "ready-hall" in freed.rules
    assert messages(world) == [("测试一", "freed", "waiting")]
    world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
    assert messages(world) == [("测试一", "freed", "dropped"), ("测试一", "made", "waiting")]


def test_what_only_typing_changes_is_no_difference(world: World, people: dict[str, Staff]) -> None:
    """Another dot, blanks, an unknown sex; a person whom no office knows."""
    take_in(world, people["clerk"], said(1, name=" 测试 一", sex="9"))
    assert offices_say(world.store, world.engine.rules, person(1).id_number, world.now)["differences"] == []
    assert take(world, people["clerk"], world.citizen(1)).state == "applied"
    assert take(world, people["clerk"], world.citizen(2)).state == "applied"
    assert offices_say(world.store, world.engine.rules, person(2).id_number, world.now)["right"]["state"] == "none"


def test_a_feed_can_make_an_application_wait_again(world: World, people: dict[str, Staff]) -> None:
    """What was promised is promised no longer, and that is told instead of what was to be told; it can be withdrawn."""
    clerk, taken = people["clerk"], take(world, people["clerk"], world.citizen(), phone=PHONE)
    done = take_in(world, clerk, said(1, name="测试乙"))
    assert done.rechecked.held == (taken.case_no,)
    assert request_of(world.store, taken.case_no)["promised_at"] is None
    take_in(world, clerk, said(1, changed_at="2026-11-21T08:00:00"))
    assert messages(world) == [("测试一", "freed", "waiting"), ("测试一", "held", "dropped")]
    take_in(world, clerk, said(1, name="测试丙", changed_at="2026-11-22T08:00:00"))
    cancel_request(world.store, taken.case_no, "不办了", by=clerk, now=world.now)
    assert messages(world) == [("测试一", kind, "dropped") for kind in ("freed", "held", "held")]
    take_in(world, clerk, said(1, changed_at="2026-11-23T08:00:00"))
    assert request_of(world.store, taken.case_no)["state"] == "cancelled"


def test_a_card_that_was_begun_is_finished(world: World, people: dict[str, Staff]) -> None:
    """The feed comes while it lies pulled beside the reader: it goes on, and its application with it."""
    clerk, citizen = people["clerk"], world.citizen()
    taken = take(world, clerk, citizen)
    card = VirtualCard.blank(FAMILIES[0], seed=1)
    card.plan = FaultPlan(tear_after_write=6)
    with pytest.raises(CardsvcError):
        world.do(card, "personalise", citizen_id=citizen)
    take_in(world, clerk, said(1, name="测试乙"))
    assert on_board(world) == ([taken.case_no], [])
    card_no = world.do(card, "personalise", citizen_id=citizen)["card_no"]
    assert [one["card_no"] for one in board(world.store, world.engine.rules, "hall", world.now).to_hand] == [card_no]


def test_a_pre_application_waits_for_its_day(world: World, people: dict[str, Staff]) -> None:
    """Refused as an ordinary one; on the day it is one, with its promise from then, and the friend is told too, twice."""
    clerk, citizen = people["clerk"], world.citizen()
    take_in(world, clerk, said(1, right_from="2026-12-01"))
    with pytest.raises(CardsvcError, match=r"right_not_in_force .*2026-12-01"):
        take(world, clerk, citizen)
    with refused("friend_incomplete"):
        take(world, clerk, citizen, pre=True, friend_name="测试友")
    taken = take(world, clerk, citizen, pre=True, phone=PHONE, **FRIEND)
    assert (taken.state, taken.pre, taken.friend_consent) == ("held", True, "2026-11")
    why = why_held(world.store, world.engine.rules, taken.case_no, world.now)
    assert why["right"] == {"state": "later", "day": "2026-12-01", "rule": "right-offices"}
    with pytest.raises(CarriedOut, match="card_request_held"):
        world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
    assert tidy(world.engine) == 0
    world.now = dt.datetime(2026, 11, 30, 16, 0, 1, tzinfo=dt.UTC)
    assert (tidy(world.engine), tidy(world.engine)) == (1, 0)
    with world.store.read() as uow:
        freed = uow.card_requests.get(taken.case_no)
    assert freed is not None
    assert (freed.state, freed.promised_at) == ("applied", dt.datetime(2026, 12, 1, 1, 0, tzinfo=dt.UTC))
    world.do(VirtualCard.blank(FAMILIES[0], seed=1), "personalise", citizen_id=citizen)
    assert messages(world) == [
        ("测试一", "freed", "dropped"),
        ("测试一", "made", "waiting"),
        ("测试友", "freed", "dropped"),
        ("测试友", "made", "waiting"),
    ]
    assert all("13000000002" not in str(one) for one in list_notices(world.store))


def test_a_pre_application_waits_for_a_feed(world: World, people: dict[str, Staff]) -> None:
    """Somebody whom no office knows yet, then without a day, then with data that differ, then right."""
    clerk, citizen = people["clerk"], world.citizen()
    with refused("friend_incomplete"):
        take(world, clerk, citizen, **FRIEND)
    taken = take(world, clerk, citizen, pre=True, **FRIEND)
    steps: list[tuple[dict[str, str], str]] = [
        ({"right_from": "", "right_until": ""}, "held"),
        ({"name": "测试乙"}, "held"),
        ({"right_from": "2026-01-01", "right_until": "2026-11-23"}, "held"),
        ({}, "applied"),
        ({"right_until": "2026-11-23"}, "held"),
        ({"right_until": "2026-11-24"}, "applied"),
    ]
    for hour, (told, state) in enumerate(steps):
        take_in(world, clerk, said(1, changed_at=f"2026-11-24T{hour:02}:00:00", **told))
        assert request_of(world.store, taken.case_no)["state"] == state
    take_in(world, clerk, said(2))
    assert take(world, clerk, world.citizen(2), pre=True).state == "applied"


NAME_DAY_HOUR = st.tuples(
    st.sampled_from(["测试一", "测试乙"]), st.sampled_from(["", "2026-01-01", "2026-12-01"]), st.integers(0, 3)
)
MORE_PEOPLE = itertools.count(10)


@examples(10)
@given(files=st.lists(NAME_DAY_HOUR, min_size=2, max_size=3), pre=st.booleans())
def test_files_in_any_order_leave_an_application_the_same(
    world: World, people: dict[str, Staff], files: list[tuple[str, str, int]], pre: bool
) -> None:
    """Held or not, and why; each order is played with a person of its own."""
    found: list[Any] = []
    for order in itertools.permutations(files):
        number = next(MORE_PEOPLE)
        case_no = take(world, people["clerk"], world.citizen(number), pre=pre).case_no
        for name, first, hour in order:
            take_in(world, people["clerk"], said(number, name=name, right_from=first, changed_at=f"2026-11-20T{hour:02}:00:00"))
        why = why_held(world.store, world.engine.rules, case_no, world.now)
        found.append((request_of(world.store, case_no)["state"], why["differences"], why["right"]))
    assert all(other == found[0] for other in found)


class Carrier:
    """A transport that fails as often as it is told to, and keeps what it took."""

    def __init__(self, failures: int = 0) -> None:
        self.failures, self.took = failures, list[Mapping[str, Any]]()

    def __call__(self, message: Mapping[str, Any]) -> str | None:
        if self.failures:
            self.failures -= 1
            return "no line"
        self.took.append(message)
        return None


def waiting_message(world: World, clerk: Staff) -> None:
    """One message that is to be sent."""
    take(world, clerk, world.citizen(), phone=PHONE)
    take_in(world, clerk, said(1, name="测试乙"))


def send(world: World, transport: Carrier) -> dict[str, int]:
    """Send what is due now."""
    return NOTICES.send_due(world.store, transport, lambda: world.now, threading.Event())


def test_a_message_is_sent_once_and_says_what_to_do(world: World, people: dict[str, Staff]) -> None:
    """In both languages, with the phone."""
    carrier = Carrier()
    waiting_message(world, people["clerk"])
    assert send(world, carrier) == {"sent": 1, "not_sent": 0}
    assert send(world, carrier) == {"sent": 0, "not_sent": 0}
    (message,) = carrier.took
    assert (message["phone"], message["to_name"]) == (PHONE, "测试一")
    assert "医保窗口更正" in message["zh"]
    assert "the medical insurance's window" in message["en"]


def test_attempts_are_made_again_after_longer_and_longer_pauses(world: World, people: dict[str, Staff]) -> None:
    """The last failure is a person's business, who may have it tried anew."""
    waiting_message(world, people["clerk"])
    carrier, begin, times = Carrier(MAX_ATTEMPTS), world.now, []
    while list_notices(world.store)[0]["state"] == "waiting":
        if send(world, carrier)["not_sent"]:
            times.append((world.now - begin) // dt.timedelta(minutes=1))
        world.now += dt.timedelta(minutes=1)
    assert times[:5] == [0, 1, 3, 7, 15]
    assert (len(times), times[-1] - times[-2]) == (MAX_ATTEMPTS, 360)
    (failed,) = list_notices(world.store)
    assert (failed["state"], failed["error"]) == ("failed", "no line")
    with refused("notice_not_failed"):
        try_again(world.store, "nothing", world.now)
    try_again(world.store, failed["notice_id"], world.now)
    assert send(world, carrier) == {"sent": 1, "not_sent": 0}


def test_two_senders_do_not_send_the_same_message(world: World, people: dict[str, Staff]) -> None:
    """One that is being sent belongs to its sender; when that died, to another."""
    waiting_message(world, people["clerk"])
    other = Carrier()

    class Slow(Carrier):
        def __call__(self, message: Mapping[str, Any]) -> str | None:
            assert send(world, other) == {"sent": 0, "not_sent": 0}
            raise RuntimeError(message["kind"])

    with pytest.raises(RuntimeError, match="held"):
        send(world, Slow())
    assert send(world, other) == {"sent": 0, "not_sent": 0}
    world.now += dt.timedelta(minutes=5)
    assert send(world, other) == {"sent": 1, "not_sent": 0}
