"""What staff do with the queue behind the desk, in a real browser: keyboard, axe, pictures."""

import datetime as dt
import re

import pytest
from playwright.sync_api import expect

from cardsvc.rules import load_rule_set
from cardsvc.service.hall import desks, tickets
from cardsvc.service.hall.appraisals import Opinion, appraise
from cardsvc.service.hall.complaints import receive
from tests.page.conftest import SLOW, Desk, axe_finds

MANAGE = re.compile("^管理 ")
"""The name of the door to the management pages, before its key."""

pytestmark = pytest.mark.usefixtures("own_pcscd")


def looks_right(desk: Desk, name: str, *words: str) -> None:
    """The page says this, axe finds nothing, nothing runs off a screen of any size; a picture is kept."""
    for word in words:
        desk.sees(word)
    assert axe_finds(desk.page) == [], name
    desk.picture(name)
    for width, height in ((768, 1024), (683, 384), (1366, 768)):
        desk.page.set_viewport_size({"width": width, "height": height})
        fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert desk.page.evaluate(fits), (name, width)


def test_a_wrong_ticket_a_green_one_and_a_written_dialogue(desk: Desk) -> None:
    """A number is called with its papers and changed by keyboard; a deaf person goes first, and both write."""
    for kind in ("money", "card", "card", "application"):
        tickets.take(desk.world.store, load_rule_set(), "hall", kind, desk.world.now)
    desk.sign_in()
    page = desk.page
    page.get_by_role("button", name="开窗叫号").click()
    desk.sees("叫下一位")
    desk.press("n")
    looks_right(desk, "queue-papers", "请备好", "C001")
    desk.press("q")
    desk.sees("处理一个号")
    page.get_by_label("取错号、还要办别的").focus()
    page.get_by_label("取错号、还要办别的").select_option("card")
    page.get_by_role("button", name="换号，位置不变").focus()
    desk.press("Enter")
    expect(page.locator("#live")).to_contain_text("C001 申领、补换卡", timeout=SLOW)
    page.get_by_label("听障人士").focus()
    desk.press("Space")
    page.get_by_role("button", name="请他先办").focus()
    desk.press("Enter")
    expect(page.locator("#live .good").first).to_have_text("绿色通道")
    looks_right(desk, "queue-green", "要带的材料")
    page.get_by_role("navigation", name="大厅").get_by_role("link", name="文字对话").focus()
    desk.press("Enter")
    page.get_by_role("button", name="请出示身份证。").click()
    expect(page.get_by_label("窗口说")).to_have_value("请出示身份证。")
    page.keyboard.type("补办市民卡，旧卡丢了")
    page.get_by_role("button", name="屏幕平放").click()
    looks_right(desk, "dialogue", "不保存")
    page.get_by_role("link", name="工作台").first.click()
    desk.sees("叫下一位")
    page.go_back()
    expect(page.get_by_label("请您写在这里")).to_have_value("", timeout=SLOW)


def test_a_supervisors_morning_complaint_call_back_and_stars(desk: Desk) -> None:
    """The checklist and an incident, a complaint from taking to answer, a bad appraisal, the figures of the quarter."""
    store, book, moment = desk.world.store, load_rule_set(), desk.world.now
    with store.read() as uow:
        clerk = uow.staff.get("clerk")
    assert clerk
    number = tickets.take(store, book, "hall", "money", moment)
    desks.open_desk(store, book, "ws-9", by=clerk, now=moment)
    desks.call_next(store, by=clerk, now=moment)
    desks.serve(store, by=clerk, now=moment)
    desks.finish(store, book, by=clerk, now=moment)
    said = {"reason": "slow", "remark": "等了一小时", "contact": "555-0101"}
    appraise(store, book, desk.world.keys, number.ticket_id, Opinion(1, **said), moment)
    late = moment - dt.timedelta(days=30)
    receive(store, book, desk.world.keys, "12345", "补卡等了三天，没有人通知", by=clerk, now=late)
    desk.sign_in("chief")
    page = desk.page
    desk.press("q")
    tabs = page.get_by_role("navigation", name="大厅")
    tabs.get_by_role("link", name="晨会").focus()
    desk.press("Enter")
    for count in (5, 4):
        page.locator(".check").nth(5 - count).get_by_role("button", name="好", exact=True).click()
        desk.sees(f"还缺 {count}")
    page.locator(".check").nth(4).get_by_label("哪里不好").fill("二号打印机缺纸")
    page.locator(".check").nth(4).get_by_role("button", name="不好").click()
    desk.sees("还缺 3")
    page.get_by_label("情况").fill("一位老人头晕，扶到休息区，已好转")
    page.get_by_label("事件").check()
    page.get_by_role("button", name="已处理好").click()
    looks_right(desk, "hall-book", "一位老人头晕", "未解决", "还缺 3")
    tabs.get_by_role("link", name="投诉").click()
    page.get_by_label("内容").fill("窗口多扣了 50 元")
    looks_right(desk, "complaints", "逾期")
    page.get_by_role("button", name="受理").click()
    page.get_by_label("写明情况").fill("请查当天的账")
    page.get_by_label("转交给").select_option("clerk")
    page.get_by_role("button", name="转交").click()
    looks_right(desk, "complaint", "转交 演示员")
    page.get_by_label("写明情况").fill("已退还 50 元并道歉")
    page.get_by_role("button", name="答复，办结").click()
    desk.sees("已经办结")
    tabs.get_by_role("link", name="差评回访").click()
    looks_right(desk, "call-backs", "555-0101")
    page.get_by_label("回访结果").fill("已道歉，约周五来办")
    page.get_by_role("button", name="记下，回访完").click()
    desk.sees("没有待回访的")
    page.get_by_role("link", name=MANAGE).click()
    page.get_by_role("link", name="服务之星").click()
    looks_right(desk, "manage-stars", "接待人数", "演示员")


def test_an_administrator_hires_somebody_who_chooses_a_password(desk: Desk) -> None:
    """From the list to the one-time password; skills; the new person's first sign-in; the hours of outlets."""
    desk.sign_in("admin")
    page = desk.page
    page.get_by_role("link", name=MANAGE).click()
    page.get_by_role("link", name="员工 E").focus()
    desk.press("Enter")
    page.get_by_label("工号").fill("li")
    page.get_by_label("姓名").fill("演示李")
    page.context.unroute_all()  # the password stands on one answer only: whoever loses it resets it
    looks_right(desk, "manage-staff", "登记员工", "演示主管")
    page.get_by_role("button", name="登记，给一次性密码").click()
    desk.sees("只显示这一次")
    once = page.locator(".amount.number").inner_text()
    looks_right(desk, "manage-person", "没有登录")
    page.get_by_label("手语").check()
    page.get_by_role("button", name="保存技能").click()
    expect(page.get_by_text("只显示这一次")).to_have_count(0, timeout=SLOW)
    expect(page.get_by_label("手语")).to_be_checked()
    page.get_by_role("link", name="网点 O").click()
    looks_right(desk, "manage-outlets", "市民之家", "08:00–17:00")
    page.get_by_role("button", name="退出").click()
    desk.type("li")
    desk.press("Tab")
    desk.type(once)
    desk.press("Enter")
    looks_right(desk, "password", "先换成自己的密码")
    desk.type(once)
    for _ in range(2):
        desk.press("Tab")
        desk.type("my very own words")
    desk.press("Enter")
    desk.sees("开窗叫号")
