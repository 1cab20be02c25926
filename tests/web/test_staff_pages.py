"""Staff administration and outlets on the desk page, through Flask's test client."""

import datetime as dt
import re

import pytest
from sqlalchemy import create_engine

from cardsvc.errors import CardsvcError
from cardsvc.rules import rule_text
from cardsvc.service.approval_kinds import APPROVALS
from cardsvc.service.cards.hold_approval import unidentified_card
from cardsvc.service.cash.shifts import open_shift
from cardsvc.service.hall import desks, tickets
from cardsvc.service.management.rule_versions import propose_rules
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import sign_in
from cardsvc.service.staff.approvals import propose
from tests.databases import url_of
from tests.web.desk_office import PASSWORD, Office, plain
from tests.world import rules

OWN = "my very own words"


def shown_password(html: str) -> str:
    """The one-time password on a page."""
    found = re.search(r'<p class="amount number">([a-z0-9-]{14})</p>', html)
    assert found
    return found[1]


def test_only_administrators_see_and_change_staff(office: Office) -> None:
    """Pages and deeds; others are told whose it is, and their menu does not offer it."""
    for who in ("clerk", "chief", "auditor"):
        page = office.page(who)
        for path in ("/manage/staff", "/manage/staff/clerk"):
            assert page.get(path).status_code == 403, (who, path)
        assert page.post("/manage/staff/second", deed="suspend").status_code == 403
        assert page.post("/manage/staff", staff_id="x", name="x", role="administrator", outlet_id="hall").status_code == 403
        assert "/desk/manage/staff" not in page.get("/sessions").text
    assert "/desk/manage/staff" not in office.page("chief").get("/manage").text
    assert re.search("chief 演示 chief 主管 市民之家 ● 在用", office.page("admin").text("/manage/staff"))


def test_a_new_person_must_choose_a_password_before_anything_else(office: Office) -> None:
    """The one-time password opens one page only; after it the work place opens; it is shown once and works no more."""
    admin = office.page("admin")
    answer = admin.post("/manage/staff", staff_id="li", name="演示李", role="clerk", outlet_id="hall")
    once = shown_password(answer.text)
    assert once not in admin.get("/manage/staff/li").text
    again = admin.post("/manage/staff", staff_id="li", name="演示李", role="clerk", outlet_id="hall")
    assert (again.status_code, "staff_exists" in again.text) == (409, True)
    page = office.page("li", "ws-1", password=once)
    for path in ("/", "/queue", "/sessions"):
        assert page.get(path).location.startswith("/desk/password"), path
    csrf = re.search(r'name="csrf" content="([^"]+)"', page.get("/password").text)
    assert csrf
    assert page.client.post("/desk/queue/open", data={"csrf": csrf[1]}).location.startswith("/desk/password")
    for form, code in (
        ({"password": "wrong words", "new": OWN, "again": OWN}, "sign_in_wrong"),
        ({"password": once, "new": OWN, "again": OWN + "."}, "password_differs"),
        ({"password": once, "new": once, "again": once}, "password_same"),
        ({"password": once, "new": "short", "again": "short"}, "password_weak"),
    ):
        refused = page.client.post("/desk/password", data={"csrf": csrf[1], **form})
        assert code in refused.text
    changed = page.client.post("/desk/password", data={"csrf": csrf[1], "password": once, "new": OWN, "again": OWN})
    assert changed.status_code == 303
    assert page.get("/queue").status_code == 200
    with pytest.raises(CardsvcError, match="sign_in_wrong"):
        sign_in(office.world.store, "li", once, office.world.now)


def test_a_reset_ends_every_sign_in_and_the_old_password(office: Office) -> None:
    """Whoever sits at an open page of that person is out."""
    admin, clerk = office.page("admin"), office.page("clerk")
    once = shown_password(admin.post("/manage/staff/clerk", deed="reset").text)
    assert clerk.get("/queue").location.startswith("/desk/sign-in")
    with pytest.raises(CardsvcError, match="sign_in_wrong"):
        sign_in(office.world.store, "clerk", PASSWORD, office.world.now)
    assert sign_in(office.world.store, "clerk", once, office.world.now).password_once
    assert admin.post("/manage/staff/admin", deed="reset").status_code == 409
    assert admin.post("/manage/staff/nobody", deed="reset").status_code == 404


def test_suspending_ends_sign_ins_and_frees_the_desk_and_its_number(office: Office) -> None:
    """Twice is once; the number waits again at its old place; let in again, the person signs in anew."""
    store, moment = office.world.store, office.world.now
    number = tickets.take(store, rules(), "hall", "money", moment)
    admin, clerk = office.page("admin"), office.page("clerk", "ws-1")
    clerk.post("/queue/open")
    clerk.post("/queue/next")
    for _ in range(2):
        assert admin.post("/manage/staff/clerk", deed="suspend").status_code == 303
    with store.read() as uow:
        left = uow.tickets.get(number.ticket_id)
        assert left is not None
        assert (left.state, left.place, uow.desks.open_at("hall", local_day(moment))) == ("waiting", number.place, [])
    assert clerk.get("/queue").location.startswith("/desk/sign-in")
    desks.open_desk(store, rules(), "ws-1", by=office.people["other"], now=moment)
    assert "✕ 停用" in admin.text("/manage/staff/clerk")
    assert admin.post("/manage/staff/clerk", deed="enable").status_code == 303
    assert clerk.get("/queue").location.startswith("/desk/sign-in")
    assert office.page("clerk").get("/queue").status_code == 200
    assert admin.post("/manage/staff/admin", deed="suspend").status_code == 409


def test_a_form_of_a_sign_in_that_is_over_or_locked_is_told_as_not_sent(office: Office) -> None:
    """Whoever is asked to sign in again reads that nothing was done; who comes for the first time, or signed out, does not."""
    clerk = office.page("clerk")
    assert "没有提交" not in office.app.test_client().get("/desk/queue", follow_redirects=True).text
    clerk.post("/lock")
    locked = clerk.client.post("/desk/drawer", data={}, follow_redirects=True)
    assert "页面已锁定" in locked.text
    assert "没有提交" in locked.text
    with office.world.store.begin() as uow:
        (session,) = uow.desk_sessions.open_of("clerk")
        uow.desk_sessions.change(session, ended_at=office.world.now)
        uow.commit()
    over = clerk.client.post("/desk/drawer", data={}, follow_redirects=True)
    assert "没有提交" in over.text
    looked = clerk.client.get("/desk/queue", follow_redirects=True)
    assert "登录已结束" in looked.text
    assert "没有提交" not in looked.text


def test_another_post_counts_at_once(office: Office) -> None:
    """Role and outlet; the same again ends nothing; what is wrong is told."""
    admin = office.page("admin")
    assert admin.post("/manage/staff/clerk", deed="post", role="supervisor", outlet_id="west").status_code == 303
    page = office.page("clerk")
    assert admin.post("/manage/staff/clerk", deed="post", role="supervisor", outlet_id="west").status_code == 303
    assert page.get("/call-backs").status_code == 200
    assert "城西网点" in page.text("/manage")
    for form, status in (({"role": "king", "outlet_id": "hall"}, 422), ({"role": "clerk", "outlet_id": "moon"}, 404)):
        assert admin.post("/manage/staff/clerk", deed="post", **form).status_code == status
    assert admin.post("/manage/staff/clerk", deed="dance").status_code == 422
    assert admin.post("/manage/staff", staff_id="a b", name="x", role="clerk", outlet_id="hall").status_code == 422


def test_skills_are_noted_and_single_sign_ins_ended(office: Office) -> None:
    """Who signs is offered by the green channel; a skill that was noted by mistake goes away."""
    admin, other = office.page("admin"), office.page("other")
    assert admin.post("/manage/staff/other", deed="skills", skill="sign_language").status_code == 303
    assert "演示 other (不在窗口)" in other.text("/queue")
    assert admin.post("/manage/staff/other", deed="skills").status_code == 303
    assert "演示 other" not in plain(other.get("/queue").text.split("<main")[1])
    assert admin.post("/manage/staff/other", deed="skills", skill="flying").status_code == 422
    found = re.search(r'name="session" value="([^"]+)"', admin.get("/manage/staff/other").text)
    assert found
    for _ in range(2):
        assert admin.post("/manage/staff/other", deed="end", session=found[1]).status_code == 303
    assert other.get("/queue").location.startswith("/desk/sign-in")
    told = admin.text("/manage/staff/other")
    assert "没有登录" in told
    assert re.search(
        r"结束登录 管理员 \(admin\) desk - 127\.0\.0\.1 .* 技能：手语 → 无 .* 技能：无 → 手语 .* 登记：收银员、市民之家", told
    )
    with office.world.store.read() as uow:
        kinds = [row.what for row in uow.staff_changes.of("other")]
    assert kinds == ["created", "skills", "skills", "session_ended"]


def test_outlets_show_the_hours_of_the_rules(office: Office) -> None:
    """For every manager, seven days from today; both languages."""
    told = office.page("auditor").text("/manage/outlets")
    assert re.search(r"市民之家 hall 6 .*\d\d:\d\d–\d\d:\d\d .* 城西网点 west 0", told)
    assert told.count("休息") == 2
    english = office.page("admin", language="en")
    for path in ("/manage/outlets", "/manage/staff", "/manage/staff/clerk", "/password"):
        left = re.findall(r"[\u4e00-\u9fff]+", re.sub("演示|市民之家|城西网点|中文|管理员", "", english.text(path)))
        assert not left, path


def test_a_suspended_tellers_drawer_is_counted_by_two(office: Office) -> None:
    """It stands still at once; a supervisor counts it from the day-end's list; another agrees, also when nothing differs."""
    world, admin, chief = office.world, office.page("admin"), office.page("chief")
    shift = open_shift(world.store, ("terminal", "ws-1"), {}, by=office.people["clerk"], now=world.now)
    path = f"/manage/day/shifts/{shift.shift_id}"
    admin.post("/manage/staff/clerk", deed="suspend")
    assert "这个人有没交的班：终端 ws-1" in admin.text("/manage/staff/clerk")
    assert path in chief.get("/manage/day").text
    assert re.search("演示 clerk \\(clerk\\) ✕ 账号已停用 .* 正在交班", chief.text(path))
    assert "由本网点的主管点数交班" in admin.text(path)
    assert admin.post(f"{path}/close", d100="0").status_code == 403
    assert chief.post(f"{path}/close", d100="x").status_code == 422
    assert chief.post(f"{path}/close", d100="3").location.endswith(path)
    assert "点数与账相差 3.00" in chief.text(path)
    assert chief.post(f"{path}/explain", reason="抽屉里多三元").status_code == 303
    with world.store.read() as uow:
        (waiting,) = uow.approvals.open()
    form = {"decision": "approve"}
    assert "点得（元） 3.00 账上（元） 0.00" in office.page("second").text("/approvals")
    assert chief.post(f"/approvals/{waiting.approval_id}", **form).status_code == 403
    second = office.page("second")
    unsaid = second.post(f"/approvals/{waiting.approval_id}", **{**form, "decision": "shrug", "remark": "点过两遍"})
    assert (unsaid.status_code, 'value="点过两遍"' in unsaid.text) == (422, True)
    assert second.post(f"/approvals/{waiting.approval_id}", **form).status_code == 303
    assert chief.get(path).status_code == 404
    assert "没有交" not in admin.text("/manage/staff/clerk")
    again = open_shift(world.store, ("terminal", "ws-1"), {}, by=office.people["other"], now=world.now)
    path = f"/manage/day/shifts/{again.shift_id}"
    assert chief.post(f"{path}/close", d100="0").location.endswith(path)
    told = chief.text(path)
    assert "点数与账相符。不是开班人本人点的" in told
    assert "相差" not in told
    assert "原因" not in told
    assert chief.post(f"{path}/explain").status_code == 303
    with world.store.read() as uow:
        (waiting,) = uow.approvals.open()
    assert chief.post(f"/approvals/{waiting.approval_id}", **form).status_code == 403
    assert office.page("second").post(f"/approvals/{waiting.approval_id}", **form).status_code == 303
    assert chief.get(path).status_code == 404


def test_a_decision_is_read_as_words_not_as_data(office: Office) -> None:
    """Money in yuan, labels in the language of the page, a whole set of rules folded away."""
    store, moment = office.world.store, office.world.now
    chief = office.people["chief"]
    text = rule_text().replace('version = "2026.1"', 'version = "2026.2"')
    propose_rules(store, APPROVALS, text, moment.date() + dt.timedelta(days=9), "test", by=chief, now=moment)
    slip = {"debit": "vault:hall", "credit": "clearing:bank:hall", "amount": 123456, "corrects": "slip-1"}
    propose(store, APPROVALS, "correction", "slip-1", slip, "test", by=chief, now=moment)
    page = office.page("second", language="en")
    told = page.text("/approvals")
    assert "Debit vault hall Credit to be handed over by bank hall Amount (yuan) 1234.56 Corrects slip-1" in told
    assert "In force from" in told
    assert "The whole text" in told
    assert page.get("/approvals").text.count("<details>") == 1


def test_what_a_decision_rests_on_is_a_link_or_words(office: Office) -> None:
    """A card that nobody can read is this one: its holder is a link, the rule a sentence, and no id is to be read."""
    world, moment = office.world, office.world.now
    number = world.card_no_of(world.issue("fudan-fmcos2"))
    payload = unidentified_card(world.store, world.engine.rules, number, moment)
    propose(world.store, APPROVALS, "hold_unidentified", number, payload, "号码磨掉了", by=office.people["clerk"], now=moment)
    page = office.page("chief")
    told = page.text("/approvals")
    assert re.search(r"持卡人 看持卡人 账上的钱哪天起可转 \d{4}-\d\d-\d\d 规则 坏卡余额到账：读不出的卡", told)
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|hold-unreadable|citizen_id", told)
    assert page.get(f"/persons/{payload['citizen_id']}").status_code == 200
    assert f'href="/desk/persons/{payload["citizen_id"]}"' in page.get("/approvals").text


def test_the_menu_tells_whoever_may_decide_that_something_waits(office: Office) -> None:
    """Not the one who asked, nor whose role decides nothing of the kind; the hall's page renews it by itself."""
    chief, moment = office.people["chief"], office.world.now
    slip = {"debit": "vault:hall", "credit": "clearing:bank:hall", "amount": 100, "corrects": "slip-1"}
    pages = {who: office.page(who) for who in ("chief", "second", "clerk", "auditor")}
    assert "复核 (" not in pages["second"].text("/sessions")
    propose(office.world.store, APPROVALS, "correction", "slip-1", slip, "test", by=chief, now=moment)
    found = {who: "复核 (1)" in page.text("/sessions") for who, page in pages.items()}
    assert found == {"chief": False, "second": True, "clerk": False, "auditor": True}
    assert "等您复核 1" in pages["second"].text("/manage/live")
    assert "等您复核" not in pages["chief"].text("/manage/live")


def test_a_page_is_shown_without_the_count_where_the_database_does_not_give_it(office: Office) -> None:
    """Also the page that tells of the trouble: the menu never makes a second one of it."""
    page = office.page("second")
    engine = create_engine(url_of(office.world.path))
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE approval RENAME TO elsewhere")
    engine.dispose()
    assert "复核" in page.text("/sessions")
    told = page.get("/approvals")
    assert told.status_code in (500, 503)
    assert "Traceback" not in told.text
    assert "跳到正文" in told.text
