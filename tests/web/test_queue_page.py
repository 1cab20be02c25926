"""The queue from behind a desk, through Flask's test client: green channel, wrong tickets, handing on, old pages."""

import re

import pytest

from cardsvc.service.hall import tickets
from cardsvc.service.operations.rule_book import local_day
from cardsvc.store.records import StaffSkill, Ticket
from cardsvc.web.desk.jobs import JOBS
from tests.web.clerk import Clerk
from tests.web.desk_office import Office, Page
from tests.world import rules


def take(office: Office, kind: str) -> str:
    """A number from the machine."""
    return tickets.take(office.world.store, rules(), "hall", kind, office.world.now).number


def ticket(office: Office, number: str) -> Ticket:
    """A number as the database has it."""
    with office.world.store.read() as uow:
        found = uow.tickets.numbered("hall", local_day(office.world.now), number)
    assert found
    return found


def at_desk(office: Office, who: str, place: str) -> Page:
    """Somebody who serves the queue at a workstation."""
    page = office.page(who, place)
    assert page.post("/queue/open").status_code == 303
    return page


def test_a_called_number_comes_with_the_papers_that_its_job_asks_for(office: Office) -> None:
    """The holder's on the work place; by who comes, on the page of the queue."""
    take(office, "card")
    page = at_desk(office, "clerk", "ws-1")
    assert page.post("/queue/next").status_code == 303
    assert re.search("A001 .* 请备好 本人身份证原件；照片", page.text("/"))
    told = page.text("/queue")
    assert re.search("A001 申领、补换卡 · 已叫 · 窗口 ws-1", told)
    assert re.search("本人来办 .*父母代办 父母身份证原件 .*他人代办", told)
    assert re.search(
        "Comes in person The holder.*ID card .*A parent comes", office.page("clerk", "ws-1", "en").text("/queue?number=A001")
    )


def test_a_key_of_the_queue_is_no_key_of_a_card_or_of_the_menu(office: Office) -> None:
    """Whatever is done with the card on the reader, its key does that while a number is at the desk too."""
    take(office, "card")
    clerk = Clerk(office)
    clerk.put(office.world.issue("fudan-fmcos2"))
    for state, button in (("no window", "开窗叫号"), ("nobody", "叫下一位"), ("called", "人到了"), ("served", "办完")):
        menu, queue, card = re.split("<section", clerk.html, maxsplit=2)
        keys = set(re.findall('data-key="(.)"', queue))
        taken = {*re.findall('data-key="(.)"', menu + card), *(job.key for job in JOBS.values())}
        assert ("n" in keys, "k" in taken, keys & taken) == (True, True, set()), state
        clerk.send(button)


def test_a_number_that_was_called_as_often_as_may_be_is_not_offered_to_be_called_again(office: Office) -> None:
    """The work place says how often it was called instead; missed is what is left."""
    take(office, "money")
    page = at_desk(office, "clerk", "ws-1")
    page.post("/queue/next")
    for _ in range(2):
        assert "再叫" in page.text("/")
        page.post("/queue/again", number="C001")
    told = page.text("/")
    assert "已叫 3 次" in told
    assert "再叫" not in told
    assert "过号" in told


def test_a_wrong_ticket_is_swapped_and_keeps_its_place(office: Office) -> None:
    """From the desk to the front of the other kind; the same form twice changes nothing more."""
    wrong, later = take(office, "money"), take(office, "card")
    page = at_desk(office, "clerk", "ws-1")
    page.post("/queue/next")
    for _ in range(2):
        answer = page.post("/queue/number", number=wrong.lower(), deed="kind", kind="card")
        assert answer.location.endswith(f"number={wrong}")
    assert (ticket(office, wrong).ticket_type, ticket(office, wrong).state) == ("card", "waiting")
    told = page.text("/queue/live")
    assert told.index(wrong) < told.index(later)
    unknown = page.post("/queue/number", number="Z999", deed="kind", kind="card")
    assert (unknown.status_code, "今天没有 Z999 号" in unknown.text) == (404, True)
    assert page.post("/queue/number", number=wrong, deed="dance").status_code == 422


def test_a_number_is_handed_to_one_desk_and_waits_for_it_alone(office: Office) -> None:
    """Its place stays, whatever that desk serves; when the desk closes, every desk may call it."""
    take(office, "money")
    first, second = at_desk(office, "clerk", "ws-1"), at_desk(office, "other", "ws-2")
    first.post("/queue/next")
    first.post("/queue/serve", number="C001")
    for _ in range(2):
        assert first.post("/queue/number", number="C001", deed="desk", desk="ws-2").status_code == 303
    with office.world.store.read() as uow:
        done = [event.event for event in uow.ticket_events.of_ticket(ticket(office, "C001").ticket_id)]
    assert done == ["taken", "called", "served", "handed"]
    first.post("/queue/next")
    assert ticket(office, "C001").state == "waiting"
    assert "等您来办：C001" in second.text("/")
    assert "等您来办" not in first.text("/")
    assert second.post("/queue/close").status_code == 303
    first.post("/queue/next")
    assert (ticket(office, "C001").state, ticket(office, "C001").desk) == ("called", "ws-1")
    assert first.post("/queue/number", number="C001", deed="desk", desk="ws-2").status_code == 409


def test_the_green_channel_calls_the_colleague_who_signs(office: Office) -> None:
    """The reason is kept with who gave it; sent twice it is one number; the right desk is told and calls it."""
    with office.world.store.begin() as uow:
        uow.staff_skills.add(StaffSkill("other", "sign_language", "admin", office.world.now))
        uow.commit()
    take(office, "card")
    first, second = at_desk(office, "clerk", "ws-1"), at_desk(office, "other", "ws-2")
    page = first.get("/queue").text
    assert "演示 other (窗口 ws-2)" in page
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert key
    for _ in range(2):
        assert first.post("/queue/green", kind="card", reason="deaf", key=key[1]).status_code == 303
    green = ticket(office, "A002")
    with office.world.store.read() as uow:
        assert len(uow.tickets.waiting("hall", green.business_day)) == 2
        (taken,) = uow.ticket_events.of_ticket(green.ticket_id)
    assert (taken.staff_id, taken.detail, green.desk) == ("clerk", "deaf", "ws-2")
    assert "等您来办：A002 (手语)" in second.text("/")
    first.post("/queue/next")
    second.post("/queue/next")
    assert (ticket(office, "A001").desk, ticket(office, "A002").state) == ("ws-1", "called")
    assert first.post("/queue/green", kind="card", reason="friend", key="k" * 32).status_code == 422
    assert first.post("/queue/green", kind="card", key="k" * 32).status_code == 422


def test_a_missed_number_goes_in_again_and_somebody_leaves(office: Office) -> None:
    """From the list of the missed; leaving twice is leaving once."""
    take(office, "money")
    page = at_desk(office, "clerk", "ws-1")
    page.post("/queue/next")
    page.post("/queue/miss", number="C001")
    assert "过号 C001" in page.text("/queue/live")
    assert page.post("/queue/number", number="C001", deed="back").status_code == 303
    assert page.post("/queue/number", number="C001", deed="back").status_code == 409
    for _ in range(2):
        assert page.post("/queue/number", number="C001", deed="leave").status_code == 303
    assert "C001 充值、退款 · 不办了" in page.text("/queue?number=C001")


@pytest.mark.parametrize("deed", ["finish", "miss", "again", "serve"])
def test_an_old_page_moves_no_other_number(office: Office, deed: str) -> None:
    """The second tab still shows the number before; what it sends is refused, and the number at the desk stays as it is."""
    for _ in range(2):
        take(office, "money")
    page = at_desk(office, "clerk", "ws-1")
    for step in ("next", "serve", "finish", "next"):
        page.post(f"/queue/{step}")
    answer = page.post(f"/queue/{deed}", number="C001")
    assert (answer.status_code, "ticket_changed" in answer.text) == (409, True)
    assert ticket(office, "C002").state == "called"


def test_who_does_not_serve_the_queue_is_told_and_the_dialogue_page_sends_nothing(office: Office) -> None:
    """An auditor looks on; the page for writing has no form and its fields no names."""
    take(office, "money")
    page = office.page("auditor")
    assert "C001" in page.text("/queue")
    assert page.post("/queue/green", kind="money", reason="old", key="k" * 32).status_code == 403
    assert page.post("/queue/number", number="C001", deed="leave").status_code == 403
    written = page.get("/dialogue").text
    main = written[written.index("<main") :]
    assert "<form" not in main
    assert main.count("<textarea") == 2
    assert not re.search(r"<textarea[^>]* name=", main)


def test_whoever_signs_out_serves_no_more_and_a_supervisor_closes_what_was_left_open(office: Office) -> None:
    """Somebody else sits down at the same workstation; the number that was there is called again."""
    number = take(office, "card")
    clerk, other = at_desk(office, "clerk", "ws-1"), office.page("other", "ws-1")
    clerk.post("/queue/next")
    assert other.post("/queue/open").status_code == 409
    assert other.post("/manage/desks/ws-1/close").status_code == 403
    assert office.page("auditor").get("/manage/desks/ws-1/close").status_code == 403
    chief = office.page("chief")
    asked = re.search(r'href="/desk(/manage/desks/ws-1/close)"[^>]*>停办', chief.get("/manage").text)
    assert asked
    assert re.search(rf"停办窗口 ws-1 .*演示 clerk.* {number} .*重新等候", chief.text(asked[1]))
    assert ticket(office, number).state == "called"
    assert chief.post("/manage/desks/ws-1/close").status_code == 303
    assert "这个窗口没有开" in chief.text(asked[1])
    assert other.post("/queue/open").status_code == 303
    other.post("/queue/next")
    assert ticket(office, number).staff_id == "other"
    other.post("/sign-out")
    assert (ticket(office, number).state, ticket(office, number).desk) == ("waiting", None)
    assert at_desk(office, "clerk", "ws-1").post("/queue/next").status_code == 303
