"""``cardsvc bench page``: how fast the desk page is in a real browser, on a training hall that runs (``cardsvc serve --demo``).

Times are taken by the browser: from before the sample card is put into the reader to the moment at which the page shows its
holder; from the key that went down to the first frame that answers it (the button that was meant is marked), and to the frame
in which the page that was asked for stands, with the field to type in. The browser is Debian's chromium, driven by playwright,
which only a developer's environment has.
"""

import math
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from cardsvc.cli.shared.output import json_option, show, t, table
from cardsvc.cli.shared.person import password_of
from cardsvc.errors import RequestError

BROWSERS = ("chromium", "chromium-browser", "chromium-headless-shell")
"""The first that is here; the whole browser is what a desk has."""
WIDE, HIGH = 1366, 768
CARD, HOLDER = "issued-1", "测试甲"
WAIT_MILLISECONDS = 15_000
HAND_MILLISECONDS = 1000
"""So long a hand takes to change cards."""
PAUSE_MILLISECONDS = 200
"""So quick is a clerk who knows the keys by heart."""
KEYS = (("1", "Escape"), ("3", "Escape"), ("q", "Escape"), ("d", "Escape"))
"""A key of the work place, and the one that comes back."""
LISTEN = """
addEventListener("keydown", (event) => {
  const main = document.querySelector("main"), took = { at: performance.now() - event.timeStamp };
  const painted = (name) => requestAnimationFrame(() => { // a message is handled once the frame is on its way to the screen
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { took[name] = performance.now() - event.timeStamp; };
    channel.port2.postMessage(0);
  });
  window.took = took;
  let answered = false;
  new MutationObserver((_, seen) => {
    if (!answered) painted("answer");
    answered = true;
    if (document.querySelector("main") === main) return;
    seen.disconnect();
    painted("page");
  }).observe(document.body, { subtree: true, childList: true, attributes: true });
}, true);
"""
TOOK = "() => window.took?.answer && window.took?.page ? window.took : null"
SHOWN = """() => new Promise((done) => {
  const look = () => document.querySelector(".holder")?.textContent.includes("%s") && done(Date.now());
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  look();
})"""


@click.command("page", help=t("网页反应：放卡到显示、按键到显示（真浏览器）", "The page in a real browser: card in, keys"))
@click.option("--url", default="http://127.0.0.1:8081", show_default=True, help=t("练习大厅的地址", "Where the hall is"))
@click.option("--staff-id", default="clerk", show_default=True, help=t("工号", "Staff id"))
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1, 500), help=t("轮数", "Rounds"))
@json_option
def bench_page(url: str, staff_id: str, rounds: int, *, as_json: bool) -> None:
    """Measure. The password is the one that the hall told when it started."""
    with _page(url, staff_id, password_of(t("密码", "Password"))) as page:
        shown = [_card_in(page, url) for _ in range(rounds)]
        pressed = [_pressed(page, key) for _ in range(rounds) for keys in KEYS for key in keys]
    figures = _told("card in ms", shown)
    for name, told in (("answer", "key answered ms"), ("page", "page there ms")):
        figures |= _told(told, [took[name] for took in pressed])
    show(figures, as_json=as_json, lines=lambda: table([(name, str(value)) for name, value in figures.items()]))


@contextmanager
def _page(url: str, staff_id: str, password: str) -> Iterator[Any]:
    """The work place, signed in. Raises RequestError ``page_not_measured``."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise RequestError("page_not_measured", reason="playwright") from error
    if program is None:
        raise RequestError("page_not_measured", reason="chromium")
    with _told_apart(Error), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDE, "height": HIGH}, locale="zh-CN")
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.add_init_script(LISTEN)
        page.goto(f"{url}/desk/")
        page.fill('input[name="staff_id"]', staff_id)
        page.fill('input[name="password"]', password)
        page.keyboard.press("Enter")
        page.wait_for_selector('button[name="workstation"]')
        page.keyboard.press("Enter")
        page.wait_for_selector("#live.desk")
        yield page
        browser.close()


@contextmanager
def _told_apart(failure: type[Exception]) -> Iterator[None]:
    """What stopped the browser, in one line."""
    try:
        yield
    except failure as error:
        raise RequestError("page_not_measured", reason=" ".join(str(error).split())[:200]) from error


def _card_in(page: Any, url: str) -> float:
    """Milliseconds until the page shows whose card was put in."""
    _tray(page, url, "out")
    page.wait_for_selector(".holder", state="detached")
    page.wait_for_timeout(HAND_MILLISECONDS)
    began = time.time()  # noqa: TID251 - as the browser's Date.now()
    _tray(page, url, "in", card=CARD, fault="")
    took: float = page.evaluate(SHOWN % HOLDER) - 1000 * began
    page.wait_for_selector("#job-topup")
    return took


def _tray(page: Any, url: str, deed: str, **form: str) -> None:
    csrf = page.evaluate("document.querySelector('meta[name=csrf]').content")
    page.request.post(f"{url}/desk/tray/{deed}", form={"csrf": csrf, **form}, headers={"Origin": url}, max_redirects=0)


def _pressed(page: Any, key: str) -> dict[str, float]:
    """Milliseconds from a key that leads to another page to the first frame that answers, and to that page."""
    page.keyboard.press(key)
    took: dict[str, float] = page.wait_for_function(TOOK).json_value()
    page.evaluate("() => { window.took = null; }")
    page.wait_for_timeout(PAUSE_MILLISECONDS)
    return took


def _told(name: str, times: list[float]) -> dict[str, float]:
    """Median and the time that 99 of 100 stay below."""
    ranked, shares = sorted(times), (("p50", 0.5), ("p99", 0.99))
    return {f"{name} {label}": round(ranked[math.ceil(share * len(ranked)) - 1], 1) for label, share in shares}
