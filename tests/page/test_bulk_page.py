"""Bulk issue and the stock of blank cards in a real browser: the real agent on the real pcscd feeds the run."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.conftest import SLOW, Desk, axe_finds
from tests.service.bulk.bulk_people import blanks, people_file
from tests.service.stock.blanks import FAMILY, serial

pytestmark = pytest.mark.usefixtures("own_pcscd")


def fits(page: Page, name: str) -> None:
    """Axe finds nothing, and nothing runs off a screen of any size."""
    assert axe_finds(page) == [], name
    for width, height in ((768, 1024), (1366, 768)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (name, width)


def test_blanks_are_received_and_handed_out_and_bulk_follows_each_card_by_itself(desk: Desk) -> None:
    """A supervisor keeps the stock; a file is loaded, cards put in one after the other, each told without a reload."""
    page = desk.page
    desk.sign_in("chief")
    page.goto(f"{desk.hall.url}/desk/manage/stock")
    form = page.locator("form", has=page.locator("input[name=deed][value=receive]"))
    for name, value in {
        "batch_id": "FM-1",
        "supplier": "演示卡厂",
        "count": "10",
        "first_serial": serial(1),
        "last_serial": serial(10),
    }.items():
        form.locator(f"[name={name}]").fill(value)
    form.locator("[name=family]").select_option(FAMILY)
    form.get_by_role("button").click()
    desk.sees("FM-1")
    form = page.locator("form", has=page.locator("input[name=deed][value=hand]"))
    form.locator("[name=count]").fill("5")
    form.locator("[name=receiver]").fill("clerk")
    form.get_by_role("button").click()
    desk.sees("→ 窗口 ws-1")
    fits(page, "stock")
    page.goto(f"{desk.hall.url}/desk/bulk")
    page.locator("[name=file]").set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": people_file(2)})
    fits(page, "bulk")
    page.get_by_role("button", name="导入为批次").click()
    page.get_by_role("button", name="开始或接着做").click()
    desk.sees("正在这个工作台上制卡")
    for number, card in enumerate(blanks(2), start=1):
        desk.hall.slot.insert(card)
        expect(page.locator("#live tbody tr b")).to_have_count(number, timeout=3 * SLOW)
        desk.hall.slot.remove()
    desk.sees("这个批次做完了")
    fits(page, "bulk-batch")
