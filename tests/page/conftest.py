"""The desk page as a clerk sees it: a real browser, the real agent on the real pcscd, the real service, virtual cards."""

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from cardsvc.bootstrap import Services, now
from cardsvc.client import ApiClient
from cardsvc.client.agent import Agent
from cardsvc.config import Settings
from cardsvc.keystore.receipt_key import ReceiptKey
from cardsvc.readers.worker import EXCHANGE_SECONDS
from cardsvc.service.staff.accounts import NewStaff, add_outlet, add_staff
from cardsvc.service.terminals.registry import register_terminal
from cardsvc.signature import public_hex
from cardsvc.vcard import VirtualCard
from cardsvc.vcard.vpcd import VpcdSlot
from cardsvc.web.api import workstations
from cardsvc.web.desk import create_desk, live
from tests.page.presses import told
from tests.serving import POLL_SECONDS, Quiet, Served, serving
from tests.templates import compiled_once
from tests.world import LiveWorld, World, person, profiles

for room in (live, workstations):
    room.LOOK_SECONDS = 0.05
"""Nobody looks for changes less often than a test waits for them; what is done about a change is the same."""
PASSWORD = "only for tests"
WS = "ws-1"
PICTURES = os.environ.get("CARDSVC_PICTURES")
"""Folder for screenshots, where somebody wants to look at the pages: sixty of them take half a minute."""
SERIOUS = ("serious", "critical")
SLOW = 60_000
"""Milliseconds that a page may take before a test gives up: the machine may have much other work."""
expect.set_options(timeout=SLOW)


@dataclass
class Hall:
    """The served city with one workstation, its reader, and where its page is."""

    served: Served
    url: str
    slot: VpcdSlot
    app: Flask
    """The desk application."""

    @property
    def world(self) -> World:
        """The city."""
        return self.served.world

    def put(self, card: VirtualCard) -> None:
        """Put a card on the reader."""
        self.slot.insert(card)


@dataclass
class Desk:
    """A clerk at the page. ``presses`` counts keys; what is typed into a field is counted apart."""

    hall: Hall
    page: Page
    presses: int = 0
    typed: int = 0

    @property
    def world(self) -> World:
        """The city."""
        return self.hall.world

    def press(self, key: str) -> None:
        """Press a key; Enter as a person does, who sees what has the focus."""
        self.page.wait_for_load_state("domcontentloaded")
        self.page.locator("body:not([aria-busy])").wait_for(state="attached", timeout=SLOW)
        if key == "Enter":
            self.page.locator("body :focus, [data-key=Enter]").first.wait_for(state="attached", timeout=SLOW)
        self.presses += 1
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type a text into the field that has the focus."""
        self.page.locator("input:focus, textarea:focus").wait_for(state="attached", timeout=SLOW)
        self.typed += len(text)
        self.page.keyboard.type(text)

    @contextmanager
    def flow(self, name: str) -> Iterator[None]:
        """What is done meanwhile takes as many presses as docs/desk.md tells of this flow."""
        before = self.presses
        yield
        assert self.presses - before == told()[name], name

    def make_for_somebody_new(self, number: int = 3) -> None:
        """The blank card on the reader is made for a person who was never here: their number, name and birthday are typed."""
        self.sees("全面检测")
        self.press("1")
        self.sees("身份证号")
        self.type(person(number).id_number)
        self.press("Enter")
        self.sees("没有登记过")
        self.type("测试三")
        self.page.fill('input[name="birth_date"]', "1999-02-28")
        self.picture("person-new")
        self.press("Enter")
        self.sees("核对身份证和人")
        self.press("Enter")

    def sees(self, text: str) -> None:
        """Wait until the page says this."""
        expect(self.page.locator("body")).to_contain_text(text, timeout=SLOW)

    def picture(self, name: str) -> None:
        """Keep a screenshot."""
        picture(self.page, name)

    def sign_in(self, who: str = "clerk") -> None:
        """From the first page to the work place."""
        self.page.goto(self.hall.url)
        self.type(who)
        self.press("Tab")
        self.type(PASSWORD)
        self.press("Enter")
        self.sees("哪个工作台")
        self.press("Enter")
        expect(self.page.locator("#live.desk")).to_be_visible(timeout=SLOW)


def picture(page: Page, name: str) -> None:
    """Keep a screenshot, where somebody wants one."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def axe_finds(page: Page) -> list[str]:
    """What axe finds that is serious or worse, and parts that a screen reader cannot tell apart, once the page is there."""
    page.wait_for_load_state()
    found = Axe().run(page).response["violations"]
    told = [one for one in found if one["impact"] in SERIOUS or one["id"] == "landmark-unique"]
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in told]


def chromium() -> str:
    """Debian's browser, the one without windows of its own where there is: it takes three quarters of the processor's time.

    Where there is none the tests fail: a page that no browser has seen is not tested.
    """
    found = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser"))), None)
    assert found, "chromium is not installed: scripts/setup installs it"
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a module."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--lang=zh-CN"])
        yield made
        made.close()


def opened(browser: Browser, width: int = 1366, height: int = 768) -> Page:
    """A page of a browser that knows nobody yet, for somebody as patient as SLOW says."""
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    context.set_default_timeout(SLOW)
    return context.new_page()


@pytest.fixture
def deadline() -> float:
    """Seconds the agent waits for one answer of a card: as at work, for the machine may have much other work here."""
    return EXCHANGE_SECONDS


@pytest.fixture
def hall(tmp_path: Path, own_pcscd: int, deadline: float) -> Iterator[Hall]:
    """A fresh hall with one workstation and its agent."""
    with serving(LiveWorld(tmp_path / "city.db", now())) as served:
        key = _furnish(served)
        agent_client, work_client = (ApiClient(served.url, WS, key, clock=now) for _ in range(2))
        agent = Agent(agent_client, work_client, lambda _what, _about: None, wait=0.5, deadline=deadline)
        running = threading.Thread(target=agent.run)
        running.start()
        slot = VpcdSlot(port=own_pcscd)
        try:
            with _page_server(served) as (url, app):
                yield Hall(served, url, slot, app)
        finally:
            agent.stop()
            running.join()  # before its card leaves: pcscd lets nobody go for seconds whose card left while it was opened
            slot.remove()
            agent_client.close()
            work_client.close()


@pytest.fixture
def desk(hall: Hall, browser: Browser) -> Iterator[Desk]:
    """A clerk at a screen of 1366 by 768; whatever the browser complains about fails the test."""
    page = opened(browser)
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
    yield Desk(hall, page)
    page.context.close()
    assert not complaints


def _is_complaint(message: Any) -> bool:
    """Errors of the page, not answers with an HTTP status that the test provoked."""
    return message.type == "error" and "Failed to load resource" not in message.text


def _furnish(served: Served) -> Ed25519PrivateKey:
    """Outlet, staff and workstation; gives the workstation's key."""
    store, moment = served.world.store, served.world.now
    add_outlet(store, "hall", "市民之家", moment)
    admin = add_staff(store, NewStaff("admin", "管理员", "administrator", "hall"), PASSWORD, moment, by=None)
    add_staff(store, NewStaff("clerk", "演示员", "clerk", "hall"), PASSWORD, moment, by=admin)
    add_staff(store, NewStaff("chief", "演示主管", "supervisor", "hall"), PASSWORD, moment, by=admin)
    key = Ed25519PrivateKey.generate()
    register_terminal(store, WS, "一号窗口", "310000000011", public_hex(key), "workstation", moment, outlet_id="hall")
    return key


class _page_server:  # noqa: N801 - used like a function
    """The desk application on a port of its own, over the same services."""

    def __init__(self, served: Served) -> None:
        world = served.world
        key = ReceiptKey(Ed25519PrivateKey.generate())
        self._app = app = compiled_once(
            create_desk(Services(Settings(), world.store, world.engine, profiles(), world.engine.rules, key))
        )
        self._server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,))

    def __enter__(self) -> tuple[str, Flask]:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.port}", self._app

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
