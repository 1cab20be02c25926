"""Appraisals that nobody can change, call-backs, service stars, complaints with an owner, the morning's checklist."""

import datetime as dt

import pytest

from cardsvc.errors import StoreError
from cardsvc.rules import RuleSet
from cardsvc.service.hall import appraisals, complaints
from cardsvc.service.hall.notes import day_notes, write_note
from cardsvc.service.hall.stars import service_stars
from cardsvc.service.operations.rule_book import local_day
from tests.day.outlet import Hall, refused
from tests.hall.queue_day import Queue


@pytest.fixture
def queue(hall: Hall, rules: RuleSet) -> Queue:
    made = Queue(hall, rules)
    made.open("teller", "1")
    return made


def served(queue: Queue) -> str:
    """Serve somebody; the number of the case."""
    queue.take("card")
    queue.next("teller")
    queue.serve("teller")
    queue.later(4)
    return queue.finish("teller").ticket_id


def appraise(queue: Queue, case: str, level: int, **more: str) -> dt.date | None:
    world = queue.hall.world
    return appraisals.appraise(
        world.store, queue.rules, world.keys, case, appraisals.Opinion(level, **more), world.now
    ).call_back_due


def test_an_appraisal_is_given_once_and_changed_by_nobody(queue: Queue) -> None:
    """It opens when the job is done, on that desk's screen; one for a case; the database refuses to change it."""
    case, store = served(queue), queue.hall.world.store
    with store.read() as uow:
        shown = appraisals.case_at_desk(uow, "hall", "1", queue.hall.world.now)
        assert shown is not None
        assert (shown.case_no, shown.staff_id) == (case, "teller")
        assert appraisals.case_at_desk(uow, "hall", "2", queue.hall.world.now) is None
    assert appraise(queue, case, 5) is None
    with refused("appraisal_given"):
        appraise(queue, case, 1, reason="slow")
    with store.read() as uow:
        given = uow.appraisals.get(case)
        assert given is not None
        assert appraisals.case_at_desk(uow, "hall", "1", queue.hall.world.now) is None
    with pytest.raises(StoreError):
        store.transact(lambda uow: uow.appraisals.change(given, level=1))
    late = served(queue)
    queue.later(10)
    with refused("appraisal_lapsed"):
        appraise(queue, late, 5)
    with refused("appraisal_unknown"):
        appraise(queue, "no such case", 5)


def test_a_bad_appraisal_has_a_reason_and_is_called_back_within_five_working_days(queue: Queue) -> None:
    """Wednesday to Wednesday; not by the person it is about; how to reach the person is not readable in the database."""
    case, world = served(queue), queue.hall.world
    with refused("rule_appraisal_level"):
        appraise(queue, case, 6)
    with refused("rule_appraisal_reason"):
        appraise(queue, case, 2)
    day = local_day(world.now)
    due = appraise(queue, case, 2, reason="slow", remark="太久", contact="138 0000 0000")
    assert due is not None
    assert 7 <= (due - day).days <= 16
    with world.store.read() as uow:
        row = uow.appraisals.get(case)
    assert row is not None
    assert row.contact is not None
    assert b"138" not in row.contact
    waiting = appraisals.to_call_back(world.store, world.keys, by=queue.hall["boss"], now=world.now)
    assert [(w["contact"], w["reason"], w["late"]) for w in waiting] == [("138 0000 0000", "slow", False)]
    late = world.now + dt.timedelta(days=(due - day).days + 1)
    assert appraisals.to_call_back(world.store, world.keys, by=queue.hall["boss"], now=late)[0]["late"]
    with refused("not_permitted"):
        appraisals.to_call_back(world.store, world.keys, by=queue.hall["teller"], now=world.now)
    with refused("not_permitted"):
        appraisals.call_back(world.store, case, "ok", by=queue.hall["teller"], now=world.now)
    appraisals.call_back(world.store, case, "已道歉，约定周五来办", by=queue.hall["boss"], now=world.now)
    assert appraisals.to_call_back(world.store, world.keys, by=queue.hall["boss"], now=world.now) == []
    with refused("appraisal_settled"):
        appraisals.call_back(world.store, case, "again", by=queue.hall["second"], now=world.now)


def test_service_stars_count_people_served_and_what_they_said(queue: Queue) -> None:
    """Figures of the quarter, of the outlet, without anything of a citizen."""
    for level in (5, 4, 1):
        appraise(queue, served(queue), level, **({"reason": "wrong"} if level == 1 else {}))
    served(queue)
    year, number = local_day(queue.hall.world.now).year, (local_day(queue.hall.world.now).month - 1) // 3 + 1
    store, boss = queue.hall.world.store, queue.hall["boss"]
    assert service_stars(store, "hall", f"{year}Q{number}", by=boss) == [
        {
            "staff_id": "teller",
            "name": "teller",
            "served": 4,
            "median_minutes": 4.0,
            "cases": 4,
            "appraised": 3,
            "mean_level": 3.33,
            "bad": 1,
            "jobs": 0,
            "drawers_wrong": 0,
        }
    ]
    assert service_stars(store, "hall", f"{year - 1}Q4", by=boss) == []
    with refused("quarter_wrong"):
        service_stars(store, "hall", "2026-4", by=boss)
    with refused("not_permitted"):
        service_stars(store, "hall", "2026Q4", by=queue.hall["teller"])


def test_a_complaint_has_a_number_a_day_and_always_an_owner(queue: Queue) -> None:
    """Taken, given on, noted, answered; late when its day is over; closed for good."""
    world, hall = queue.hall.world, queue.hall
    take = {"by": hall["teller"], "now": world.now}
    case = complaints.receive(world.store, queue.rules, world.keys, "12345", "多扣了 50 元", contact="1", **take)  # type: ignore[arg-type]
    assert case.case_no.startswith(f"T{local_day(world.now):%y%m%d}-001")
    complaints.assign(world.store, case.case_no, "boss", "请查", by=hall["teller"], now=world.now)
    complaints.add_note(world.store, case.case_no, "对账有一笔单边", by=hall["boss"], now=world.now)
    [open_case] = complaints.complaints_view(world.store, now=world.now)
    assert (open_case["owner"], open_case["late"]) == ("boss", False)
    after = world.now + dt.timedelta(days=20)
    assert complaints.complaints_view(world.store, now=after)[0]["late"]
    with refused("staff_unknown"):
        complaints.assign(world.store, case.case_no, "nobody", "x", by=hall["teller"], now=world.now)
    with refused("not_permitted"):
        complaints.answer(world.store, case.case_no, "x", by=hall["teller"], now=world.now)
    complaints.answer(world.store, case.case_no, "已退还并道歉", by=hall["boss"], now=world.now)
    with refused("complaint_answered"):
        complaints.add_note(world.store, case.case_no, "x", by=hall["boss"], now=world.now)
    assert complaints.complaints_view(world.store, now=after) == []
    [closed] = complaints.complaints_view(world.store, now=after, only_open=False)
    assert (closed["late"], [s["step"] for s in closed["steps"]]) == (False, ["received", "assigned", "noted", "answered"])
    with refused("rule_no_complaint"):
        complaints.receive(world.store, queue.rules, world.keys, "rumour", "x", **take)  # type: ignore[arg-type]
    with refused("complaint_text"):
        complaints.receive(world.store, queue.rules, world.keys, "desk", "", **take)  # type: ignore[arg-type]


def test_the_morning_shows_what_nobody_looked_at(queue: Queue) -> None:
    """Items of the checklist are ticked one by one; what is not good says why."""
    world, teller = queue.hall.world, queue.hall["teller"]
    write_note(world.store, queue.rules, "checklist", "", by=teller, now=world.now, item="dress")
    with refused("hall_note_wrong"):
        write_note(world.store, queue.rules, "checklist", "", by=teller, now=world.now, item="machines", good=False)
    queue.later(1)
    write_note(world.store, queue.rules, "checklist", "2 号读卡器不亮", by=teller, now=world.now, item="machines", good=False)
    queue.later(1)
    write_note(world.store, queue.rules, "incident", "停电三分钟", by=teller, now=world.now)
    with refused("hall_note_wrong"):
        write_note(world.store, queue.rules, "incident", " ", by=teller, now=world.now)
    with world.store.read() as uow:
        found = day_notes(uow, queue.rules, "hall", local_day(world.now))
    assert found["missing"] == ["appearance", "spirit", "notices", "cash"]
    assert [(n["kind"], n["good"]) for n in found["notes"]] == [("checklist", True), ("checklist", False), ("incident", True)]
