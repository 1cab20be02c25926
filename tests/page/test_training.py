"""``cardsvc serve --demo`` as a trainer starts it: everything comes up, a killed part comes back, one signal ends it all."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, expect

from cardsvc.cli.scratch.processes import free_port
from tests.page.conftest import SLOW, picture
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
        context = browser.new_context(viewport={"width": 1366, "height": 768})
        page = context.new_page()
        page.goto(url)
        page.fill('input[name="staff_id"]', "clerk")
        page.fill('input[name="password"]', password[1])
        page.keyboard.press("Enter")
        page.get_by_role("button", name="ws-1").click()
        expect(page.locator("#live.desk")).to_be_visible()
        expect(page.locator("body")).to_contain_text("练习环境")
        page.goto(f"{url}/desk/tray")
        picture(page, "samples")
        page.get_by_role("button", name="issued-1").click()
        expect(page.locator("body")).to_contain_text("测试甲", timeout=SLOW)
        expect(page.locator("body")).to_contain_text("100.00", timeout=SLOW)
        killed = children_of(process.pid)["desk"]
        os.kill(killed, signal.SIGKILL)
        until(lambda: children_of(process.pid).get("desk", killed) != killed)
        until_answers(f"{url}/desk/sign-in")
        until(lambda: desk_processes(tmp_path) == MASTER_AND_WORKER, lambda: "workers of the killed page are still there")
        page.goto(f"{url}/desk/")
        expect(page.locator("body")).to_contain_text("工作台", timeout=SLOW)
        context.close()
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=PATIENCE) == 0
    assert desk_processes(tmp_path) == 0
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/desk/sign-in", timeout=2)
