"""Passkeys in a real browser that has a device with a finger on it: added, signed in with, unlocked with, removed."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import make_server

from cardsvc.bootstrap import Services
from cardsvc.config import Settings
from cardsvc.web.desk import create_desk
from tests.page.conftest import SLOW, axe_finds, opened, picture
from tests.serving import Quiet
from tests.templates import compiled_once
from tests.web.desk_office import PASSWORD, furnish, open_office
from tests.world import profiles

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def address(tmp_path: Path, cluster: None) -> Iterator[str]:
    """The page of an outlet whose passkeys are on, at localhost: browsers know passkeys there without https."""
    furnish(tmp_path / "city.db")
    world = open_office(tmp_path / "city.db").world
    server = make_server("localhost", 0, lambda _environ, _start: [], threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    origin = f"http://localhost:{server.port}"
    settings = Settings(passkey_origin=origin)
    server.app = compiled_once(create_desk(Services(settings, world.store, world.engine, profiles(), world.engine.rules)))
    running = threading.Thread(target=server.serve_forever)
    running.start()
    yield origin
    server.shutdown()
    running.join()
    server.server_close()
    world.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser with a device; whatever it complains about fails the test."""
    made = opened(browser)
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda message: complaints.append(message.text) if "Content Security" in message.text else None)
    session = made.context.new_cdp_session(made)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})
    yield made
    made.context.close()
    assert not complaints


def test_a_finger_instead_of_the_password(page: Page, address: str) -> None:
    """By password once; then by passkey; the page is locked and opened by it; removed, it does not open any more."""
    page.goto(f"{address}/desk/sign-in?next=/desk/sessions")
    page.get_by_label("工号").fill("clerk")
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()
    page.goto(f"{address}/desk/sessions")
    page.get_by_label("给它起个名").fill("右手食指")
    page.get_by_label("密码").fill("not the password")
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.get_by_text("工号或密码不对")).to_be_visible(timeout=SLOW)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.get_by_role("row", name="右手食指")).to_contain_text("还没用过", timeout=SLOW)
    assert axe_finds(page) == []
    picture(page, "passkeys")
    page.get_by_role("button", name="锁屏").click()
    page.get_by_role("button", name="用通行密钥").click()
    expect(page.get_by_role("row", name="右手食指")).not_to_contain_text("还没用过", timeout=SLOW)
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("工号")).to_be_visible()
    assert axe_finds(page) == []
    picture(page, "sign-in-passkey")
    page.get_by_role("button", name="用通行密钥").click()
    expect(page.get_by_role("heading", name="工作台")).to_be_visible(timeout=SLOW)
    page.goto(f"{address}/desk/sessions")
    page.get_by_role("button", name="删除 右手食指").click()
    expect(page.get_by_role("row", name="右手食指")).to_have_count(0, timeout=SLOW)
    page.get_by_role("button", name="退出").click()
    page.get_by_role("button", name="用通行密钥").click()
    expect(page.get_by_text("通行密钥没有通过")).to_be_visible(timeout=SLOW)
