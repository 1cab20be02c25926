"""The management pages through Flask's test client: what they show is what the database has, and who may see and do what."""

import copy
import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from cardsvc.bootstrap import Services, now
from cardsvc.config import Settings
from cardsvc.errors import CardsvcError
from cardsvc.printing.photo import sample_photo
from cardsvc.service.cards.requests import CardApplication, apply_for
from cardsvc.service.cash.shifts import open_shift
from cardsvc.service.desk.sessions import IDLE
from cardsvc.service.faults.reader_health import Use, note
from cardsvc.service.operations.rule_book import local_day
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Staff
from cardsvc.vcard import FaultPlan, VirtualCard
from cardsvc.web.desk import create_desk
from tests.databases import copy as copy_database
from tests.desk.busy import Counter, fill_the_hall, leave_things_open, work_a_morning
from tests.templates import compiled_once
from tests.world import LiveWorld, World, profiles

PASSWORD = "only for tests"
ROLES = {"clerk": "clerk", "other": "cashier", "chief": "supervisor", "second": "supervisor", "auditor": "auditor"}
LOOKS = ("", "/live", "/figures", "/day", "/terminals", "/readers", "/rules", "/suspects", "/differences")
FILES = ("/figures.csv", "/figures/jobs.svg", "/day/sheet.csv", "/day/sheet.pdf")


@dataclass
class Office:
    """The hall in the middle of its day, and its page."""

    world: World
    people: dict[str, Staff]
    torn: VirtualCard
    counter: Counter
    app: Any

    def page(self, who: str, language: str = "zh") -> "Page":
        """Somebody signs in."""
        client = self.app.test_client()
        client.set_cookie("cardsvc_lang", language)
        answer = client.post("/desk/sign-in", data={"staff_id": who, "password": PASSWORD})
        assert answer.status_code == 303
        return Page(client)


@dataclass
class Page:
    """Somebody at the page."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(f"/desk/manage{path}")

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)).replace(" ：", "：")

    def post(self, path: str, **form: str) -> TestResponse:
        found = re.search(r'name="csrf" content="([^"]+)"', self.get("/rules").text)
        assert found
        return self.client.post(f"/desk/manage{path}", data={"csrf": found[1], **form})


class Morning(NamedTuple):
    """A database with a morning in it, its people, and the card whose top-up was torn."""

    path: Path
    people: dict[str, Staff]
    torn: VirtualCard


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory, cluster: None) -> Morning:
    """One morning, which each office opens a copy of."""
    path = tmp_path_factory.mktemp("morning") / "city.db"
    world = LiveWorld(path, now())
    store, moment = world.store, world.now
    add_outlet(store, "hall", "市民之家", moment)
    add_outlet(store, "west", "城西网点", moment)
    admin = add_staff(store, NewStaff("admin", "管理员", "administrator", "hall"), PASSWORD, moment, by=None)
    people = {
        name: add_staff(store, NewStaff(name, f"演示 {name}", role, "hall"), PASSWORD, moment, by=admin)
        for name, role in ROLES.items()
    }
    for name, number, role in (("ws-1", "11", "workstation"), ("ws-2", "12", "workstation"), ("kiosk-7", "07", "topup")):
        key = public_hex(Ed25519PrivateKey.generate())
        register_terminal(store, name, "", f"3100000000{number}", key, role, moment, outlet_id="hall")
    torn = work_a_morning(Counter(world, "ws-1", people["clerk"]))
    fill_the_hall(world, people["clerk"], people["other"])
    leave_things_open(world, world.card_no_of(torn), people["clerk"], people["chief"], people["second"])
    world.close()
    return Morning(path, {**people, "admin": admin}, torn)


@pytest.fixture(scope="module")
def office(morning: Morning, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """One office for all tests of this file that only look."""
    made = _office(morning, tmp_path_factory.mktemp("office") / "city.db")
    yield made
    made.world.close()


@pytest.fixture
def own_office(morning: Morning, tmp_path: Path) -> Iterator[Office]:
    """An office of its own, for tests that do something."""
    made = _office(morning, tmp_path / "city.db")
    yield made
    made.world.close()


def _office(morning: Morning, path: Path) -> Office:
    copy_database(morning.path, path)
    world = LiveWorld(path, now())
    counter = Counter(world, "ws-1", morning.people["clerk"])
    app = compiled_once(create_desk(Services(Settings(), world.store, world.engine, profiles(), world.engine.rules)))
    return Office(world, morning.people, copy.deepcopy(morning.torn), counter, app)


def test_a_clerk_sees_none_of_it_and_is_told_whose_it_is(office: Office) -> None:
    """Pages, files and deeds alike; nobody signed in is sent to the door; the menu does not offer it."""
    clerk = office.page("clerk")
    for path in LOOKS + FILES:
        answer = clerk.get(path)
        assert answer.status_code == 403, path
        assert "这件事要由主管、审计员、管理员来做" in answer.text
        assert "Traceback" not in answer.text
    assert "/desk/manage" not in clerk.client.get("/desk/sessions").text
    nobody = office.app.test_client()
    assert nobody.get("/desk/manage/figures.csv").status_code == 303
    assert office.app.test_client().post("/desk/manage/day", data={"day": "2026-11-24"}).status_code != 200


@pytest.mark.parametrize("who", ["chief", "auditor", "admin"])
def test_supervisor_auditor_and_administrator_see_every_page_in_both_languages(office: Office, who: str) -> None:
    """Every page, file and picture; an English page has no Chinese but names and what people wrote."""
    for language in ("zh", "en"):
        page = office.page(who, language)
        for path in LOOKS + FILES:
            assert page.get(path).status_code == 200, path
    written = "演示|管理员|市民之家|城西网点|挂失|小额也可充值|中文"
    for path in LOOKS:
        assert not re.findall(r"[\u4e00-\u9fff]+", re.sub(written, "", page.text(path))), path
    assert "/desk/manage" in page.client.get("/desk/sessions").text


def test_the_hall_shows_who_waits_what_desks_do_and_todays_jobs(office: Office) -> None:
    """Looks are no jobs; a torn one is not done; the complaint that is promised stands there."""
    told = office.page("chief").text("/live")
    assert "等候 3" in told
    assert "今日接待 1" in told
    assert "今日充值 2 笔 150.00 元" in told
    assert "待答复的投诉 1" in told
    assert "充值 2 1 0" in told
    assert "全面检测 1 0 0" in told
    assert "读卡" not in told
    assert re.search(
        r"ws-1 (✕ 工作台未连接 )?演示 clerk (停办 )?全部 C00\d 在办 \d+ 分钟", told
    )  # however long ago the morning was
    assert re.search(r"ws-2 ✕ 工作台未连接 演示 other (停办 )?申领、补换卡 ● 空闲", told)


def test_the_hall_shows_the_cards_that_are_promised(own_office: Office) -> None:
    """An application that waits for its card, and one that is past its hour."""
    world = own_office.world
    with world.store.read() as uow:
        clerk = uow.staff.get("clerk")
    assert clerk is not None
    asked = [CardApplication(citizen_id=world.citizen(number), consent=True) for number in (91, 92)]
    for one, moment in zip(asked, (now(), now() - dt.timedelta(days=5)), strict=True):
        apply_for(world.store, world.engine.rules, one, sample_photo(), by=clerk, now=moment)
    assert re.search("待制的卡 2 .*其中过期 1", own_office.page("chief").text("/live"))


def test_a_page_that_renews_itself_keeps_nobody_signed_in(own_office: Office) -> None:
    """Ten minutes without a touch: the renewal is refused, and the page asks for the password."""
    page = own_office.page("chief")
    assert page.get("/live").status_code == 200
    with own_office.world.store.begin() as uow:
        (session,) = uow.desk_sessions.open_of("chief")
        uow.desk_sessions.change(session, seen_at=session.seen_at - IDLE, opened_at=session.opened_at - IDLE)
        uow.commit()
    assert page.get("/live").status_code == 401
    assert page.get("").location.startswith("/desk/unlock")


def test_figures_are_those_of_the_day_and_of_the_outlet(office: Office) -> None:
    """By hour of one day and by day; the same sums in the table, the file and the picture; nothing elsewhere or before."""
    today = local_day(now())
    yesterday = today - dt.timedelta(days=1)
    page = office.page("auditor")
    by_day = file_of(page, f"?from={yesterday}&to={today}")
    assert by_day["窗口办成的业务"] == [["日期", "充值", "全面检测"], [str(yesterday), "0", "0"], [str(today), "2", "1"]]
    assert by_day["充值金额（元）"][-1] == [str(today), "150.00"]
    assert by_day["检测发现（有这种问题的卡数）"][-1][1:] == ["1"] * (len(by_day["检测发现（有这种问题的卡数）"][0]) - 1)
    assert "可疑余额" in " ".join(by_day["检测发现（有这种问题的卡数）"][0])
    assert by_day["取号"][-1] == [str(today), "3", "2"]
    hours = file_of(page, f"?from={today}&to={today}&outlet=hall")
    assert [sum(int(row[1]) for row in hours["窗口办成的业务"][1:])] == [2]
    elsewhere = file_of(page, f"?from={today}&to={today}&outlet=west")
    assert elsewhere["窗口办成的业务"] == [["小时"]]
    assert "合计 3" in page.text(f"/figures?from={yesterday}&to={today}")
    assert page.get("/figures/jobs.svg").text.count("<rect") >= 2
    for wrong, status in (("?from=2026-11-25&to=2026-11-24", 422), ("?from=x", 422), ("?outlet=nowhere", 404)):
        assert page.get(f"/figures{wrong}").status_code == status, wrong
    assert page.get("/figures/nothing.svg").status_code == 404


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "yesterday"])
@pytest.mark.parametrize(
    "address", ["/desk/manage/figures?from={}&to={}", "/desk/manage/day/sheet.csv?day={}", "/desk/hall-book?day={}"]
)
def test_a_day_outside_the_calendar_of_cards_is_told(office: Office, address: str, day: str) -> None:
    """Sums with it would leave the computer's calendar."""
    answer = office.page("chief").client.get(address.format(day, day))
    assert (answer.status_code, "form_incomplete" in answer.text) == (422, True)


def file_of(page: Page, asked: str) -> dict[str, list[list[str]]]:
    """The tables of the file by their titles."""
    answer = page.get(f"/figures.csv{asked}")
    assert answer.data.startswith(b"\xef\xbb\xbf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    found: dict[str, list[list[str]]] = {}
    for part in answer.data.decode("utf-8-sig").split("\r\n\r\n")[1:]:
        title, *rows = list(csv.reader(io.StringIO(part)))
        found[title[0]] = rows
    return found


def test_terminals_that_are_behind_stand_first(office: Office) -> None:
    """The kiosk acknowledged the first of two changes; workstations keep no list."""
    told = office.page("chief").text("/terminals")
    assert "最新版本 2" in told
    assert "落后的终端：1" in told
    assert re.search(r"kiosk-7 .* 1，落后 1 .* ws-1 .* 由服务核对", told)
    assert "在线" in told


def test_a_reader_to_be_changed_stands_first_with_what_to_do(office: Office) -> None:
    """By its place and name, the last cards beside it; the clerk's own reader is fine."""
    used = [("fudan-fmcos2", "card_mute"), ("huada-city", "reader_failed"), ("", "card_unresponsive"), ("fudan-fmcos2", None)]

    def wear(uow: UnitOfWork) -> None:
        for number, (family, failure) in enumerate(used):
            note(uow, "ws-2", "Worn 00 00", Use(str(number), family, f"worn {number}", failure), office.world.now)
        note(uow, "ws-1", "Good 00 00", Use("A", "fudan-fmcos2", "good", None, 10, 150, 30), office.world.now)

    office.world.store.transact(wear)
    told = office.page("chief").text("/readers")
    assert re.search(
        r"ws-2 Worn 00 00 · 市民之家 ⚠ 擦净或更换 .*换读卡器.* 3 \(75%\) .* ws-1 Good 00 00 · 市民之家 ✓ 正常", told
    )
    assert "15.0 / 30" in told
    assert "无应答 卡片没有应答：可能放反" in told
    assert "card_" not in told, "codes are for programs"


def test_two_versions_of_the_rules_are_compared_rule_by_rule(office: Office) -> None:
    """Which is in force, which is to come, and what differs; the text of each; an unknown one is told."""
    page = office.page("auditor")
    told = page.text("/rules?old=2026.1&new=2026.2")
    assert re.search(r"2026\.2 .* 将生效 演示 chief 演示 second .* 2026\.1 随软件 ● 现行", told)
    assert re.search(r"充值 T 卡规定.* 修改 起充（元） 50\.00 20\.00", told)
    assert "没有不同" in page.text("/rules?old=2026.1&new=2026.1")
    assert "minimum = 2000" in page.text("/rules/2026.2")
    assert page.get("/rules?old=1&new=2").status_code == 404


def test_a_suspect_is_taken_with_its_evidence(own_office: Office) -> None:
    """Nobody owns it; the supervisor takes it; the evidence of its next contact is there, and it is settled."""
    page, world = own_office.page("chief"), own_office.world
    torn = world.card_no_of(own_office.torn)
    assert "没有人" in page.text("/suspects")
    link = re.search(rf'/desk/manage(/suspects/{torn}/[^"]+)"', page.get("/suspects").text)
    assert link
    assert "200.00" in page.text(link[1])
    assert page.post(link[1], note="打电话请市民来").status_code == 303
    assert "演示 chief 打电话请市民来" in page.text("/suspects")
    assert page.post(f"/suspects/{torn}/{'0' * 36}").status_code == 404
    with world.store.read() as uow:
        (case,) = uow.suspect_cases.all()
    assert (case.card_no, case.owner) == (torn, "chief")
    assert "没有证据" in page.text(link[1])
    with suppress(CardsvcError):  # it is on the hot list, and settled all the same
        own_office.counter.do(own_office.torn, "inspect")
    told = page.text(link[1])
    assert "卡上有，已入账" in told
    assert "交易证明：卡上有 卡上余额 300.00" in told
    assert "没有待核实的" in page.text("/suspects")


def test_the_fee_of_a_torn_opening_is_on_the_worklist_and_then_waits(own_office: Office) -> None:
    """With its application and what the card showed; then among what is paid and on no card, until it goes back."""
    page, world = own_office.page("chief"), own_office.world
    card = world.issue("fudan-fmcos2", 7)
    card_no = world.card_no_of(card)
    card.plan = FaultPlan(tear_before_write=1)
    with suppress(CardsvcError):
        own_office.counter.do(card, "open", application="park", product="1")
    link = re.search(rf'/desk/manage(/suspects/{card_no}/[^"]+)"', page.get("/suspects").text)
    assert link
    told = page.text(link[1])
    assert "开通收费 50.00 元" in told
    assert "应用 公园年卡" in told
    assert page.post(link[1], note="联系市民").status_code == 303
    own_office.counter.do(card, "inspect")
    assert "卡上不是要写的内容：没有开通" in page.text(link[1])
    assert "付了没开通、没有退的钱：1" in page.text("/suspects")
    clerk = own_office.page("clerk").client
    paid = re.sub(r"<[^>]+>|\s+", " ", clerk.get(f"/desk/cards/{card_no}").text)
    assert "公园年卡上次已付 50.00 元，没有写上" in paid


def test_a_difference_is_taken_proposed_and_booked_by_the_second_person(own_office: Office) -> None:
    """With its entry; without a reason nothing is proposed; an auditor may explain and not propose."""
    chief, auditor = own_office.page("chief"), own_office.page("auditor")
    told = chief.text("/differences")
    assert "对方文件里的交易，我方没有" in told
    assert "建议分录 借 应缴 付款渠道 手机支付 贷 待退回 手机支付" in told
    found = re.search(r'action="/desk/manage(/differences/[^"]+)"', chief.get("/differences").text)
    assert found
    deed = found[1]
    assert chief.post(deed, deed="propose").status_code == 422
    assert 'value="说不清"' in chief.post(deed, deed="nothing", reason="说不清").text
    assert auditor.post(deed, deed="propose", reason="多收").status_code == 403
    assert chief.post(deed, deed="take").status_code == 303
    assert chief.post(deed, deed="propose", reason="多收的钱退回渠道").status_code == 303
    decision = own_office.page("second").client.get("/desk/approvals").text
    assert re.search(r'href="/desk/manage/differences\?run=[0-9a-f-]{36}">看这次对账<', decision)
    assert "已提请复核" in chief.text("/differences")
    with own_office.world.store.read() as uow:
        (waiting,) = uow.approvals.open()
    second = own_office.page("second")
    asked = re.sub(r"<[^>]+>|\s+", " ", second.client.get("/desk/approvals").text)
    assert re.search(
        r"差异 +对方文件里的交易，我方没有 .*借方 +应缴 付款渠道 手机支付 .*贷方 +待退回 手机支付 .*金额（元） +\d+\.\d\d",
        asked,
    )
    token = re.search(r'name="csrf" content="([^"]+)"', second.get("/rules").text)
    assert token
    form = {"csrf": token[1], "decision": "approve"}
    assert second.client.post(f"/desk/approvals/{waiting.approval_id}", data=form).status_code == 303
    assert "没有这种差异" in chief.text("/differences")
    assert "已更正" in chief.text("/differences?state=corrected")
    late = auditor.post(deed, deed="explain", reason="晚了")
    assert late.status_code == 409
    assert "这条差异已处理：已更正" in late.text


def test_the_day_ends_when_nothing_is_open_and_somebody_confirmed(own_office: Office) -> None:
    """What keeps it open is listed; only a supervisor of the outlet ends it, once; the sheets are there."""
    world, page, today = own_office.world, own_office.page("chief"), str(local_day(now()))
    open_shift(world.store, ("terminal", "ws-1"), {}, by=own_office.people["other"], now=world.now)
    told = page.text("/day")
    assert "待核实交易无人认领" in told
    assert "班次未交清 在班 演示 other" in told
    assert page.post("/day", day=today, confirmed="yes").status_code == 409
    assert page.post("/day", day=today).status_code == 422
    assert own_office.page("auditor").post("/day", day=today, confirmed="yes").status_code == 403
    assert page.post("/day", day=today, confirmed="yes", outlet="west").status_code == 403


def test_an_outlet_without_anything_open_is_ended_by_its_supervisor(own_office: Office) -> None:
    """The seal stands on the page; the same day does not end twice."""
    store, moment, today = own_office.world.store, own_office.world.now, str(local_day(now()))
    admin = own_office.people["admin"]
    add_staff(store, NewStaff("west", "城西主管", "supervisor", "west"), PASSWORD, moment, by=admin)
    page = own_office.page("west")
    assert "没有未了事项，可以日结" in page.text("/day")
    assert page.post("/day", day=today, confirmed="yes", outlet="west").status_code == 303
    assert f"{today} 城西主管" in page.text("/day")
    again = page.post("/day", day=today, confirmed="yes", outlet="west")
    assert (again.status_code, "day_ended" in again.text) == (409, True)
    assert page.get("/day/sheet.pdf?outlet=west").data.startswith(b"%PDF")
    assert "日报表" in page.get("/day/sheet.csv?outlet=hall").data.decode("utf-8-sig")
