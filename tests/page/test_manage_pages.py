"""The management pages in a real browser, as a supervisor sees them in the middle of the day: axe, pictures, keys, renewal."""

import datetime as dt

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from playwright.sync_api import Page, expect

from cardsvc.rules import load_rule_set
from cardsvc.service.faults.reader_health import Use, note
from cardsvc.service.hall import tickets
from cardsvc.service.staff.accounts import NewStaff, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.store import UnitOfWork
from cardsvc.store.records import Staff
from tests.desk.busy import Counter, fill_the_hall, leave_things_open, work_a_morning
from tests.page.conftest import PASSWORD, SLOW, Desk, axe_finds

pytestmark = pytest.mark.usefixtures("own_pcscd")
STATION = "ws-2"
"""Played in this process; the first is the real agent's."""


TABS = {
    "统计": ("2", "figures", "窗口办成的业务"),
    "服务之星": ("3", "stars", "导出表格"),
    "日结": ("4", "day", "还不能日结"),
    "终端和黑名单": ("5", "terminals", "落后的终端"),
    "读卡器": ("6", "readers", "擦净或更换"),
    "规则": ("7", "rules", "起充（元）"),
    "白卡库存": ("8", "stock", "今天还要"),
    "待核实": ("9", "suspects", "没有人"),
    "代管余额": ("0", "held", "没有写进新卡的旧卡余额"),
    "对账差异": ("c", "differences", "建议分录"),
    "图书馆通知": ("t", "library", "图书馆"),
    "网点": ("o", "outlets", "营业"),
}
"""A supervisor's tabs: the key of each, its page, and what is seen there."""


def furnish(desk: Desk) -> None:
    """A morning's work, a full hall and things left open."""
    world = desk.world
    store, moment = world.store, world.now
    with store.read() as uow:
        admin, clerk, chief = (person(uow.staff.get(name)) for name in ("admin", "clerk", "chief"))
    other, second = (
        add_staff(store, NewStaff(name, f"演示{name}", role, "hall"), PASSWORD, moment, by=admin)
        for name, role in (("other", "cashier"), ("second", "supervisor"))
    )
    key = public_hex(Ed25519PrivateKey.generate())
    register_terminal(store, STATION, "二号窗口", "310000000012", key, "workstation", moment, outlet_id="hall")
    torn = work_a_morning(Counter(world, STATION, clerk))
    fill_the_hall(world, clerk, other)
    leave_things_open(world, world.card_no_of(torn), clerk, chief, second)
    store.transact(lambda uow: wear(uow, world.now))


def wear(uow: UnitOfWork, moment: dt.datetime) -> None:
    """A reader that failed with three cards of two families."""
    for number, family in enumerate(("fudan-fmcos2", "huada-city", "huada-city")):
        note(uow, STATION, "Worn Reader 00 00", Use(str(number), family, f"worn {number}", "card_mute"), moment)


def person(found: Staff | None) -> Staff:
    """Somebody who is known."""
    assert found
    return found


def seen(desk: Desk, page: Page, name: str, word: str) -> None:
    """The page says this, axe finds nothing, nothing runs off a screen of any size; a picture is kept."""
    desk.sees(word)
    assert axe_finds(page) == [], name
    desk.picture(f"manage-{name}")
    for width, height in ((768, 1024), (683, 384), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (name, width)


def test_a_supervisor_goes_through_every_page_by_keyboard_and_the_hall_renews_itself(desk: Desk) -> None:
    """From the menu through all tabs; a number that is taken meanwhile shows by itself; the file is downloaded."""
    furnish(desk)
    desk.sign_in("chief")
    page, world = desk.page, desk.world
    desk.press("u")
    seen(desk, page, "hall", "最长已等")
    desk.press("?")
    listed = page.locator("#key-list").inner_text()
    assert [name for name in TABS if name not in listed] == []
    desk.press("Escape")
    waiting = page.locator(".tiles dd").first
    expect(waiting).to_have_text("3", timeout=SLOW)
    tickets.take(world.store, load_rule_set(), "hall", "money", world.now)
    expect(waiting).to_have_text("4", timeout=SLOW)
    for key, name, word in TABS.values():
        desk.press(key)
        seen(desk, page, name, word)
    page.goto(f"{desk.hall.url}/desk/manage/suspects")
    page.get_by_role("link", name="证据、认领").click()
    seen(desk, page, "suspect", "写卡前余额")
    page.goto(f"{desk.hall.url}/desk/manage/figures")
    with page.expect_download() as file:
        page.get_by_role("link", name="导出表格 (CSV)").click()
    assert file.value.suggested_filename.endswith(".csv")
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth)")
    page.get_by_role("button", name="English").click()
    seen(desk, page, "figures-english", "Jobs done at desks")


def test_a_clerk_is_told_that_the_pages_are_for_others(desk: Desk) -> None:
    """No entry in the menu; the address gives a plain page."""
    desk.sign_in()
    expect(desk.page.get_by_role("link", name="管理")).to_have_count(0)
    desk.page.goto(f"{desk.hall.url}/desk/manage")
    desk.sees("这件事要由")
    assert axe_finds(desk.page) == []
    desk.picture("manage-refused")
