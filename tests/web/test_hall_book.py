"""The hall's book, complaints, call-backs and service stars, through Flask's test client."""

import csv
import datetime as dt
import io
import re

import pytest

from cardsvc.service.hall import desks, tickets
from cardsvc.service.hall.appraisals import Opinion, appraise
from cardsvc.service.hall.complaints import receive
from cardsvc.service.operations.rule_book import local_day
from tests.web.desk_office import Office, Page
from tests.world import key_ring, rules


def serve_somebody(office: Office, level: int, **said: str) -> None:
    """A clerk serves one person, who appraises it."""
    store, moment, clerk = office.world.store, office.world.now, office.people["clerk"]
    number = tickets.take(store, rules(), "hall", "money", moment)
    desks.open_desk(store, rules(), "ws-1", by=clerk, now=moment)
    desks.call_next(store, by=clerk, now=moment)
    desks.serve(store, by=clerk, now=moment)
    desks.finish(store, rules(), by=clerk, now=moment)
    appraise(store, rules(), key_ring(), number.ticket_id, Opinion(level, **said), moment)


def key_on(page: Page, path: str) -> str:
    """The key of the first form of a page."""
    found = re.search(r'name="key" value="([^"]+)"', page.get(path).text)
    assert found
    return found[1]


def test_the_morning_is_gone_through_item_by_item(office: Office) -> None:
    """What is missing is counted; what is not good says why; the same form twice is one line."""
    page = office.page("clerk")
    assert "还缺 6" in page.text("/hall-book")
    form = {"kind": "checklist", "item": "dress", "good": "yes", "key": key_on(page, "/hall-book")}
    for _ in range(2):
        assert page.post("/hall-book", **form).status_code == 303
    bad = {"kind": "checklist", "item": "machines", "good": "no", "key": key_on(page, "/hall-book")}
    assert page.post("/hall-book", **bad).status_code == 422
    assert page.post("/hall-book", **bad, text="二号打印机缺纸").status_code == 303
    told = page.text("/hall-book")
    assert "还缺 4" in told
    assert "着装规范 ✓ 好 演示 clerk" in told
    assert re.search("晨会 设备、读卡器、打印机正常 ✕ 未解决 二号打印机缺纸", told)
    with office.world.store.read() as uow:
        assert len(uow.hall_notes.of_day("hall", local_day(office.world.now))) == 2


def test_incidents_and_patrols_are_logged_and_kept_by_day(office: Office) -> None:
    """Typed text comes back with the refusal; an auditor reads and writes nothing; another day is only read."""
    page, auditor = office.page("chief"), office.page("auditor")
    key = key_on(page, "/hall-book")
    assert page.post("/hall-book", kind="incident", good="no", text=" ", key=key).status_code == 422
    assert page.post("/hall-book", kind="incident", good="no", text="一位市民摔倒，已送医", key=key).status_code == 303
    assert "事件 ✕ 未解决 一位市民摔倒，已送医 演示 chief" in auditor.text("/hall-book")
    assert auditor.post("/hall-book", kind="patrol", good="yes", text="x", key=key).status_code == 403
    yesterday = local_day(office.world.now) - dt.timedelta(days=1)
    told = page.text(f"/hall-book?day={yesterday}")
    assert "没有记录" in told
    assert "记巡视或事件" not in told
    assert page.get("/hall-book?day=x").status_code == 422
    assert "The hall" in office.page("chief", language="en").text("/hall-book")


def test_a_complaint_goes_from_the_desk_to_its_answer(office: Office) -> None:
    """Sent twice it is one; it has its day and owner; only a supervisor answers; an answered one is closed."""
    clerk, chief = office.page("clerk"), office.page("chief")
    form = {"channel": "12345", "text": "多扣了 50 元", "contact": "555-0100"}
    first, second = (clerk.post("/complaints", **form) for _ in range(2))
    assert first.location == second.location
    path = first.location.removeprefix("/desk")
    assert re.search(r"投诉：1 .* T\d{6}-001 1 \d{4}-\d\d-\d\d 演示 clerk 多扣了 50 元", clerk.text("/complaints"))
    assert "555-0100" in clerk.text(path)
    assert clerk.post(path, deed="answer", text="x").status_code == 403
    for _ in range(2):
        assert clerk.post(path, deed="assign", owner="chief", text="请查账").status_code == 303
    assert 'value="chief"' not in clerk.get(path).text, "it is with them already"
    assert "555-0100" not in clerk.text(path)
    assert clerk.post(path, deed="assign", owner="nobody", text="x").status_code == 404
    refused = chief.post(path, deed="note", text=" ")
    assert (refused.status_code, "complaint_text" in refused.text) == (422, True)
    assert "555-0100" in chief.text(path)
    for _ in range(2):
        assert chief.post(path, deed="answer", text="已退还并道歉").status_code == 303
    assert chief.post(path, deed="note", text="还有").status_code == 409
    told = clerk.text(path)
    assert re.search("受理 多扣了 50 元 .* 转交 演示 chief 请查账 .* 答复 已退还并道歉", told)
    assert told.count("已退还并道歉") == told.count("请查账") == 1
    assert "没有待答复的" in clerk.text("/complaints")
    assert "已答复" in clerk.text("/complaints?all=yes")
    assert office.page("auditor").post("/complaints", **form).status_code == 403
    assert clerk.get("/complaints/T000000-009").status_code == 404


def test_what_was_typed_stays_when_a_complaint_is_refused(office: Office) -> None:
    """The words of the citizen are not typed twice."""
    answer = office.page("clerk").post("/complaints", channel="desk", text="等了很久", contact="x" * 101)
    assert (answer.status_code, "等了很久</textarea>" in answer.text) == (422, True)


def test_a_late_complaint_is_marked(office: Office) -> None:
    """Past its day, in the list and on its own page."""
    long_ago = office.world.now - dt.timedelta(days=30)
    case = receive(office.world.store, rules(), key_ring(), "desk", "等得太久", by=office.people["clerk"], now=long_ago)
    page = office.page("clerk")
    assert "⚠ 逾期" in page.text("/complaints")
    assert "⚠ 逾期" in page.text(f"/complaints/{case.case_no}")


def test_a_bad_appraisal_is_called_back_about_by_a_supervisor(office: Office) -> None:
    """With how to reach the person, which nobody else reads; noted twice it is one call."""
    serve_somebody(office, 1, reason="slow", remark="等了一小时", contact="555-0101")
    chief = office.page("chief")
    told = chief.text("/call-backs")
    assert re.search(r"待回访的差评：1 .* 回访期限 \d{4}.* 演示 clerk .* 等了一小时.* 联系方式：555-0101", told)
    assert office.page("clerk").get("/call-backs").status_code == 403
    assert "/desk/call-backs" not in office.page("clerk").get("/queue").text
    found = re.search(r'action="/desk(/call-backs/[^"]+)"', chief.get("/call-backs").text)
    assert found
    assert chief.post(found[1], note=" ").status_code == 422
    for _ in range(2):
        assert chief.post(found[1], note="已道歉").status_code == 303
    assert office.page("second").post(found[1], note="又打了").status_code == 409
    assert "没有待回访的" in chief.text("/call-backs")


def test_service_stars_of_a_quarter_as_a_page_and_a_file(office: Office) -> None:
    """For managers; the file has the same figures and nothing of a citizen."""
    serve_somebody(office, 5)
    serve_somebody(office, 2, reason="slow")
    today = local_day(office.world.now)
    now_quarter = f"{today.year}Q{(today.month - 1) // 3 + 1}"
    page = office.page("auditor")
    assert re.search(r"clerk 演示 clerk 2 0 \S+ 2 2 3.5 1 0", page.text("/manage/stars"))
    answer = page.get(f"/manage/stars.csv?quarter={now_quarter}")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert ["clerk", "演示 clerk", "2", "0", "0.0", "2", "2", "3.5", "1", "0"] in rows
    assert "还没有数字" in page.text("/manage/stars?outlet=west")
    assert page.get("/manage/stars?quarter=x").status_code == 422
    assert office.page("clerk").get("/manage/stars.csv").status_code == 403


@pytest.mark.parametrize("path", ["/queue", "/dialogue", "/hall-book", "/complaints", "/call-backs", "/manage/stars"])
def test_every_page_of_the_hall_speaks_english(office: Office, path: str) -> None:
    """No Chinese is left but names."""
    told = office.page("chief", language="en").text(path)
    assert not re.findall(r"[\u4e00-\u9fff]+", re.sub("演示|市民之家|城西网点|中文", "", told)), path
