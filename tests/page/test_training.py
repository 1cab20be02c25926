"""``cardsvc serve --demo`` as a trainer starts it: everything comes up, a killed part comes back, one signal ends it all."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from cardsvc.cli.scratch.processes import free_port
from tests.page.conftest import SLOW, axe_finds, opened, picture
from tests.page.test_apply import NUMBER, camera
from tests.waiting import PATIENCE, until

pytestmark = pytest.mark.usefixtures("real_pcscd")


def children_of(pid: int) -> dict[str, int]:
    """The children of a process by what they were started with."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=True
    ).stdout
    found = re.findall(r"^\s*(\d+) .* main\(\) (\w+)", listed, re.MULTILINE)
    assert found, listed
    return {name: int(number) for number, name in found}


MASTER_AND_WORKER = 2


def desk_processes(folder: Path) -> int:
    """How many processes of the desk page there are for the city in this folder."""
    return len(subprocess.run(["pgrep", "-f", f"desk --samples {folder}"], capture_output=True, check=False).stdout.split())


def until_answers(url: str) -> None:
    """Wait for a page."""

    def answers() -> bool:
        try:
            return requests.get(url, timeout=10).ok
        except requests.RequestException:
            return False

    until(answers)


def print_a_face(page: Page, url: str, folder: Path) -> None:
    """Somebody applies, their card is made, and the virtual printer prints its face; read again, it is confirmed."""
    page.goto(f"{url}/desk/apply")
    page.fill('input[name="id_number"]', NUMBER)
    page.keyboard.press("Enter")
    page.fill('input[name="name"]', "测试申")
    page.fill('input[name="birth_date"]', "1999-02-28")
    page.set_input_files('input[name="photo"]', camera(folder))
    expect(page.locator("#photo-size")).to_contain_text("KB", timeout=SLOW)
    page.check('input[name="consent"]')
    page.get_by_role("button", name="受理").click()
    expect(page.locator("body")).to_contain_text("承诺取卡", timeout=SLOW)
    put_in(page, url)
    page.get_by_role("link", name="制卡：做成市民卡").click(timeout=SLOW)
    page.get_by_role("button", name="开始制卡").click(timeout=SLOW)
    expect(page.get_by_role("link", name="打印卡面")).to_be_visible(timeout=SLOW)
    page.wait_for_load_state()  # keys are heard by then
    page.keyboard.press("d")  # the page's own key, not the menu's
    page.get_by_role("button", name="卡已放入，打印").click(timeout=SLOW)
    expect(page.locator("img.printed")).to_be_visible(timeout=SLOW)
    face = page.url
    page.goto(f"{url}/desk/tray")
    page.get_by_role("button", name="取出卡片").click()
    page.wait_for_url(f"{url}/desk/")
    put_in(page, url)
    page.goto(face)
    expect(page.locator("body")).to_contain_text("读卡器上就是这张卡", timeout=SLOW)
    picture(page, "face-printed")
    assert axe_finds(page) == []
    page.keyboard.press("r")
    expect(page.locator("body")).to_contain_text("打完后读过芯片", timeout=SLOW)


def put_in(page: Page, url: str) -> None:
    """The blank card goes into the virtual reader, again for the second time."""
    page.goto(f"{url}/desk/tray")
    page.get_by_role("button", name="blank-fudan-fmcos2-1").click()
    page.wait_for_url(f"{url}/desk/")


def test_a_trainer_puts_sample_cards_in_and_everything_ends_with_one_signal(tmp_path: Path, browser: Browser) -> None:
    """Sign in, put a sample card in, see it; kill the page's process, it comes back; stop."""
    api, page_port = free_port(), free_port()
    command = [sys.executable, "-c", "from cardsvc.cli.main import main; main()", "serve", "--demo", "--port", str(api)]
    environment = {**os.environ, "CARDSVC_DESK_PORT": str(page_port), "TMPDIR": str(tmp_path), "CARDSVC_LANG": "zh"}
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment)
    url = f"http://127.0.0.1:{page_port}"
    try:
        until_answers(f"{url}/desk/sign-in")
        password = re.search(r"密码 (\w+)", log.read_text("utf-8"))
        assert password
        page = opened(browser)
        page.goto(url)
        page.fill('input[name="staff_id"]', "clerk")
        page.fill('input[name="password"]', password[1])
        page.keyboard.press("Enter")
        page.get_by_role("button", name="ws-1").click()
        expect(page.locator("#live.desk")).to_be_visible()
        expect(page.locator("body")).to_contain_text("练习环境")
        page.goto(f"{url}/hall/hall/tickets")  # as every other screen: without pairing, and at any hour
        page.get_by_role("button", name="充值、退款").click()
        expect(page.locator("body")).to_contain_text("C001", timeout=SLOW)
        page.goto(f"{url}/desk/tray")
        picture(page, "samples")
        page.get_by_role("button", name="issued-1").click()
        expect(page.locator("body")).to_contain_text("测试甲", timeout=SLOW)
        expect(page.locator("body")).to_contain_text("100.00", timeout=SLOW)
        print_a_face(page, url, tmp_path)
        killed = children_of(process.pid)["desk"]
        os.kill(killed, signal.SIGKILL)
        until(lambda: children_of(process.pid).get("desk", killed) != killed)
        until_answers(f"{url}/desk/sign-in")
        until(lambda: desk_processes(tmp_path) == MASTER_AND_WORKER, lambda: "workers of the killed page are still there")
        page.goto(f"{url}/desk/")
        expect(page.locator("body")).to_contain_text("工作台", timeout=SLOW)
        page.context.close()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    assert desk_processes(tmp_path) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/desk/sign-in", timeout=2)
