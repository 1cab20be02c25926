"""The page of the day-end: what keeps the day open is told in words, and a day that was ended is told as that."""

import re

from cardsvc.service.desk.workstations import begin
from tests.desk.busy import CASH
from tests.web.test_manage import Office, morning, own_office

__all__ = ["morning", "own_office"]


def test_a_job_under_way_keeps_the_day_open_by_its_name(own_office: Office) -> None:
    """Which job at which desk, not its number in the database; a suspect has its owner by name."""
    counter, world = own_office.counter, own_office.world
    card = world.issue("fudan-fmcos2", 21)
    counter.sees(card, "contact-21")
    params = {"amount": 5000, "payment": CASH}
    begun = begin(world.engine, "ws-1", "contact-21", "topup", params, by=counter.clerk, idempotency_key="k" * 32)
    told = own_office.page("chief").text("/day")
    assert re.search(r"业务正在办理 充值 ws-1", told)
    assert begun.id not in told


def test_a_day_that_was_ended_is_told_as_that(own_office: Office) -> None:
    """By whom and when, instead of that it can be ended; a day that was forgotten may still be chosen."""
    page, world = own_office.page("chief"), own_office.world
    (case,) = re.findall(r'href="/desk/manage(/suspects/[^"]+)"', page.get("/suspects").text)
    page.post(case, note="")
    assert "没有未了事项，可以日结" in page.text("/day")
    today = world.now.date().isoformat()
    assert page.post("/day", day=today, confirmed="yes", outlet="hall").status_code == 303
    told = page.text("/day")
    assert re.search(rf"今天已日结 {today} \d\d:\d\d · 演示 chief", told)
    assert "可以日结" not in told
    again = page.post("/day", day=today, confirmed="yes", outlet="hall")
    assert (again.status_code, "这一天已经日结" in again.text) == (409, True)
